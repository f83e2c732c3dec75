//! Files of one day each, removed when they are old.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

/// Writes `PREFIX.YYYY-MM-DD.log` in a folder, by the day in UTC.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2082 (access), KOM-LE-A_2083 (copies), KOM-LE-A_2085 (TTL_PROTS).
pub(crate) struct DailyFiles {
    folder: PathBuf,
    prefix: &'static str,
    days: u16,
    open: Option<(Date, File)>,
}

impl DailyFiles {
    /// Files in a folder, which is created if it is not there.
    ///
    /// # Errors
    /// The folder cannot be created or read.
    pub(crate) fn new(folder: PathBuf, prefix: &'static str, days: u16) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        fs::read_dir(&folder)?;
        Ok(Self { folder, prefix, days, open: None })
    }

    /// Appends a line to the file of the day. With the first one of a day, files of the same prefix that are older than the
    /// days they are kept are removed.
    ///
    /// # Errors
    /// The file cannot be written; the next line is tried anew.
    pub(crate) fn write(&mut self, now: OffsetDateTime, line: &[u8]) -> io::Result<()> {
        let today = now.date();
        let file = match &mut self.open {
            Some((day, file)) if *day == today => file,
            _ => {
                self.remove_old(today)?;
                let file = owned(&self.folder.join(format!("{}.{today}.log", self.prefix)))?;
                &mut self.open.insert((today, file)).1
            }
        };
        file.write_all(line)
    }

    fn remove_old(&self, today: Date) -> io::Result<()> {
        let oldest = today.checked_sub(Duration::days(self.days.into())).unwrap_or(Date::MIN);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if self.day_of(&entry.file_name().to_string_lossy()).is_some_and(|day| day < oldest) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// The day of a file that is ours.
    fn day_of(&self, name: &str) -> Option<Date> {
        let day = name.strip_prefix(self.prefix)?.strip_prefix('.')?.strip_suffix(".log")?;
        Date::parse(day, format_description!("[year]-[month]-[day]")).ok()
    }
}

/// Opens a file that only its owner may read.
fn owned(path: &std::path::Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn names(folder: &std::path::Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2085
    #[test]
    fn files_older_than_the_days_they_are_kept_are_removed_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let others = ["other.2020-01-01.log", "log.2020-01-01.txt", "log.not-a-day.log"];
        others.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        let mut files = DailyFiles::new(folder.path().to_owned(), "log", 30).unwrap();
        for now in [
            datetime!(2026-10-01 00:00 UTC),
            datetime!(2026-10-02 12:00 UTC),
            datetime!(2026-10-31 23:59 UTC),
        ] {
            files.write(now, b"x\n").unwrap();
            files.write(now, b"y\n").unwrap();
        }
        let mut expected = ["log.2026-10-01.log", "log.2026-10-02.log", "log.2026-10-31.log"].to_vec();
        expected.extend(others);
        expected.sort_unstable();
        assert_eq!(names(folder.path()), expected, "30 days old is not too old");
        files.write(datetime!(2026-11-01 00:00 UTC), b"z\n").unwrap();
        assert!(!names(folder.path()).contains(&"log.2026-10-01.log".to_owned()));
        assert!(names(folder.path()).contains(&"log.2026-10-02.log".to_owned()));
        assert_eq!(fs::read(folder.path().join("log.2026-10-31.log")).unwrap(), b"x\ny\n");
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2082
    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mut files = DailyFiles::new(folder.path().to_owned(), "log", 1).unwrap();
        files.write(datetime!(2026-10-01 00:00 UTC), b"x\n").unwrap();
        let mode = fs::metadata(folder.path().join("log.2026-10-01.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
