//! Programs that send: [`Sender`].

use kim_types::dots::Stuffer;

use super::RealPractice;
use super::practice::Login;
use super::programs::run;

/// A program that sends mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// swaks; logs in with AUTH PLAIN.
    Swaks,
    /// msmtp; logs in with AUTH LOGIN.
    Msmtp,
    /// curl; logs in with AUTH PLAIN.
    Curl,
    /// `smtplib` of Python; logs in as it likes best.
    Python,
}

impl Sender {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Swaks, Self::Msmtp, Self::Curl, Self::Python];

    /// Sends `mail`, whose lines end in CRLF, from the account `from` to some addresses.
    ///
    /// # Errors
    /// What the program said.
    pub fn send(self, practice: &RealPractice, from: &str, to: &[&str], mail: &[u8]) -> Result<(), String> {
        let login = practice.smtp_login(from)?;
        match self {
            Self::Swaks => swaks(practice, &login, to, mail),
            Self::Msmtp => msmtp(practice, &login, to, mail),
            Self::Curl => curl(practice, &login, to, mail),
            Self::Python => python(&login, to, mail),
        }
    }
}

fn swaks(practice: &RealPractice, login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    // swaks sends the file as it is: dot-stuffed and with its end.
    let (mut stuffer, mut data) = (Stuffer::new(), Vec::new());
    stuffer.write(mail, &mut data);
    stuffer.finish(&mut data);
    let data = practice.scratch().write("swaks.data", data).map_err(|error| error.to_string())?;
    let arguments = [
        ("--server", login.proxy.ip().to_string()),
        ("--port", login.proxy.port().to_string()),
        ("--auth", "PLAIN".to_owned()),
        ("--auth-user", login.user.clone()),
        ("--auth-password", login.password.clone()),
        ("--from", login.address.to_string()),
        ("--to", to.join(",")),
        ("--data", format!("@{}", data.display())),
    ];
    let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    run("swaks", arguments.chain(["--no-data-fixup".to_owned()]), b"").map(drop)
}

fn msmtp(practice: &RealPractice, login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    // A `#` begins a comment only at the begin of a line; quotes keep values in one piece.
    let configuration = format!(
        "account kim\nhost {}\nport {}\ntls off\nauth login\nuser \"{}\"\npassword \"{}\"\nfrom \"{}\"\n",
        login.proxy.ip(),
        login.proxy.port(),
        login.user,
        login.password,
        login.address,
    );
    let file =
        practice.scratch().write_private("msmtprc", configuration).map_err(|error| error.to_string())?;
    let arguments = [format!("--file={}", file.display()), "--account=kim".to_owned(), "--".to_owned()];
    let arguments = arguments.into_iter().chain(to.iter().map(ToString::to_string));
    // As sendmail it takes lines that end in LF.
    let lines: Vec<u8> = mail.iter().copied().filter(|&octet| octet != b'\r').collect();
    run("msmtp", arguments, &lines).map(drop)
}

fn curl(practice: &RealPractice, login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    let scratch = practice.scratch();
    let mail = scratch.write("curl.mail", mail).map_err(|error| error.to_string())?;
    let url = format!("smtp://{}/client.invalid", login.proxy);
    let mut configuration = curl_configuration(&url, login);
    configuration += &format!("mail-from = \"{}\"\nupload-file = \"{}\"\n", login.address, mail.display());
    for address in to {
        configuration += &format!("mail-rcpt = \"{address}\"\n");
    }
    let file = scratch.write_private("curl.send", configuration).map_err(|error| error.to_string())?;
    run("curl", ["--config".as_ref(), file.as_os_str()], b"").map(drop)
}

/// What curl is told for sending and fetching.
///
/// `user = "name:password"` ends the name at its first colon, and a user name has one before the port. In the URL every
/// octet can be escaped.
pub(super) fn curl_configuration(url: &str, login: &Login) -> String {
    let user = login.user.replace('@', "%40").replace('#', "%23").replace(':', "%3A").replace('*', "%2A");
    let url = url.replacen("://", &format!("://{user}:{}@", login.password), 1);
    format!("url = \"{url}\"\nlogin-options = \"AUTH=PLAIN\"\nsilent\nshow-error\n")
}

fn python(login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    let arguments = ["-c", include_str!("conf/send.py"), "127.0.0.1"].map(str::to_owned);
    let proxy = [login.proxy.port().to_string(), login.user.clone(), login.password.clone()];
    let envelope = [login.address.to_string()].into_iter().chain(to.iter().map(ToString::to_string));
    run("python3", arguments.into_iter().chain(proxy).chain(envelope), mail).map(drop)
}
