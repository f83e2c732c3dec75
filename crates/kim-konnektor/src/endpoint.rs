//! [`EndpointMode`]: making published endpoints reachable.

use crate::error::Unsupported;

/// How the endpoints in the service directory become URLs to call.
///
/// A Konnektor publishes its address in its own network. Behind NAT or a reverse proxy that leads nowhere.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076; rewriting is our own, for networks the specification ignores
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EndpointMode {
    /// As published.
    #[default]
    Published,
    /// Scheme, host and port of the service directory's URL, with the published path.
    RewriteAuthority,
    /// The same, and the path prefix of the service directory's URL where the published path lacks it.
    RewritePrefix,
}

impl EndpointMode {
    /// Checks that endpoints can be rewritten after the URL of the service directory.
    pub(crate) fn check(self, directory_url: &str) -> Result<(), Unsupported> {
        match self {
            Self::Published => Ok(()),
            Self::RewriteAuthority | Self::RewritePrefix => {
                split(directory_url).map(|_| ()).ok_or(Unsupported::Url)
            }
        }
    }

    /// The URL to call for a published location; none when it is no absolute https URL.
    pub(crate) fn url(self, location: &str, directory_url: &str) -> Option<String> {
        let (authority, path) = split(location)?;
        if self == Self::Published {
            return Some(format!("{authority}{path}"));
        }
        let (authority, directory_path) = split(directory_url)?;
        let prefix = directory_path.rsplit_once('/').map_or("", |(prefix, _)| prefix);
        let lacking = !path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
        let prefix = if self == Self::RewritePrefix && lacking { prefix } else { "" };
        Some(format!("{authority}{prefix}{path}"))
    }
}

/// Scheme with authority, and path of an https URL.
fn split(url: &str) -> Option<(&str, &str)> {
    const SCHEME: &str = "https://";
    let url = url.trim();
    let (scheme, rest) = url.split_at_checked(SCHEME.len())?;
    let plain = url.chars().all(|c| c.is_ascii_graphic());
    if !scheme.eq_ignore_ascii_case(SCHEME) || rest.is_empty() || rest.starts_with('/') || !plain {
        return None;
    }
    let end = rest.find('/').unwrap_or(rest.len()).saturating_add(SCHEME.len());
    url.split_at_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIRECTORY: &str = "https://proxy.example:8443/kon7/connector.sds";

    fn url(mode: EndpointMode, location: &str) -> String {
        mode.url(location, DIRECTORY).unwrap()
    }

    #[test]
    fn published_endpoints_stay() {
        let location = "https://10.11.12.13:443/ws/CardService";
        assert_eq!(url(EndpointMode::Published, location), location);
    }

    #[test]
    fn the_authority_is_replaced_with_its_port() {
        let mode = EndpointMode::RewriteAuthority;
        assert_eq!(url(mode, "https://10.11.12.13:443/ws/X"), "https://proxy.example:8443/ws/X");
        assert_eq!(url(mode, "https://10.11.12.13"), "https://proxy.example:8443");
    }

    #[test]
    fn the_prefix_is_added_once() {
        let mode = EndpointMode::RewritePrefix;
        assert_eq!(url(mode, "https://10.11.12.13/ws/X"), "https://proxy.example:8443/kon7/ws/X");
        assert_eq!(url(mode, "https://10.11.12.13/kon7/ws/X"), "https://proxy.example:8443/kon7/ws/X");
        assert_eq!(url(mode, "https://10.11.12.13/kon77/ws/X"), "https://proxy.example:8443/kon7/kon77/ws/X");
    }

    #[test]
    fn only_https_urls_are_called() {
        for bad in ["http://a/b", "/ws/X", "https://", "https:///x", "https://a/b c", "https://a/\r\nb", "ä"]
        {
            assert_eq!(EndpointMode::Published.url(bad, DIRECTORY), None, "{bad:?}");
            assert_eq!(EndpointMode::RewritePrefix.check(bad), Err(Unsupported::Url), "{bad:?}");
        }
        assert_eq!(EndpointMode::RewriteAuthority.url("https://a/b", "http://c/d"), None);
    }
}
