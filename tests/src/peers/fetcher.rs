//! Programs that fetch: [`Fetcher`].

use std::fs;
use std::io;
use std::path::Path;

use super::RealPractice;
use super::practice::Login;
use super::programs::run;
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
}

fn mpop(scratch: &Scratch, login: &Login) -> Result<Vec<u8>, String> {
    let home = scratch.path().join("mpop");
    let configuration = format!(
        "account kim\nhost {}\nport {}\n{}auth user\nuser \"{}\"\npassword \"{}\"\n\
         delivery maildir \"{}\"\nuidls_file \"{}\"\nreceived_header off\nkeep off\n",
        login.host(),
        login.proxy.port(),
        marlam_tls(login),
        login.user,
        login.password,
        home.display(),
        home.join("uidls").display(),
    );
    fresh_maildir(&home).map_err(|error| error.to_string())?;
    let file = scratch.write_private("mpoprc", configuration).map_err(|error| error.to_string())?;
    run("mpop", [format!("--file={}", file.display()), "--quiet".to_owned(), "kim".to_owned()], b"")?;
    only_file(&home.join("new")).map(|mail| with_crlf(&mail)).map_err(|error| error.to_string())
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

fn fetchmail(scratch: &Scratch, login: &Login) -> Result<Vec<u8>, String> {
    let fetched = scratch.path().join("fetchmail.mail");
    // `fetchall`: otherwise fetchmail reads mails with TOP, to which a Clientmodul gives no body, and deletes them then.
    // `invisible`, `no rewrite`, `no mimedecode`: it passes the mail on and adds nothing.
    let configuration = format!(
        "poll {} service {} protocol POP3 no dns auth password\n\
         user \"{}\" password \"{}\" {} fetchall no keep no rewrite no mimedecode\n\
         mda \"cat >{}\"\n",
        login.host(),
        login.proxy.port(),
        login.user,
        login.password,
        fetchmail_tls(login),
        fetched.display(),
    );
    let file = scratch.write_private("fetchmailrc", configuration).map_err(|error| error.to_string())?;
    let arguments = [
        format!("--fetchmailrc={}", file.display()),
        format!("--idfile={}", scratch.path().join("fetchmail.ids").display()),
        format!("--pidfile={}", scratch.path().join("fetchmail.pid").display()),
        "--invisible".to_owned(),
    ];
    run("fetchmail", arguments, b"")?;
    fs::read(fetched).map(|mail| with_crlf(&mail)).map_err(|error| error.to_string())
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

fn python(login: &Login) -> Result<Vec<u8>, String> {
    let arguments = ["-c", include_str!("conf/fetch.py")].map(str::to_owned);
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
