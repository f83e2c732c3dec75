//! The world on sockets: [`Testbed`].

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use kim_types::Secret;

use crate::World;
use crate::dns::{Dns, DnsRecord, DnsServer};
use crate::fachdienst::{KasServer, MtaConfig, Pop3Config};
use crate::konnektor::{ClientLogin, KonnektorConfig, KonnektorServer, TimeServer};
use crate::listener::{ClientAuth, ServerTls, serve_sessions};
use crate::pki::{CertificateType, Holder, Identity, KeyType, Pkcs12Encryption, Role};
use crate::port::Port;

/// How a [`Testbed`] is set up.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone)]
pub struct TestbedConfig {
    /// What keys, ids and passwords follow from; default 1.
    pub seed: u64,
    /// The Konnektor; default as [`KonnektorConfig`], but clients log in with a certificate.
    ///
    /// Its TLS server asks for a certificate exactly when [`ClientLogin::Certificate`] is set here.
    pub konnektor: KonnektorConfig,
    /// How far the clock of the Konnektor, which is that of the TI, is ahead of this machine's; default not at all.
    pub konnektor_clock_ahead: Duration,
    /// The key of the Konnektor's TLS server, which the directory shares; default RSA.
    pub konnektor_key_type: KeyType,
    /// Whether the Konnektor speaks TLS 1.3 beside TLS 1.2; default `true`.
    pub konnektor_tls13: bool,
    /// Whether the directory wants a certificate of its clients; default `Required`.
    pub directory_client_auth: ClientAuth,
    /// The key of the Fachdienst's TLS servers; default RSA.
    pub fachdienst_key_type: KeyType,
    /// Whether the Fachdienst wants a certificate of its clients; default `Required`.
    pub fachdienst_client_auth: ClientAuth,
    /// The keys of the Clientmodul for the Fachdienst and for the Konnektor; default RSA.
    pub client_key_type: KeyType,
    /// How the files of [`Testbed::clientmodul_pkcs12`] and [`Testbed::konnektor_client_pkcs12`] are encrypted; default
    /// `Modern`.
    pub pkcs12_encryption: Pkcs12Encryption,
    /// The submission server.
    pub mta: MtaConfig,
    /// The POP3 server.
    pub pop3: Pop3Config,
}

impl Default for TestbedConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            konnektor: KonnektorConfig {
                client_login: ClientLogin::Certificate,
                ..KonnektorConfig::default()
            },
            konnektor_clock_ahead: Duration::ZERO,
            konnektor_key_type: KeyType::Rsa,
            konnektor_tls13: true,
            directory_client_auth: ClientAuth::Required,
            fachdienst_key_type: KeyType::Rsa,
            fachdienst_client_auth: ClientAuth::Required,
            client_key_type: KeyType::Rsa,
            pkcs12_encryption: Pkcs12Encryption::Modern,
            mta: MtaConfig::default(),
            pop3: Pop3Config::default(),
        }
    }
}

/// A [`World`] whose servers listen on 127.0.0.1, on ports the system chose. They stop when it is dropped.
///
/// ```
/// use kim_testbed::{Testbed, TestbedConfig};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let testbed = Testbed::start(TestbedConfig::default()).await?;
/// let practice = &testbed.world().accounts()[0];
/// let user = practice.smtp_user_name(testbed.smtp_addr());
/// assert!(user.starts_with("Praxis.A@testbed.kim.telematik-test#127.0.0.1:"));
/// # std::io::Result::Ok(())
/// # })?;
/// # std::io::Result::Ok(())
/// ```
///
/// Spec: none — a testbed of our own.
#[derive(Debug)]
pub struct Testbed {
    world: World,
    konnektor_identity: Identity,
    konnektor_successor: Identity,
    konnektor_client_auth: ClientAuth,
    clientmodul: (Vec<u8>, Secret),
    konnektor_client: (Vec<u8>, Secret),
    fachdienst_name: String,
    konnektor: KonnektorServer,
    time: TimeServer,
    ldap: Port,
    smtp: Port,
    pop3: Port,
    kas: KasServer,
    dns: (Dns, DnsServer),
}

/// What opens the PKCS#12 files; nothing they hold is worth protecting.
const PKCS12_PASSWORD: &str = "kim-testbed";

impl Testbed {
    /// Builds the world and starts its servers. Must be called in a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// A port cannot be opened, or OpenSSL lacks an algorithm.
    pub async fn start(config: TestbedConfig) -> io::Result<Self> {
        let fachdienst_name = config.mta.host_name.clone();
        let konnektor_client_auth = match config.konnektor.client_login {
            ClientLogin::Certificate => ClientAuth::Required,
            ClientLogin::None | ClientLogin::Basic { .. } => ClientAuth::Off,
        };
        let world = World::with_servers(config.seed, config.konnektor, config.mta, config.pop3);
        let pki = world.pki();

        let konnektor_holder = Holder::service("konnektor.konlan", Role::KONNEKTOR);
        let konnektor_identity =
            pki.issue(CertificateType::AkAut, config.konnektor_key_type, &konnektor_holder);
        let konnektor_successor =
            pki.issue(CertificateType::AkAut, KeyType::Brainpool, &konnektor_holder.with_edition(2));
        let fachdienst_holder = Holder::service(&fachdienst_name, Role::FACHDIENST);
        let fachdienst_identity =
            pki.issue(CertificateType::FdTlsS, config.fachdienst_key_type, &fachdienst_holder);
        let client = |name: &str| -> io::Result<(Vec<u8>, Secret)> {
            let holder = Holder::service(name, Role::CLIENTMODUL);
            let identity = pki.issue(CertificateType::CmTlsCs, config.client_key_type, &holder);
            let file = identity.to_pkcs12(PKCS12_PASSWORD, config.pkcs12_encryption)?;
            Ok((file, Secret::from(PKCS12_PASSWORD)))
        };

        let konnektor_tls = ServerTls {
            tls13: config.konnektor_tls13,
            ..server_tls(&world, &konnektor_identity, konnektor_client_auth)
        };
        let ldap_tls = server_tls(&world, &konnektor_identity, config.directory_client_auth);
        let fachdienst_tls = || server_tls(&world, &fachdienst_identity, config.fachdienst_client_auth);
        let (directory, mta, pop3_server) =
            (world.directory().clone(), world.mta().clone(), world.pop3_server().clone());
        let konnektor = KonnektorServer::start(konnektor_tls, world.konnektor().clone()).await?;
        let time = TimeServer::start(config.konnektor_clock_ahead).await?;
        let ldap = serve_sessions(ldap_tls, move |_| directory.session()).await?;
        let smtp = serve_sessions(fachdienst_tls(), move |peer| mta.session(peer.ip().to_string())).await?;
        let pop3 = serve_sessions(fachdienst_tls(), move |_| pop3_server.session()).await?;

        let kas = KasServer::start(fachdienst_tls(), world.kas().clone()).await?;

        let dns = Dns::default();
        list_services(&dns, &fachdienst_name, kas.address().port());
        let dns = (dns.clone(), DnsServer::start(dns).await?);

        let (clientmodul, konnektor_client) = (client("clientmodul")?, client("clientsystem")?);
        Ok(Self {
            konnektor_identity,
            konnektor_successor,
            konnektor_client_auth,
            clientmodul,
            konnektor_client,
            fachdienst_name,
            konnektor,
            time,
            ldap,
            smtp,
            pop3,
            kas,
            dns,
            world,
        })
    }

    /// Who and what is in it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Where the Konnektor has its service directory: `https://127.0.0.1:port/connector.sds`.
    pub fn konnektor_url(&self) -> String {
        format!("https://{}/connector.sds", self.konnektor.port().address())
    }

    /// The port of the Konnektor, for tests that close it.
    pub fn konnektor_port(&self) -> &Port {
        self.konnektor.port()
    }

    /// Opens one more port, with the same Konnektor behind it.
    ///
    /// # Errors
    /// There is none.
    pub async fn open_konnektor_port(&self) -> io::Result<Port> {
        self.konnektor.open_port().await
    }

    /// The certificate of the Konnektor, to be pinned; the directory shows the same one.
    pub fn konnektor_certificate_pem(&self) -> String {
        self.konnektor_identity.certificate_pem()
    }

    /// The certificate the Konnektor has after [`Testbed::renew_konnektor_certificate`], always with a brainpool key.
    pub fn konnektor_successor_pem(&self) -> String {
        self.konnektor_successor.certificate_pem()
    }

    /// Gives the Konnektor its next key and certificate, which ends all connections to it. The directory keeps its own.
    ///
    /// # Errors
    /// OpenSSL lacks an algorithm.
    pub fn renew_konnektor_certificate(&self) -> io::Result<()> {
        self.konnektor.restart(server_tls(&self.world, &self.konnektor_successor, self.konnektor_client_auth))
    }

    /// Where the Konnektor tells the time (NTP).
    pub fn time_addr(&self) -> SocketAddr {
        self.time.address()
    }

    /// Takes away or gives back the answers of the Konnektor's time service.
    pub fn silence_time(&self, silent: bool) {
        self.time.set_silent(silent);
    }

    /// How often the Konnektor was asked for the time.
    pub fn time_requests(&self) -> usize {
        self.time.requests()
    }

    /// The port of the directory, for tests that close it.
    pub fn ldap_port(&self) -> &Port {
        &self.ldap
    }

    /// Where the directory listens.
    pub fn ldap_addr(&self) -> SocketAddr {
        self.ldap.address()
    }

    /// Where the submission server listens.
    pub fn smtp_addr(&self) -> SocketAddr {
        self.smtp.address()
    }

    /// Where the POP3 server listens.
    pub fn pop3_addr(&self) -> SocketAddr {
        self.pop3.address()
    }

    /// Where the attachment service and the account limits listen.
    pub fn kas_addr(&self) -> SocketAddr {
        self.kas.address()
    }

    /// The base of the attachment service: `https://127.0.0.1:port/attachments/v2.4/`.
    pub fn kas_url(&self) -> String {
        format!("https://{}/attachments/v2.4/", self.kas.address())
    }

    /// The base of the account limits: `https://127.0.0.1:port/AccountLimit/v1.1/`.
    pub fn account_url(&self) -> String {
        format!("https://{}/AccountLimit/v1.1/", self.kas.address())
    }

    /// Where the name server listens.
    pub fn dns_addr(&self) -> SocketAddr {
        self.dns.1.address()
    }

    /// The names: the services of the Fachdienst, those of another one, and the host of both.
    ///
    /// They are listed as `_kas._tcp.kim.telematik-test` and `_accmgr._tcp.kim.telematik-test`.
    pub fn dns(&self) -> &Dns {
        &self.dns.0
    }

    /// The host name in the certificate of the Fachdienst, beside `localhost` and 127.0.0.1.
    pub fn fachdienst_name(&self) -> &str {
        &self.fachdienst_name
    }

    /// The certificates of the authorities, to trust the Fachdienst with.
    pub fn fachdienst_trust_pem(&self) -> String {
        self.world.pki().trust_pem()
    }

    /// The Clientmodul's key and certificate for the Fachdienst (C.CM.TLS-CS) as PKCS#12, and its password.
    pub fn clientmodul_pkcs12(&self) -> (Vec<u8>, Secret) {
        self.clientmodul.clone()
    }

    /// The Clientsystem's key and certificate for Konnektor and directory as PKCS#12, and its password.
    pub fn konnektor_client_pkcs12(&self) -> (Vec<u8>, Secret) {
        self.konnektor_client.clone()
    }
}

/// Another provider comes first: who takes the first answer is at the wrong place.
fn list_services(dns: &Dns, fachdienst_name: &str, port: u16) {
    dns.add(fachdienst_name, DnsRecord::A(Ipv4Addr::LOCALHOST));
    for service in ["_kas._tcp.kim.telematik-test", "_accmgr._tcp.kim.telematik-test"] {
        for (provider, target, port) in
            [("other", "services.other.kim.telematik-test", 9), ("testbed", fachdienst_name, port)]
        {
            let instance = format!("{provider}.{service}");
            dns.add(service, DnsRecord::Ptr(instance.clone()));
            let target = target.to_owned();
            dns.add(&instance, DnsRecord::Srv { priority: 10, weight: 5, port, target });
            dns.add(&instance, DnsRecord::Txt(vec!["txtvers=1".to_owned(), "path=/".to_owned()]));
        }
    }
}

fn server_tls(world: &World, identity: &Identity, client_auth: ClientAuth) -> ServerTls {
    let pki = world.pki();
    ServerTls {
        certificate: identity.certificate.clone(),
        key: identity.key.clone(),
        chain: pki.chain_of(&identity.certificate),
        client_auth,
        client_anchors: pki.roots().into_iter().chain(pki.intermediates()).collect(),
        tls13: true,
    }
}
