//! Dates in a header.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A time as it stands in a header, in English and in UTC: `Mon, 23 Nov 2026 22:40:17 +0000`.
///
/// A time outside the years 1900 to 9999, which no field can express, becomes the first second of 1970.
///
/// ```
/// assert_eq!(kim_smime::rfc5322_date(std::time::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 +0000");
/// ```
///
/// Spec: RFC 5322 §3.3.
pub fn rfc5322_date(at: SystemTime) -> String {
    let seconds = match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok().and_then(i64::checked_neg),
    };
    let date = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    date.and_then(|date| date.format(&Rfc2822).ok())
        .unwrap_or_else(|| "Thu, 01 Jan 1970 00:00:00 +0000".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn any_time_gives_a_date() {
        let at = |seconds: u64| rfc5322_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(1_592_650_706), "Sat, 20 Jun 2020 10:58:26 +0000");
        assert_eq!(at(1_900_000_000_000), at(0));
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc5322_date(before), "Wed, 31 Dec 1969 23:59:59 +0000");
    }
}
