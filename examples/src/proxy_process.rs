//! The example proxy as a process of its own, in front of a testbed: [`ProxyProcess`].

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kim_testbed::Testbed;

use crate::usage::{forget_peak, memory_of};

/// A running `kim-proxy`, configured by a file as an administrator would write it. Dropped, it is killed.
///
/// Spec: none — a tool for tests and measurements.
pub struct ProxyProcess {
    /// Where it takes SMTP.
    pub smtp: SocketAddr,
    /// Where it takes POP3.
    pub pop3: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl ProxyProcess {
    /// The program, if Cargo has built it beside the running one.
    pub fn program() -> Option<PathBuf> {
        let name = format!("examples/kim-proxy{}", std::env::consts::EXE_SUFFIX);
        let own = std::env::current_exe().ok()?;
        own.ancestors().map(|folder| folder.join(&name)).find(|program| program.is_file())
    }

    /// Starts `program` on ports the system chooses and waits until it is ready.
    ///
    /// # Errors
    /// A file cannot be written, or the program ends instead.
    pub fn start(program: &Path, testbed: &Testbed) -> io::Result<Self> {
        Self::start_as(program, testbed, |_| {})
    }

    /// Starts it with a command that `change` had a look at, for example to set a variable of the environment.
    ///
    /// # Errors
    /// As [`ProxyProcess::start`].
    pub fn start_as(
        program: &Path,
        testbed: &Testbed,
        change: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        let unique = format!("kim-proxy-{}-{}", std::process::id(), testbed.smtp_addr().port());
        let folder = std::env::temp_dir().join(unique);
        std::fs::create_dir_all(&folder)?;
        let file = |name: &str, content: &[u8]| std::fs::write(folder.join(name), content);
        for (name, (identity, password)) in
            [("mail", testbed.clientmodul_pkcs12()), ("konnektor", testbed.konnektor_client_pkcs12())]
        {
            file(&format!("{name}.p12"), &identity)?;
            file(&format!("{name}.pass"), password.expose())?;
        }
        file("trust.pem", testbed.fachdienst_trust_pem().as_bytes())?;
        file("konnektor.pem", testbed.konnektor_certificate_pem().as_bytes())?;
        file("config.toml", configuration(testbed).as_bytes())?;
        let log = std::fs::File::create(folder.join("log"))?;
        let mut command = Command::new(program);
        command.arg("--config").arg(folder.join("config.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        // As the systemd unit of docs/OPERATING.md has it.
        command.envs([("MALLOC_MMAP_THRESHOLD_", "1048576"), ("MALLOC_TRIM_THRESHOLD_", "4194304")]);
        change(&mut command);
        let mut child = command.spawn()?;
        match addresses(&mut child) {
            Ok([smtp, pop3]) => Ok(Self { smtp, pop3, child, folder }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its configuration file, which may be changed.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// The warnings and errors it has logged so far.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        std::fs::read_to_string(self.folder.join("log"))
    }

    /// Ends it at once, without a chance to clean up (SIGKILL).
    ///
    /// # Errors
    /// The system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// The memory it occupies now and at most since [`ProxyProcess::forget_peak`], in octets; `None` where the system has
    /// no `/proc`.
    pub fn memory(&self) -> Option<(u64, u64)> {
        memory_of(self.child.id())
    }

    /// Begins to measure the greatest memory anew, where the system can.
    pub fn forget_peak(&self) {
        forget_peak(self.child.id());
    }
}

impl Drop for ProxyProcess {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn configuration(testbed: &Testbed) -> String {
    format!(
        r#"
[smtp]
listen = ["127.0.0.1:0"]

[pop3]
listen = ["127.0.0.1:0"]

[fachdienst]
identity = "mail.p12"
identity_password_file = "mail.pass"
trust = "trust.pem"
names = {{ "127.0.0.1" = "{name}" }}
kas_url = "{kas}"
account_url = "{account}"
kas_link_hosts = ["{kas_host}"]

[[konnektor]]
id = "Konn_1"
default = true
url = "{url}"
ldap = "{ldap}"
pins = ["konnektor.pem"]
identity = "konnektor.p12"
identity_password_file = "konnektor.pass"

[log]
level = "warn"
"#,
        name = testbed.fachdienst_name(),
        kas = testbed.kas_url(),
        account = testbed.account_url(),
        kas_host = testbed.kas_addr(),
        url = testbed.konnektor_url(),
        ldap = testbed.ldap_addr(),
    )
}

/// The addresses the program prints before it is ready.
fn addresses(child: &mut Child) -> io::Result<[SocketAddr; 2]> {
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (mut smtp, mut pop3) = (None, None);
    for line in BufReader::new(output).lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("SMTP", address)) => smtp = address.parse().ok(),
            Some(("POP3", address)) => pop3 = address.parse().ok(),
            _ if line == "ready" => break,
            _ => {}
        }
    }
    let both = smtp.zip(pop3).ok_or_else(|| io::Error::other("the proxy ended before it was ready"));
    both.map(|(smtp, pop3)| [smtp, pop3])
}
