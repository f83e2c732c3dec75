//! Programs that fetch: [`Fetcher`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RealPractice;
use super::practice::Login;
use super::programs::{has, run};
use super::scratch::Scratch;
use super::sender::{curl_configuration, marlam_tls, python_login};

/// A program that fetches mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetcher {
    /// mpop; logs in with USER and PASS.
    Mpop,
    /// fetchmail; logs in with USER and PASS.
    Fetchmail,
    /// curl; logs in with AUTH PLAIN.
    Curl,
    /// `poplib` of Python; logs in with USER and PASS.
    Python,
}

impl Fetcher {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mpop, Self::Fetchmail, Self::Curl, Self::Python];

    /// Fetches the only mail in the mailbox of an account, and deletes it there; its lines end in CRLF.
    ///
    /// # Errors
    /// What the program said.
    pub fn fetch(self, practice: &RealPractice, name: &str) -> Result<Vec<u8>, String> {
        self.fetch_as(practice, &practice.pop3_login(name)?)
    }

    /// Fetches with another login, for example one with TLS.
    ///
    /// # Errors
    /// What the program said.
    pub fn fetch_as(self, practice: &RealPractice, login: &Login) -> Result<Vec<u8>, String> {
        let scratch = practice.scratch();
        match self {
            Self::Mpop => mpop(scratch, login),
            Self::Fetchmail => fetchmail(scratch, login),
            Self::Curl => curl(scratch, login),
            Self::Python => python(login),
        }
    }

    /// Fetches all mails of a mailbox, of which there are `count`, in one session, and deletes none; their lines end in
    /// CRLF. `None` if the program is not installed, which is said once for each.
    ///
    /// # Errors
    /// What the program said, or that it is missing and `KIM_PEERS=required` is set.
    pub fn fetch_all(self, login: &Login, count: usize) -> Result<Option<Vec<Vec<u8>>>, String> {
        if !has(self.program())? {
            return Ok(None);
        }
        let scratch = Scratch::new().map_err(|error| error.to_string())?;
        match self {
            Self::Mpop => all_of_mpop(&scratch, login),
            Self::Fetchmail => all_of_fetchmail(&scratch, login),
            Self::Curl => all_of_curl(&scratch, login, count),
            Self::Python => all_of_python(login),
        }
        .map(Some)
    }

    fn program(self) -> &'static str {
        match self {
            Self::Mpop => "mpop",
            Self::Fetchmail => "fetchmail",
            Self::Curl => "curl",
            Self::Python => "python3",
        }
    }
}

fn mpop(scratch: &Scratch, login: &Login) -> Result<Vec<u8>, String> {
    let new = mpop_session(scratch, login, false)?;
    only_file(&new).map(|mail| with_crlf(&mail)).map_err(|error| error.to_string())
}

fn all_of_mpop(scratch: &Scratch, login: &Login) -> Result<Vec<Vec<u8>>, String> {
    let new = mpop_session(scratch, login, true)?;
    all_files(&new).map_err(|error| error.to_string())
}

/// Fetches everything; the mails are in the directory that is given back.
fn mpop_session(scratch: &Scratch, login: &Login, keep: bool) -> Result<PathBuf, String> {
    let home = scratch.path().join("mpop");
    let configuration = format!(
        "account kim\nhost {}\nport {}\n{}auth user\nuser \"{}\"\npassword \"{}\"\n\
         delivery maildir \"{}\"\nuidls_file \"{}\"\nreceived_header off\nkeep {}\n",
        login.host(),
        login.proxy.port(),
        marlam_tls(login),
        login.user,
        login.password,
        home.display(),
        home.join("uidls").display(),
        if keep { "on" } else { "off" },
    );
    fresh_maildir(&home).map_err(|error| error.to_string())?;
    let file = scratch.write_private("mpoprc", configuration).map_err(|error| error.to_string())?;
    run("mpop", [format!("--file={}", file.display()), "--quiet".to_owned(), "kim".to_owned()], b"")?;
    Ok(home.join("new"))
}

fn fresh_maildir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    ["new", "cur", "tmp"].into_iter().try_for_each(|part| fs::create_dir_all(path.join(part)))
}

fn only_file(directory: &Path) -> io::Result<Vec<u8>> {
    let mut files = fs::read_dir(directory)?;
    match (files.next(), files.next()) {
        (Some(only), None) => fs::read(only?.path()),
        _ => Err(io::Error::other("one mail was expected")),
    }
}

/// The mails of a directory, each with CRLF, by the names of their files.
fn all_files(directory: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut paths = fs::read_dir(directory)?
        .map(|file| file.map(|file| file.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).map(|mail| with_crlf(&mail))).collect()
}

fn fetchmail(scratch: &Scratch, login: &Login) -> Result<Vec<u8>, String> {
    let fetched = scratch.path().join("fetchmail.mail");
    fetchmail_session(scratch, login, "no keep", &format!("cat >{}", fetched.display()))?;
    fs::read(fetched).map(|mail| with_crlf(&mail)).map_err(|error| error.to_string())
}

fn all_of_fetchmail(scratch: &Scratch, login: &Login) -> Result<Vec<Vec<u8>>, String> {
    let fetched = scratch.directory("fetchmail").map_err(|error| error.to_string())?;
    let file = format!("cat >$(mktemp {}/XXXXXXXX)", fetched.display());
    fetchmail_session(scratch, login, "keep", &file)?;
    all_files(&fetched).map_err(|error| error.to_string())
}

fn fetchmail_session(scratch: &Scratch, login: &Login, keep: &str, command: &str) -> Result<(), String> {
    // `fetchall`: otherwise fetchmail reads mails with TOP, to which a Clientmodul gives no body, and deletes them then.
    // `invisible`, `no rewrite`, `no mimedecode`: it passes the mail on and adds nothing.
    // `bad-header accept`: otherwise it leaves out mails whose header it does not like.
    let configuration = format!(
        "poll {} service {} protocol POP3 no dns auth password bad-header accept\n\
         user \"{}\" password \"{}\" {} fetchall {keep} no rewrite no mimedecode\n\
         mda \"{command}\"\n",
        login.host(),
        login.proxy.port(),
        login.user,
        login.password,
        fetchmail_tls(login),
    );
    let file = scratch.write_private("fetchmailrc", configuration).map_err(|error| error.to_string())?;
    let arguments = [
        format!("--fetchmailrc={}", file.display()),
        format!("--idfile={}", scratch.path().join("fetchmail.ids").display()),
        format!("--pidfile={}", scratch.path().join("fetchmail.pid").display()),
        "--invisible".to_owned(),
    ];
    run("fetchmail", arguments, b"").map(drop)
}

fn fetchmail_tls(login: &Login) -> String {
    let Some(tls) = &login.tls else { return "sslproto \"\"".to_owned() };
    let own = tls.own.as_ref().map(|own| format!(" sslcert \"{0}\" sslkey \"{0}\"", own.display()));
    format!("ssl sslcertck sslcertfile \"{}\"{}", tls.authorities.display(), own.unwrap_or_default())
}

fn curl(scratch: &Scratch, login: &Login) -> Result<Vec<u8>, String> {
    let first = curl_configuration("pop3", "1", login);
    let file = scratch.write_private("curl.fetch", &first).map_err(|error| error.to_string())?;
    let mail = run("curl", ["--config".as_ref(), file.as_os_str()], b"")?;
    let delete = first + "request = \"DELE\"\nlist-only\n";
    let file = scratch.write_private("curl.delete", delete).map_err(|error| error.to_string())?;
    run("curl", ["--config".as_ref(), file.as_os_str()], b"")?;
    Ok(mail)
}

/// One file for each mail.
fn all_of_curl(scratch: &Scratch, login: &Login, count: usize) -> Result<Vec<Vec<u8>>, String> {
    let fetched = scratch.directory("curl").map_err(|error| error.to_string())?;
    let each = format!("output = \"{}/#1\"\nfail-early\n", fetched.display());
    let configuration = curl_configuration("pop3", &format!("[1-{count}]"), login) + &each;
    let file = scratch.write_private("curl.all", configuration).map_err(|error| error.to_string())?;
    run("curl", ["--config".as_ref(), file.as_os_str()], b"")?;
    let mail = |number: usize| {
        fs::read(fetched.join(number.to_string())).map_err(|error| format!("curl, mail {number}: {error}"))
    };
    (1..=count).map(mail).collect()
}

fn python(login: &Login) -> Result<Vec<u8>, String> {
    python_script(include_str!("conf/fetch.py"), login)
}

/// The script writes the length of each mail into a line before it.
fn all_of_python(login: &Login) -> Result<Vec<Vec<u8>>, String> {
    let written = python_script(include_str!("conf/fetch_all.py"), login)?;
    let (mut rest, mut mails) = (written.as_slice(), Vec::new());
    while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
        let (length, mail) = rest.split_at(end);
        let length = String::from_utf8_lossy(length).parse::<usize>().map_err(|error| error.to_string())?;
        let (mail, next) =
            mail.get(1..).unwrap_or_default().split_at_checked(length).ok_or("a whole mail")?;
        mails.push(mail.to_vec());
        rest = next;
    }
    Ok(mails)
}

fn python_script(script: &str, login: &Login) -> Result<Vec<u8>, String> {
    let arguments = ["-c", script].map(str::to_owned);
    run("python3", arguments.into_iter().chain(python_login(login)), b"")
}

/// Lines that end in LF, as programs write them into files on this system, with the CRLF of mail.
fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(mail.len());
    for line in mail.split_inclusive(|&octet| octet == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(text) => whole.extend([text, b"\r\n"].concat()),
            None => whole.extend_from_slice(line),
        }
    }
    whole
}
