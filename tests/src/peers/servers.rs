//! Postfix, Dovecot and OpenLDAP with the people, keys and entries of a testbed: [`Servers`].

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::World;
use kim_testbed::directory::Entry;
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Role};
use kim_types::Address;

use super::programs::run;
use super::scratch::Scratch;

/// The name of the Fachdienst, the same as in the testbed.
const NAME: &str = "mail.testbed.kim.telematik-test";
const DOMAIN: &str = "testbed.kim.telematik-test";

/// An address with an entry in the directory and without a mailbox; its certificates are those of account `B`.
pub(super) const MOVED: &str = "Praxis.Moved@testbed.kim.telematik-test";

/// Where the servers write.
pub(super) const LOGS: [&str; 6] =
    ["serve.log", "postfix.out", "postfix.log", "dovecot.out", "dovecot.log", "slapd.log"];

/// How long the servers may take to listen, and a mail to be delivered.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Postfix, Dovecot and OpenLDAP on ports of 127.0.0.1 that were free. They end when this is dropped or the process ends.
pub(super) struct Servers {
    scratch: Scratch,
    serving: Child,
    /// Where Postfix listens.
    pub(super) smtp: SocketAddr,
    /// Where Dovecot listens.
    pub(super) pop3: SocketAddr,
    /// Where OpenLDAP listens.
    pub(super) ldap: SocketAddr,
}

impl Servers {
    /// Starts them for the people of `world` and waits until they listen.
    ///
    /// `key_type` is the key of Postfix and Dovecot. OpenLDAP, which Debian links with GnuTLS, has RSA always.
    pub(super) fn start(world: &World, key_type: KeyType) -> Result<Self, String> {
        let [smtp, pop3, ldap] = free_addresses().map_err(|error| error.to_string())?;
        let scratch = Scratch::new().map_err(|error| error.to_string())?;
        write_mail_servers(&scratch, world, key_type, smtp, pop3).map_err(|error| error.to_string())?;
        write_directory(&scratch, world).map_err(|error| error.to_string())?;
        let at = |name: &str| scratch.path().join(name);
        let load = ["-f".into(), at("slapd/slapd.conf"), "-l".into(), at("slapd/entries.ldif")];
        run("slapadd", load, b"")?;
        let mail = at("mail");
        run("install", ["-d".into(), "-o".into(), "mail".into(), "-g".into(), "mail".into(), mail], b"")?;

        let serving = serve(&scratch, ldap).map_err(|error| error.to_string())?;
        let servers = Self { scratch, serving, smtp, pop3, ldap };
        for address in [smtp, pop3, ldap] {
            servers.wait_for(|| TcpStream::connect(address).is_ok())?;
        }
        Ok(servers)
    }

    /// The directory for the files of this run.
    pub(super) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Waits until there are exactly this many mails in a mailbox.
    pub(super) fn wait_for_mails(&self, address: &Address, count: usize) -> Result<(), String> {
        self.wait_for(|| self.mail_files(address).len() == count)
    }

    /// The files in which Dovecot keeps the mails of an address.
    pub(super) fn stored_mails(&self, address: &Address) -> io::Result<Vec<Vec<u8>>> {
        self.mail_files(address).into_iter().map(fs::read).collect()
    }

    /// Waits until no mail is on its way and empties all mailboxes. Nobody may be logged in.
    pub(super) fn empty_mailboxes(&self) -> Result<(), String> {
        let queue = self.scratch.path().join("postfix-queue");
        let is_empty =
            |part: &str| fs::read_dir(queue.join(part)).is_ok_and(|mut mails| mails.next().is_none());
        self.wait_for(|| is_empty("incoming") && is_empty("active"))?;
        let empty = || -> io::Result<()> {
            for mailbox in fs::read_dir(self.scratch.path().join("mail"))? {
                fs::remove_dir_all(mailbox?.path())?;
            }
            Ok(())
        };
        empty().map_err(|error| error.to_string())
    }

    /// How long the logs are.
    pub(super) fn log_lengths(&self) -> [usize; LOGS.len()] {
        LOGS.map(|name| self.log(name).len())
    }

    /// What the servers wrote to their logs since the logs were so long.
    pub(super) fn logs_since(&self, lengths: [usize; LOGS.len()]) -> String {
        let since = |(name, length)| {
            let log = self.log(name);
            format!("--- {name}\n{}", String::from_utf8_lossy(log.get(length..).unwrap_or_default()))
        };
        LOGS.into_iter().zip(lengths).map(since).collect()
    }

    fn log(&self, name: &str) -> Vec<u8> {
        fs::read(self.scratch.path().join(name)).unwrap_or_default()
    }

    fn mail_files(&self, address: &Address) -> Vec<PathBuf> {
        let local = address.as_str().split('@').next().unwrap_or_default().to_lowercase();
        let mailbox = self.scratch.path().join("mail").join(local);
        // A mailbox that was never used has no directories.
        let files =
            ["new", "cur"].into_iter().filter_map(|part| fs::read_dir(mailbox.join(part)).ok()).flatten();
        files.filter_map(|file| file.ok().map(|file| file.path())).collect()
    }

    fn wait_for(&self, mut done: impl FnMut() -> bool) -> Result<(), String> {
        let start = Instant::now();
        while !done() {
            if start.elapsed() > PATIENCE {
                return Err(format!("not within {PATIENCE:?}\n{}", self.logs_since([0; LOGS.len()])));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.serving.stdin.take());
        let _ = self.serving.wait();
    }
}

/// Three addresses where nobody listened a moment ago.
fn free_addresses() -> io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let bound = [bind()?, bind()?, bind()?];
    let [first, second, third] = &bound;
    Ok([first.local_addr()?, second.local_addr()?, third.local_addr()?])
}

/// Writes what Postfix and Dovecot read.
fn write_mail_servers(
    scratch: &Scratch,
    world: &World,
    key_type: KeyType,
    smtp: SocketAddr,
    pop3: SocketAddr,
) -> io::Result<()> {
    let holder = Holder::service(NAME, Role::FACHDIENST);
    let identity = world.pki().issue(CertificateType::FdTlsS, key_type, &holder);
    scratch.write_private("fachdienst.pem", identity_pem(world, &identity)?)?;
    scratch.write("authorities.pem", world.pki().trust_pem())?;

    let (mut senders, mut users) = (String::new(), String::new());
    for account in world.accounts() {
        let address = account.address.as_str().to_lowercase();
        let password = String::from_utf8_lossy(account.password.expose());
        senders += &format!("{address} {address}\n");
        users += &format!("{address}:{password}\n");
    }
    scratch.directory("postfix")?;
    scratch.directory("postfix-queue")?;
    scratch.write("postfix/senders", senders)?;
    scratch.write("postfix/main.cf", fill(scratch, include_str!("conf/main.cf"), smtp))?;
    scratch.write("postfix/master.cf", fill(scratch, include_str!("conf/master.cf"), smtp))?;
    scratch.directory("dovecot")?;
    scratch.write("dovecot/users", users)?;
    scratch.write("dovecot/dovecot.conf", fill(scratch, include_str!("conf/dovecot.conf"), pop3))?;
    Ok(())
}

/// Writes what OpenLDAP reads.
fn write_directory(scratch: &Scratch, world: &World) -> io::Result<()> {
    let holder = Holder::service("konnektor.konlan", Role::KONNEKTOR);
    // The certificate of the testbed's Konnektor, which stands before the directory there as well.
    let identity = world.pki().issue(CertificateType::AkAut, KeyType::Rsa, &holder);
    scratch.directory("slapd")?;
    scratch.directory("slapd/data")?;
    scratch.write_private("slapd/konnektor.pem", identity_pem(world, &identity)?)?;
    scratch.write("slapd/authorities.pem", authorities_for_gnutls(world)?)?;
    scratch.write("slapd/vzd.schema", include_str!("conf/vzd.schema"))?;
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    scratch.write("slapd/slapd.conf", fill(scratch, include_str!("conf/slapd.conf"), nowhere))?;
    scratch.write("slapd/entries.ldif", ldif(world))?;
    Ok(())
}

/// Fills in what differs from run to run.
fn fill(scratch: &Scratch, template: &str, listen: SocketAddr) -> String {
    let filled = template.replace("@DIR@", &scratch.path().to_string_lossy());
    filled.replace("@PORT@", &listen.port().to_string()).replace("@NAME@", NAME).replace("@DOMAIN@", DOMAIN)
}

/// Key, certificate and the authority that issued it, in the order Postfix wants.
pub(super) fn identity_pem(world: &World, identity: &Identity) -> io::Result<Vec<u8>> {
    let mut pem = identity.key.private_key_to_pem_pkcs8()?;
    pem.extend(identity.certificate.to_pem()?);
    for authority in world.pki().chain_of(&identity.certificate) {
        pem.extend(authority.to_pem()?);
    }
    Ok(pem)
}

/// The authorities with RSA keys: GnuTLS refuses a file in which it finds a brainpool key.
pub(super) fn authorities_for_gnutls(world: &World) -> io::Result<Vec<u8>> {
    let authorities = world.pki().roots().into_iter().chain(world.pki().intermediates());
    let mut pem = Vec::new();
    for authority in authorities.filter(|authority| authority.public_key().is_ok_and(|key| key.rsa().is_ok()))
    {
        pem.extend(authority.to_pem()?);
    }
    Ok(pem)
}

/// The entries of the testbed's directory and [`MOVED`].
fn ldif(world: &World) -> String {
    let moved = world.account("B").and_then(|account| world.directory().find(&account.address).pop());
    let moved = moved.map(|entry| {
        let fresh = Entry::new("moved")
            .with("mail", MOVED)
            .with("komLeData", format!("1.5,{MOVED}"))
            .with("kimData", format!("{MOVED},1.5"));
        let copied = ["cn", "displayName", "telematikID", "professionOID", Entry::CERTIFICATE];
        copied.into_iter().fold(fresh, |fresh, name| {
            entry.values(name).iter().fold(fresh, |fresh, value| fresh.with(name, value.clone()))
        })
    });
    let base = "dn: dc=data,dc=vzd\nobjectClass: dcObject\nobjectClass: organization\ndc: data\no: VZD\n\n";
    let entries = world.directory().entries().into_iter().chain(moved);
    entries.fold(base.to_owned(), |ldif, entry| ldif + &ldif_entry(&entry) + "\n")
}

fn ldif_entry(entry: &Entry) -> String {
    let names = ["objectClass", "uid", "cn", "displayName", "mail", "telematikID", "komLeData", "kimData"];
    let names = names.into_iter().chain(["professionOID", Entry::CERTIFICATE]);
    let values = names.flat_map(|name| entry.values(name).iter().map(move |value| (name, value)));
    // Every value in base64: certificates need it, names may.
    values.fold(format!("dn: {}\n", entry.dn()), |ldif, (name, value)| {
        ldif + &format!("{name}:: {}\n", STANDARD.encode(value))
    })
}

/// Starts the servers. What stops them is the end of the pipe, so no way to end leaves one behind.
fn serve(scratch: &Scratch, ldap: SocketAddr) -> io::Result<Child> {
    let log = File::create(scratch.path().join("serve.log"))?;
    let mut command = Command::new("sh");
    command
        .args(["-c", include_str!("conf/serve.sh"), "serve"])
        .arg(scratch.path())
        .arg(ldap.port().to_string());
    // A group of its own: an interrupt from the keyboard reaches the test program, and them only through the pipe.
    command.process_group(0).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).spawn()
}
