//! The strict part of URL syntax both kinds of URL share.

/// The pieces of an `https` URL that nothing can read in two ways.
///
/// Only printable ASCII that RFC 3986 allows, a host of letters, digits, `-` and `.`, an optional port, a path; no user
/// information, fragment, IPv6 literal or backslash.
pub(crate) struct Https<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
    /// Path and query, empty or beginning with `/`.
    pub(crate) path: &'a str,
}

/// Which rule a URL breaks.
pub(crate) enum Fault {
    /// A character that does not belong, at this octet.
    Character(usize),
    Scheme,
    UserInformation,
    Host,
    Port,
}

impl<'a> Https<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, Fault> {
        let allowed = |c: char| c.is_ascii_graphic() && !r##""#<>\^`{|}"##.contains(c);
        if let Some((at, _)) = text.char_indices().find(|(_, c)| !allowed(*c)) {
            return Err(Fault::Character(at));
        }
        let (scheme, rest) = text.split_once("://").ok_or(Fault::Scheme)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(Fault::Scheme);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(Fault::Host)?;
        if authority.contains('@') {
            return Err(Fault::UserInformation);
        }
        let (host, port) = match authority.split_once(':') {
            None => (authority, None),
            Some((host, port)) => (host, Some(parse_port(port)?)),
        };
        let label =
            |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if host.len() > 253 || !host.split('.').all(label) || path.starts_with('?') {
            return Err(Fault::Host);
        }
        Ok(Self { host, port, path })
    }
}

fn parse_port(port: &str) -> Result<u16, Fault> {
    let digits = port.chars().all(|c| c.is_ascii_digit());
    port.parse().ok().filter(|port| digits && *port != 0).ok_or(Fault::Port)
}
