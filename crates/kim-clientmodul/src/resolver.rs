//! Names of the TI: [`Resolver`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use thiserror::Error;
use tokio::sync::OnceCell;

/// How many answers are remembered, each as long as it says.
const CACHE: u64 = 1_000;

/// No answer is remembered for longer, and none that there is nothing for longer than the second.
const LONGEST: (Duration, Duration) = (Duration::from_secs(86_400), Duration::from_secs(60));

/// Resolves names, by a name server of its own or as the system does. Clones share what they remember.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01; RFC 6763.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<Inner>);

struct Inner {
    server: Option<SocketAddr>,
    dns: OnceCell<TokioResolver>,
}

/// An instance of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    /// Its name, without the dot at the end.
    pub(crate) name: String,
    /// Its host, without the dot at the end.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub(crate) enum ResolveError {
    #[error("the name server cannot be used: {0}")]
    Dns(#[from] NetError),
}

impl Resolver {
    /// Asks `server`, or those the system is configured with.
    pub(crate) fn new(server: Option<SocketAddr>) -> Self {
        Self(Arc::new(Inner { server, dns: OnceCell::new() }))
    }

    /// The addresses of a host. Without a name server of its own all ways the system has are used, files included.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if self.0.server.is_none() || host.parse::<std::net::IpAddr>().is_ok() {
            return Ok(tokio::net::lookup_host((host, port)).await?.collect());
        }
        let found = async {
            let dns = self.dns().await?;
            Ok::<_, ResolveError>(dns.lookup_ip(absolute(host)).await?)
        };
        let found = found.await.map_err(|error| io::Error::new(io::ErrorKind::NotFound, error))?;
        Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// The names of the instances of a service such as `_kas._tcp.kim.telematik`.
    pub(crate) async fn instances(&self, service: &str) -> Result<Vec<String>, ResolveError> {
        let found = self.dns().await?.lookup(absolute(service), RecordType::PTR).await?;
        let names = found.answers().iter().filter_map(|record| match &record.data {
            RData::PTR(name) => Some(name.0.to_ascii().trim_end_matches('.').to_owned()),
            _ => None,
        });
        Ok(names.collect())
    }

    /// Where an instance is: the SRV record that comes first by priority and weight.
    pub(crate) async fn instance(&self, name: &str) -> Result<Option<Instance>, ResolveError> {
        let found = self.dns().await?.lookup(absolute(name), RecordType::SRV).await?;
        let records = found.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv),
            _ => None,
        });
        let first = records.min_by_key(|srv| (srv.priority, u16::MAX.saturating_sub(srv.weight)));
        Ok(first.map(|srv| Instance {
            name: name.to_owned(),
            host: srv.target.to_ascii().trim_end_matches('.').to_owned(),
            port: srv.port,
        }))
    }

    /// The strings of the TXT records of an instance; none if there is no such record.
    pub(crate) async fn texts(&self, name: &str) -> Result<Vec<Box<[u8]>>, ResolveError> {
        let found = match self.dns().await?.lookup(absolute(name), RecordType::TXT).await {
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            found => found?,
        };
        let texts = found.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(txt.txt_data.iter().cloned()),
            _ => None,
        });
        Ok(texts.flatten().collect())
    }

    async fn dns(&self) -> Result<&TokioResolver, ResolveError> {
        let made = self.0.dns.get_or_try_init(|| async {
            let mut builder = match self.0.server {
                None => TokioResolver::builder_tokio()?,
                Some(server) => {
                    let mut config = NameServerConfig::udp_and_tcp(server.ip());
                    config.connections.iter_mut().for_each(|connection| connection.port = server.port());
                    let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
                    let provider = TokioRuntimeProvider::default();
                    TokioResolver::builder_with_config(config, provider).with_options(ResolverOpts::default())
                }
            };
            let options = builder.options_mut();
            options.cache_size = CACHE;
            (options.positive_max_ttl, options.negative_max_ttl) = (Some(LONGEST.0), Some(LONGEST.1));
            builder.build()
        });
        Ok(made.await?)
    }
}

/// Names are complete: no domain of the system is tried behind them.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use kim_testbed::{Testbed, TestbedConfig};

    use super::*;

    #[tokio::test]
    async fn services_are_found_and_remembered() {
        let testbed = Testbed::start(TestbedConfig::default()).await.unwrap();
        let resolver = Resolver::new(Some(testbed.dns_addr()));
        let name = "testbed._kas._tcp.kim.telematik-test";
        for _ in 0..3 {
            let found = resolver.instances("_kas._tcp.kim.telematik-test").await.unwrap();
            assert_eq!(found, ["other._kas._tcp.kim.telematik-test", name]);
        }
        assert_eq!(testbed.dns().count("_kas._tcp.kim.telematik-test"), 1);
        let instance = resolver.instance(name).await.unwrap().unwrap();
        let (host, port) = (testbed.fachdienst_name().to_owned(), testbed.kas_addr().port());
        assert_eq!(instance, Instance { name: name.to_owned(), host, port });
        assert_eq!(
            resolver.texts(name).await.unwrap(),
            [b"txtvers=1".as_slice().into(), b"path=/".as_slice().into()]
        );
        assert_eq!(resolver.texts(testbed.fachdienst_name()).await.unwrap(), []);
        let addresses = resolver.addresses(&instance.host, port).await.unwrap();
        assert_eq!(addresses, [testbed.kas_addr()]);
        assert!(resolver.instances("_none._tcp.kim.telematik-test").await.is_err());
        assert_eq!(resolver.addresses("none.example", 1).await.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(resolver.addresses("127.0.0.1", port).await.unwrap(), [testbed.kas_addr()]);
    }

    #[tokio::test]
    async fn without_a_server_the_system_is_asked() {
        let addresses = Resolver::new(None).addresses("localhost", 7).await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()) && !addresses.is_empty());
    }
}
