//! Programs that send: [`Sender`].

use std::path::PathBuf;

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
        self.send_as(practice, &practice.smtp_login(from)?, to, mail)
    }

    /// Sends `mail` with another login, for example one with TLS.
    ///
    /// # Errors
    /// What the program said.
    pub fn send_as(
        self,
        practice: &RealPractice,
        login: &Login,
        to: &[&str],
        mail: &[u8],
    ) -> Result<(), String> {
        match self {
            Self::Swaks => swaks(practice, login, to, mail),
            Self::Msmtp => msmtp(practice, login, to, mail),
            Self::Curl => curl(practice, login, to, mail),
            Self::Python => python(login, to, mail),
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
        ("--server", login.host()),
        ("--port", login.proxy.port().to_string()),
        ("--auth", "PLAIN".to_owned()),
        ("--auth-user", login.user.clone()),
        ("--auth-password", login.password.clone()),
        ("--from", login.address.to_string()),
        ("--to", to.join(",")),
        ("--data", format!("@{}", data.display())),
    ];
    let arguments = arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    let arguments = arguments.chain(["--no-data-fixup".to_owned()]).chain(swaks_tls(login));
    run("swaks", arguments, b"").map(drop)
}

fn swaks_tls(login: &Login) -> Vec<String> {
    let Some(tls) = &login.tls else { return Vec::new() };
    let authorities = tls.authorities.display().to_string();
    let own = tls
        .own
        .iter()
        .flat_map(|own| ["--tls-cert", "--tls-key"].map(|key| [key.to_owned(), own.display().to_string()]));
    let arguments = ["--tls-on-connect", "--tls-verify", "--tls-ca-path", &authorities].map(str::to_owned);
    arguments.into_iter().chain(own.flatten()).collect()
}

fn msmtp(practice: &RealPractice, login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    // A `#` begins a comment only at the begin of a line; quotes keep values in one piece.
    let configuration = format!(
        "account kim\nhost {}\nport {}\n{}auth login\nuser \"{}\"\npassword \"{}\"\nfrom \"{}\"\n",
        login.host(),
        login.proxy.port(),
        marlam_tls(login),
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

/// The lines about TLS for msmtp and mpop.
pub(super) fn marlam_tls(login: &Login) -> String {
    let Some(tls) = &login.tls else { return "tls off\n".to_owned() };
    let mut lines = format!("tls on\ntls_starttls off\ntls_trust_file \"{}\"\n", tls.authorities.display());
    if let Some(own) = &tls.own {
        lines += &format!("tls_cert_file \"{0}\"\ntls_key_file \"{0}\"\n", own.display());
    }
    lines
}

fn curl(practice: &RealPractice, login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    let scratch = practice.scratch();
    let mail = scratch.write("curl.mail", mail).map_err(|error| error.to_string())?;
    let mut configuration = curl_configuration("smtp", "client.invalid", login);
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
pub(super) fn curl_configuration(protocol: &str, path: &str, login: &Login) -> String {
    let user = login.user.replace('@', "%40").replace('#', "%23").replace(':', "%3A").replace('*', "%2A");
    let secured = if login.tls.is_some() { "s" } else { "" };
    let server = format!("{}:{}", login.host(), login.proxy.port());
    let url = format!("{protocol}{secured}://{user}:{}@{server}/{path}", login.password);
    let mut lines = format!("url = \"{url}\"\nlogin-options = \"AUTH=PLAIN\"\nsilent\nshow-error\n");
    if let Some(tls) = &login.tls {
        lines += &format!("cacert = \"{}\"\n", tls.authorities.display());
    }
    if let Some(own) = login.tls.as_ref().and_then(|tls| tls.own.as_ref()) {
        lines += &format!("cert = \"{0}\"\nkey = \"{0}\"\n", own.display());
    }
    lines
}

fn python(login: &Login, to: &[&str], mail: &[u8]) -> Result<(), String> {
    let arguments = ["-c", include_str!("conf/send.py")].map(str::to_owned);
    let envelope = [login.address.to_string()].into_iter().chain(to.iter().map(ToString::to_string));
    run("python3", arguments.into_iter().chain(python_login(login)).chain(envelope), mail).map(drop)
}

/// What both programs in Python are told: host, port, authorities, own certificate, user, password; empty without TLS.
pub(super) fn python_login(login: &Login) -> [String; 6] {
    let path = |path: Option<&PathBuf>| path.map(|path| path.display().to_string()).unwrap_or_default();
    let authorities = path(login.tls.as_ref().map(|tls| &tls.authorities));
    let own = path(login.tls.as_ref().and_then(|tls| tls.own.as_ref()));
    [
        login.host(),
        login.proxy.port().to_string(),
        authorities,
        own,
        login.user.clone(),
        login.password.clone(),
    ]
}
