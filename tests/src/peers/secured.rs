//! The proxy with TLS towards mail programs: [`Secured`].

use std::net::SocketAddr;
use std::path::PathBuf;

use kim_clientmodul::Protocol;
use kim_testbed::pki::{CertificateType, Holder, KeyType, Pkcs12Encryption, Role};
use kim_tls::{Anchors, ClientAuth, Identity};

use super::RealPractice;
use super::practice::Login;
use super::servers::{authorities_for_gnutls, identity_pem};

/// Ports of the proxy with TLS from the first octet. They end with the practice.
pub struct Secured<'a> {
    practice: &'a RealPractice,
    smtp: SocketAddr,
    pop3: SocketAddr,
    authorities: PathBuf,
    own: PathBuf,
}

/// What a mail program needs for TLS.
pub struct Tls {
    /// The authorities of the proxy's certificate, in PEM.
    pub(super) authorities: PathBuf,
    /// A certificate of its own with its key, in PEM.
    pub(super) own: Option<PathBuf>,
}

impl Tls {
    /// The name in the proxy's certificate.
    pub(super) const HOST: &str = "localhost";
}

impl RealPractice {
    /// Opens ports with TLS; `clients` says what is demanded of mail programs.
    ///
    /// The proxy has its certificate from a PKCS#12 file, mail programs have theirs from the same authority.
    ///
    /// # Errors
    /// A sentence about what could not be started.
    pub fn secured(&self, clients: fn(Anchors) -> ClientAuth) -> Result<Secured<'_>, String> {
        fn text(error: impl std::fmt::Display) -> String {
            error.to_string()
        }
        let (world, scratch) = (self.testbed().world(), self.scratch());
        let issue =
            |kind, name: &str, role| world.pki().issue(kind, KeyType::Rsa, &Holder::service(name, role));
        let server = issue(CertificateType::FdTlsS, Tls::HOST, Role::FACHDIENST);
        let file = server.to_pkcs12("geheim", Pkcs12Encryption::Modern).map_err(text)?;
        let identity = Identity::from_pkcs12(&file, &"geheim".into()).map_err(text)?;
        let anchors = || Anchors::from_pem(world.pki().trust_pem().as_bytes()).map_err(text);
        let listen = |protocol| {
            let clients = clients(anchors()?);
            self.run(self.practice().listen(protocol, Some((&identity, clients))))
        };
        let own = issue(CertificateType::CmTlsCs, "mailprogramm", Role::CLIENTMODUL);
        let own = identity_pem(world, &own).map_err(text)?;
        Ok(Secured {
            practice: self,
            smtp: listen(Protocol::Smtp)?,
            pop3: listen(Protocol::Pop3)?,
            authorities: scratch
                .write("client-authorities.pem", authorities_for_gnutls(world).map_err(text)?)
                .map_err(text)?,
            own: scratch.write_private("client.pem", own).map_err(text)?,
        })
    }
}

impl Secured<'_> {
    /// What a program that sends is told; with a certificate of its own or without.
    ///
    /// # Errors
    /// There is no such account.
    pub fn smtp_login(&self, name: &str, certificate: bool) -> Result<Login, String> {
        let login = self.practice.smtp_login(name)?;
        Ok(Login { proxy: self.smtp, tls: Some(self.tls(certificate)), ..login })
    }

    /// What a program that fetches is told; with a certificate of its own or without.
    ///
    /// # Errors
    /// There is no such account.
    pub fn pop3_login(&self, name: &str, certificate: bool) -> Result<Login, String> {
        let login = self.practice.pop3_login(name)?;
        Ok(Login { proxy: self.pop3, tls: Some(self.tls(certificate)), ..login })
    }

    fn tls(&self, certificate: bool) -> Tls {
        Tls { authorities: self.authorities.clone(), own: certificate.then(|| self.own.clone()) }
    }
}
