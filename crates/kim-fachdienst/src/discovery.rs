//! Where DNS service discovery says a service is: [`Service`].

use crate::{BaseUrl, BaseUrlError};

/// A service of a Fachdienst that is found by DNS service discovery.
///
/// Host and port come from the SRV record, the beginning of the path from the TXT record.
///
/// ```
/// use kim_fachdienst::Service;
///
/// let base = Service::AttachmentService.base("kas.example.kim.telematik.", 8443, &[b"path=/api"])?;
/// assert_eq!(base.as_str(), "https://kas.example.kim.telematik:8443/api/attachments/v2.4/");
/// # Ok::<(), kim_fachdienst::BaseUrlError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19361-01, A_19456; api-kim (servers of the YAML files); RFC 6763.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// I_Attachment_Service 2.4.
    AttachmentService,
    /// I_AccountLimit_Service 1.1, beside the Account Manager.
    AccountLimit,
    /// I_ServiceInformation 1.0, beside the Account Manager.
    ServiceInformation,
}

impl Service {
    /// The path of the service behind what DNS says, without a slash in front.
    ///
    /// Spec: api-kim, AttachmentService.yaml 2.4.0, AccountLimit.yaml 1.1.4, ServiceInformation.yaml 1.0.3 (servers).
    pub fn path(self) -> &'static str {
        match self {
            Self::AttachmentService => "attachments/v2.4/",
            Self::AccountLimit => "AccountLimit/v1.1/",
            Self::ServiceInformation => "ServiceInformation/v1.0/",
        }
    }

    /// The base of the service at this host and port; `texts` are the strings of the TXT record.
    ///
    /// A path in the TXT record stands behind `path=` or alone. One that names the service already, in another version for
    /// instance, is taken as it is.
    ///
    /// # Errors
    /// [`BaseUrlError`] if host or path cannot stand in a URL.
    pub fn base(self, host: &str, port: u16, texts: &[&[u8]]) -> Result<BaseUrl, BaseUrlError> {
        let path = texts.iter().find_map(|text| {
            let text = std::str::from_utf8(text).ok()?.trim();
            match text.split_once('=') {
                Some((key, path)) => key.trim().eq_ignore_ascii_case("path").then(|| path.trim()),
                None => text.starts_with('/').then_some(text),
            }
        });
        let path = path.unwrap_or_default().trim_matches('/');
        let name = self.path().split('/').next().unwrap_or_default();
        let complete = path.split('/').any(|segment| segment.eq_ignore_ascii_case(name));
        let host = host.trim_end_matches('.');
        if !host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
            return Err(BaseUrlError::Authority);
        }
        let slash = if path.is_empty() { "" } else { "/" };
        let rest = if complete { "" } else { self.path() };
        format!("https://{host}:{port}/{path}{slash}{rest}").parse()
    }
}

/// Whether an instance of a service belongs to a provider: `instance` is what the PTR record names, `host` what its SRV record
/// names, both without the dot at the end; `domain` is one of the provider.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19456; deltas Q16.
pub fn belongs_to(domain: &str, instance: &str, host: &str) -> bool {
    let domain = domain.trim_matches('.').to_ascii_lowercase();
    let [instance, host] = [instance, host].map(|name| name.trim_end_matches('.').to_ascii_lowercase());
    let within =
        |name: &str| name == domain || name.strip_suffix(&domain).is_some_and(|before| before.ends_with('.'));
    let begins = instance.strip_prefix(&domain).is_some_and(|after| after.starts_with("._"));
    !domain.is_empty() && (within(&host) || within(&instance) || begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_record_and_of_the_service() {
        let base =
            |texts: &[&[u8]]| Service::AccountLimit.base("am.example", 443, texts).unwrap().to_string();
        let rest = "AccountLimit/v1.1/";
        assert_eq!(base(&[]), format!("https://am.example:443/{rest}"));
        assert_eq!(base(&[b"path=/"]), format!("https://am.example:443/{rest}"));
        assert_eq!(base(&[b"txtvers=1", b"PATH = /a/b/"]), format!("https://am.example:443/a/b/{rest}"));
        assert_eq!(base(&[b"/a"]), format!("https://am.example:443/a/{rest}"));
        assert_eq!(base(&[b"path=/accountlimit/v1.0"]), "https://am.example:443/accountlimit/v1.0/");
        assert_eq!(base(&[b"\xff", b"other"]), format!("https://am.example:443/{rest}"));
        let hostile: &[&[u8]] = &[b"path=/\r\nHost: x"];
        assert!(Service::AccountLimit.base("am.example", 443, hostile).is_err());
        assert!(Service::AccountLimit.base("am.example/x", 443, &[]).is_err());
    }

    #[test]
    fn a_provider_is_known_by_its_domain() {
        let domain = "Example.kim.telematik";
        for (instance, host) in [
            ("x._kas._tcp.kim.telematik", "kas.example.kim.telematik."),
            ("x._kas._tcp.example.kim.telematik", "elsewhere.telematik"),
            ("example.kim.telematik._kas._tcp.kim.telematik", "elsewhere.telematik"),
        ] {
            assert!(belongs_to(domain, instance, host), "{instance} {host}");
        }
        let (instance, host) = ("x._kas._tcp.kim.telematik", "kas.another-example.kim.telematik");
        assert!(!belongs_to(domain, instance, host) && !belongs_to("", instance, host));
    }
}
