//! Where the services of a Fachdienst are: [`base`].

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use kim_fachdienst::{BaseUrl, Service, belongs_to};
use kim_types::Address;
use tracing::warn;

use crate::fachdienst::ServiceError;
use crate::participant::Participant;
use crate::resolver::{Instance, ResolveError, Resolver};

/// How many instances of a service are looked at; KIM has a handful of providers.
const MAX_INSTANCES: usize = 100;

/// How many of them are resolved at once.
const AT_ONCE: usize = 32;

/// How long all of them have. The name servers of other providers may be silent.
const INSTANCES_TIME: Duration = Duration::from_secs(10);

/// How long finding a service may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The base URL of a service of the account's own provider: configured, or found by DNS-SD.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19456; deltas Q16.
pub(crate) async fn base(participant: &Participant, service: Service) -> Result<BaseUrl, ServiceError> {
    let settings = &participant.shared.fachdienst.services;
    let (configured, name) = match service {
        Service::AttachmentService => (&settings.kas_url, &settings.kas_service),
        Service::AccountLimit | Service::ServiceInformation => {
            (&settings.account_url, &settings.account_service)
        }
    };
    if let Some(base) = configured {
        return Ok(base.clone());
    }
    match tokio::time::timeout(PATIENCE, discover(participant, service, name)).await {
        Ok(Ok(Some(base))) => Ok(base),
        Ok(Ok(None)) => Err(ServiceError::NotFound),
        Ok(Err(error)) => {
            warn!(%error, service = name, "DNS service discovery failed");
            Err(ServiceError::NotFound)
        }
        Err(_) => Err(ServiceError::Timeout),
    }
}

async fn discover(
    participant: &Participant,
    service: Service,
    name: &str,
) -> Result<Option<BaseUrl>, ResolveError> {
    let (resolver, settings) = (&participant.shared.resolver, &participant.shared.fachdienst.services);
    let domains = match settings.domains.as_slice() {
        [] => own_domains(&participant.account.address, name),
        configured => configured.to_vec(),
    };
    let names = resolver.instances(name).await?;
    let Some(Instance { name, host, port }) = own(resolver, names, &domains).await else { return Ok(None) };
    let texts = resolver.texts(&name).await?;
    let texts: Vec<&[u8]> = texts.iter().map(AsRef::as_ref).collect();
    let base = service.base(&host, port, &texts);
    Ok(base.map_err(|error| warn!(%error, "DNS gives no usable address of a service")).ok())
}

/// The instance that belongs to the first of these domains, or to the next one. It is taken as soon as no other one can come
/// before it.
async fn own(resolver: &Resolver, names: Vec<String>, domains: &[String]) -> Option<Instance> {
    let resolved = |name: String| async move { resolver.instance(&name).await };
    let mut answers =
        stream::iter(names.into_iter().take(MAX_INSTANCES)).map(resolved).buffer_unordered(AT_ONCE);
    let mut best: Option<(usize, Instance)> = None;
    let searching = async {
        while best.as_ref().is_none_or(|(domain, _)| *domain > 0)
            && let Some(answer) = answers.next().await
        {
            let instance = match answer {
                Ok(instance) => instance,
                Err(error) => {
                    warn!(%error, "an instance of a service cannot be resolved");
                    continue;
                }
            };
            let Some(instance) = instance else { continue };
            let belongs = |domain: &String| belongs_to(domain, &instance.name, &instance.host);
            if let Some(domain) = domains.iter().position(belongs)
                && best.as_ref().is_none_or(|(known, _)| domain < *known)
            {
                best = Some((domain, instance));
            }
        }
    };
    if tokio::time::timeout(INSTANCES_TIME, searching).await.is_err() {
        warn!("not every instance of a service was resolved in time");
    }
    best.map(|(_, instance)| instance)
}

/// The domain of an address and those above it, as long as they are below the one in which services are listed.
fn own_domains(address: &Address, service: &str) -> Vec<String> {
    let listed_in = service.trim_end_matches('.').rsplit_once("._tcp.").map_or("", |(_, zone)| zone);
    let mut domains = vec![address.domain().to_owned()];
    while let Some((_, above)) = domains.last().and_then(|domain| domain.split_once('.')) {
        if above.eq_ignore_ascii_case(listed_in) || !above.contains('.') {
            break;
        }
        domains.push(above.to_owned());
    }
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domains_of_a_provider_lie_between_address_and_zone() {
        let domains = |address: &str| own_domains(&address.parse().unwrap(), "_kas._tcp.kim.telematik");
        assert_eq!(
            domains("a@x.example.kim.telematik"),
            ["x.example.kim.telematik", "example.kim.telematik"]
        );
        assert_eq!(domains("a@example.kim.telematik"), ["example.kim.telematik"]);
        assert_eq!(domains("a@b.example.de"), ["b.example.de", "example.de"]);
    }
}
