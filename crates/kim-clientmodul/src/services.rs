//! Where the services of a Fachdienst are: [`base`].

use std::time::Duration;

use kim_fachdienst::{BaseUrl, Service, belongs_to};
use kim_types::Address;
use tracing::warn;

use crate::fachdienst::ServiceError;
use crate::participant::Participant;
use crate::resolver::{Instance, ResolveError};

/// How many instances of a service are looked at; KIM has a handful of providers.
const MAX_INSTANCES: usize = 100;

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
    let mut instances = Vec::new();
    for instance in resolver.instances(name).await?.into_iter().take(MAX_INSTANCES) {
        match resolver.instance(&instance).await {
            Ok(found) => instances.extend(found),
            Err(error) => warn!(%error, "an instance of a service cannot be resolved"),
        }
    }
    let own = |domain: &String| {
        let own = |one: &&Instance| belongs_to(domain, &one.name, &one.host);
        instances.iter().find(own)
    };
    let Some(Instance { name, host, port }) = domains.iter().find_map(own) else { return Ok(None) };
    let texts = resolver.texts(name).await?;
    let texts: Vec<&[u8]> = texts.iter().map(AsRef::as_ref).collect();
    let base = service.base(host, *port, &texts);
    Ok(base.map_err(|error| warn!(%error, "DNS gives no usable address of a service")).ok())
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
