//! Look-ups in the directory (VZD) over LDAP: [`DirectoryClient`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use kim_types::Address;
use kim_vzd::{ATTRIBUTES, Entry, Listing, filter};
use ldap3::asn1::{PL, StructureTag};
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, ResultEntry, Scope, SearchOptions, SearchStream,
};
use rustls::ClientConfig;
use thiserror::Error;
use tokio::sync::Mutex;

/// Result codes of LDAP that are not success (RFC 4511 §4.1.9).
mod code {
    pub(super) const TIME_LIMIT: u32 = 3;
    pub(super) const SIZE_LIMIT: u32 = 4;
    pub(super) const REFERRAL: u32 = 10;
    pub(super) const NO_SUCH_OBJECT: u32 = 32;
    pub(super) const BUSY: u32 = 51;
    pub(super) const UNAVAILABLE: u32 = 52;
}

/// How long an unused connection is trusted. What lies between may drop it without a word, and the next look-up would wait
/// for an answer in vain.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// How the directory is reached, usually through the LDAP proxy of the Konnektor.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070; gemSpec_Kon 5.18.0, LDAP proxy.
#[derive(Debug, Clone)]
pub struct DirectorySettings {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// Usually 636; always TLS from the first octet.
    pub port: u16,
    /// Where to search. In the TI: `dc=data,dc=vzd`.
    pub base: String,
    /// Which server is trusted and which client certificate is shown, from [`kim_tls::client_config`].
    pub tls: Arc<ClientConfig>,
    /// How long a look-up may take, connecting included.
    pub timeout: Duration,
    /// How many entries an address may have; more are an error. A good value is 50.
    pub max_entries: usize,
}

/// Why a look-up has no result; that an address is not listed is none of these.
///
/// Spec: none — result codes of RFC 4511 by what can be done about them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// No connection, or it was lost: network, TLS or a client certificate that is not accepted.
    #[error("the directory cannot be reached")]
    Unreachable,
    /// No answer in time.
    #[error("the directory did not answer in time")]
    Timeout,
    /// The directory says that it cannot answer now; try later.
    #[error("the directory is busy")]
    Busy,
    /// More entries than [`DirectorySettings::max_entries`], or than the directory gives.
    #[error("too many entries for one address")]
    TooMany,
    /// Any other refusal, with its result code.
    #[error("the directory refuses with result code {0}")]
    Refused(u32),
    /// What came is not LDAP.
    #[error("the answer of the directory is malformed")]
    Protocol,
}

/// A client of the directory: one connection for all look-ups at the same time, opened when needed, and anew after 15 seconds
/// without a look-up.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026; gemSpec_VZD 1.15.0.
pub struct DirectoryClient {
    settings: DirectorySettings,
    connection: Mutex<Option<Open>>,
}

/// A connection, and when it was used last.
struct Open {
    ldap: Ldap,
    used: Instant,
}

impl DirectoryClient {
    /// A client that connects to nothing yet.
    pub fn new(settings: DirectorySettings) -> Self {
        Self { settings, connection: Mutex::default() }
    }

    /// What the directory has for an address. Referrals to other directories are not followed.
    ///
    /// If the connection turns out to be lost, a new one is tried once.
    ///
    /// # Errors
    /// [`DirectoryError`] if there is no complete answer.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2026.
    pub async fn look_up(&self, address: &Address) -> Result<Listing, DirectoryError> {
        let search = async {
            match self.search(address).await {
                Err((DirectoryError::Unreachable, Connection::Old)) => self.search(address).await,
                result => result,
            }
        };
        let entries = match tokio::time::timeout(self.settings.timeout, search).await {
            Ok(result) => result.map_err(|(error, _)| error)?,
            Err(_) => {
                // A server that says nothing may be gone without having said so.
                self.disconnect();
                return Err(DirectoryError::Timeout);
            }
        };
        Ok(Listing::from_entries(address, &entries))
    }

    async fn search(&self, address: &Address) -> Result<Vec<Entry>, (DirectoryError, Connection)> {
        let (ldap, connection) = self.connect().await.map_err(|error| (error, Connection::New))?;
        let entries = search(ldap, &self.settings, filter(address)).await;
        if matches!(entries, Err(DirectoryError::Unreachable | DirectoryError::Protocol)) {
            self.disconnect();
        }
        entries.map_err(|error| (error, connection))
    }

    async fn connect(&self) -> Result<(Ldap, Connection), DirectoryError> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = connection.as_mut()
            && open.used.elapsed() < IDLE_TIME
            && !open.ldap.is_closed()
        {
            open.used = Instant::now();
            return Ok((open.ldap.clone(), Connection::Old));
        }
        *connection = None;
        let ldap = connect(&self.settings).await?;
        *connection = Some(Open { ldap: ldap.clone(), used: Instant::now() });
        Ok((ldap, Connection::New))
    }

    /// Gives the connection up; it closes with the last look-up on it. Who has the lock for long is replacing it.
    fn disconnect(&self) {
        if let Ok(mut connection) = self.connection.try_lock() {
            connection.take();
        }
    }
}

/// Whether a connection was used before.
enum Connection {
    New,
    Old,
}

async fn connect(settings: &DirectorySettings) -> Result<Ldap, DirectoryError> {
    let DirectorySettings { host, port, tls, timeout, .. } = settings;
    let url = if host.contains(':') {
        format!("ldaps://[{host}]:{port}")
    } else {
        format!("ldaps://{host}:{port}")
    };
    let how = LdapConnSettings::new().set_config(tls.clone()).set_conn_timeout(*timeout);
    let (connection, mut ldap) = LdapConnAsync::with_settings(how, &url).await.map_err(|error| {
        tracing::warn!(error = cause(&error), "no connection to the directory");
        DirectoryError::Unreachable
    })?;
    tokio::spawn(connection.drive());
    // Anonymous: the proxy of the Konnektor forwards nothing else.
    let bound = ldap.simple_bind("", "").await.map_err(|_| DirectoryError::Unreachable)?;
    refusal(bound.rc).map_or(Ok(ldap), Err)
}

/// What is safe to log; the texts of the library may quote what the directory sent.
fn cause(error: &LdapError) -> String {
    match error {
        LdapError::Io { source } => match kim_tls::Distrust::in_io(source) {
            Some(distrust) => distrust.to_string(),
            None => source.kind().to_string(),
        },
        LdapError::Timeout { .. } => "timeout".to_owned(),
        _ => "protocol".to_owned(),
    }
}

async fn search(
    mut ldap: Ldap,
    settings: &DirectorySettings,
    filter: String,
) -> Result<Vec<Entry>, DirectoryError> {
    let limit = i32::try_from(settings.max_entries).unwrap_or(i32::MAX);
    ldap.with_search_options(SearchOptions::new().sizelimit(limit));
    let attributes: Vec<String> = ATTRIBUTES.iter().map(|&name| name.to_owned()).collect();
    let lost = |_| DirectoryError::Unreachable;
    let search = ldap.streaming_search(&settings.base, Scope::Subtree, &filter, attributes);
    let mut stream = search.await.map_err(lost)?;
    let entries = collect(&mut stream, settings.max_entries).await?;
    refusal(stream.finish().await.rc).map_or(Ok(entries), Err)
}

async fn collect(
    stream: &mut SearchStream<'_, String, Vec<String>>,
    max: usize,
) -> Result<Vec<Entry>, DirectoryError> {
    let mut entries = Vec::new();
    while let Some(result) = stream.next().await.map_err(|_| DirectoryError::Unreachable)? {
        if result.is_ref() || result.is_intermediate() {
            continue;
        }
        if entries.len() >= max {
            return Err(DirectoryError::TooMany);
        }
        entries.push(entry(result).ok_or(DirectoryError::Protocol)?);
    }
    Ok(entries)
}

fn refusal(code: u32) -> Option<DirectoryError> {
    match code {
        // An empty directory has no base; a referral names another one, which is not ours to ask.
        0 | code::NO_SUCH_OBJECT | code::REFERRAL => None,
        code::SIZE_LIMIT => Some(DirectoryError::TooMany),
        code::TIME_LIMIT | code::BUSY | code::UNAVAILABLE => Some(DirectoryError::Busy),
        other => Some(DirectoryError::Refused(other)),
    }
}

/// Reads an entry; the library's own reader panics if it is malformed.
///
/// Spec: RFC 4511 §4.5.2 (SearchResultEntry).
fn entry(result: ResultEntry) -> Option<Entry> {
    let [_name, attributes] = children(result.0)?.try_into().ok()?;
    let attributes = children(attributes)?.into_iter().map(|attribute| {
        let [name, values] = children(attribute)?.try_into().ok()?;
        let name = String::from_utf8(octets(name)?).ok()?;
        let values: Option<Vec<Vec<u8>>> = children(values)?.into_iter().map(octets).collect();
        Some((name, values?))
    });
    Some(Entry { attributes: attributes.collect::<Option<_>>()? })
}

fn children(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(children) => Some(children),
        PL::P(_) => None,
    }
}

fn octets(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(octets) => Some(octets),
        PL::C(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use kim_testbed::{Testbed, TestbedConfig};
    use kim_tls::{Identity, Pins, ServerTrust, client_config};

    use super::*;

    /// A firewall may have dropped it meanwhile without telling either side.
    ///
    /// Spec: none — own rule.
    #[tokio::test]
    async fn a_connection_that_was_idle_for_long_is_not_used_again() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let (file, password) = testbed.konnektor_client_pkcs12();
        let identity = Identity::from_pkcs12(&file, &password).unwrap();
        let pins = Pins::from_pem(testbed.konnektor_certificate_pem().as_bytes()).unwrap();
        let client = DirectoryClient::new(DirectorySettings {
            host: testbed.ldap_addr().ip().to_string(),
            port: testbed.ldap_addr().port(),
            base: "dc=data,dc=vzd".to_owned(),
            tls: client_config(ServerTrust::Pins(pins), Some(&identity)).unwrap(),
            timeout: Duration::from_secs(20),
            max_entries: 50,
        });
        let address = &testbed.world().account("A").unwrap().address;
        for (idle, binds) in [(0, 1), (10, 1), (15, 2)] {
            if let Some(open) = client.connection.lock().await.as_mut() {
                open.used = open.used.checked_sub(Duration::from_secs(idle)).unwrap();
            }
            client.look_up(address).await.unwrap();
            assert_eq!(testbed.world().directory().binds(), binds, "after {idle} seconds");
        }
    }
}
