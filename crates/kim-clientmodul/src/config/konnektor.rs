//! `[[konnektor]]`: a Konnektor and the directory behind it.

use std::time::Duration;

use kim_konnektor::{Crypt, EndpointMode};
use kim_tls::Identity;
use kim_types::KonnektorId;

use super::pem;
use super::section::Section;
use crate::settings::Konnektor;
use crate::soap::{Auth, KonnektorSettings};
use crate::vzd::DirectorySettings;

const MINUTE: Duration = Duration::from_secs(60);

/// Every `[[konnektor]]`. Who types no KonnektorId gets the one that is marked as default, or the only one there is.
pub(crate) fn read_all(root: &mut Section<'_, '_>) -> Option<Vec<Konnektor>> {
    let sections = root.sections("konnektor");
    if sections.is_empty() {
        root.problem("konnektor", "at least one [[konnektor]] is needed");
    }
    let mut ids: Vec<KonnektorId> = Vec::new();
    let mut default: Option<KonnektorId> = None;
    let mut konnektors = Vec::new();
    for mut section in sections {
        let konnektor = read(&mut section);
        if let Some(konnektor) = &konnektor {
            if konnektor.default && *default.get_or_insert(konnektor.id.clone()) != konnektor.id {
                section.problem("default", "another id is marked as default already");
            }
            if !ids.contains(&konnektor.id) {
                ids.push(konnektor.id.clone());
            }
        }
        konnektors.push(konnektor);
    }
    if ids.len() > 1 && default.is_none() {
        root.note("konnektor.default: no id is marked, so user names without a KonnektorId are refused");
    }
    konnektors.into_iter().collect()
}

fn read(section: &mut Section<'_, '_>) -> Option<Konnektor> {
    let id = section.parsed("id");
    let default = section.flag("default").unwrap_or(false);
    // Several tables with one id are Konnektors that reach the same cards: they share the work by weight, and one with
    // weight 0 only steps in for the others.
    let weight = section.number("weight").unwrap_or(1);
    if weight > 1000 {
        section.problem("weight", "a number from 0 to 1000 is wanted");
    }
    let url = section.text("url");
    if !section.has(&["id"]) || !section.has(&["url"]) {
        section.problem("id, url", "both are needed");
    }
    let trust = pem::server_trust(section);
    let identity = pem::identity(section);
    let auth = auth(section);
    let modes = [
        ("published", EndpointMode::Published),
        ("rewrite-authority", EndpointMode::RewriteAuthority),
        ("rewrite-prefix", EndpointMode::RewritePrefix),
    ];
    let endpoints = section.choice("endpoints", &modes).unwrap_or(EndpointMode::Published);
    let timeout = section.timeout("timeout").unwrap_or(MINUTE);
    let pin_timeout = section.timeout("pin_timeout").unwrap_or(MINUTE * 5);
    let signatures = [("RSA_ECC", Crypt::RsaEcc), ("ECC", Crypt::Ecc), ("RSA", Crypt::Rsa)];
    let signature = section.choice("signature", &signatures).unwrap_or(Crypt::RsaEcc);
    let with_certificate = section.flag("ldap_client_certificate").unwrap_or(true);
    let (ldap, base) = (section.text("ldap"), section.text("ldap_base"));
    let time_server = time_server(section, url.as_deref());
    let ldap = ldap.or_else(|| Some(format!("{}:636", host_of(url.as_deref()?)?)));
    let ldap = ldap.as_deref().and_then(host_and_port);
    if ldap.is_none() && section.has(&["ldap", "url"]) {
        section.problem("ldap", "host:port is wanted, or a url of the form https://host/path");
    }
    section.finish();
    let (id, url, trust, auth) = (id?, url?, trust?, auth?);
    let tls = |identity: Option<&Identity>| {
        section.usable("identity", kim_tls::client_config(trust.clone(), identity))
    };
    let soap_tls = tls(identity.as_ref())?;
    let ldap_tls = tls(identity.as_ref().filter(|_| with_certificate))?;
    let (host, port) = ldap?;
    let base = base.unwrap_or("dc=data,dc=vzd".to_owned());
    Some(Konnektor {
        id,
        default,
        weight: u32::try_from(weight).ok()?,
        soap: KonnektorSettings { url, tls: soap_tls, auth, endpoints, timeout, pin_timeout },
        directory: DirectorySettings { host, port, base, tls: ldap_tls, timeout, max_entries: 50 },
        time_server,
        signature,
    })
}

/// How the Konnektor knows who asks.
fn auth(section: &mut Section<'_, '_>) -> Option<Auth> {
    let (user, password) = (section.text("username"), section.password("password"));
    match section.choice("auth", &[("certificate", 0), ("basic", 1), ("none", 2)]).unwrap_or(0) {
        0 => {
            if !section.has(&["identity"]) {
                section.problem("identity", "auth = \"certificate\" needs an identity");
            }
            Some(Auth::Certificate)
        }
        1 => {
            if !section.has(&["username"]) || !section.has(&["password_file", "password_env"]) {
                let wanted = "auth = \"basic\" needs username and password_file or password_env";
                section.problem("username", wanted);
            }
            Some(Auth::Basic { user: user?, password: password? })
        }
        _ => Some(Auth::None),
    }
}

/// `time_server = "192.0.2.10:123"`: where the Konnektor tells the time (sync_Time), by default port 123 of its host. With
/// `"off"` the clock of this machine is relied on, which the system's own NTP client then keeps.
fn time_server(section: &mut Section<'_, '_>, url: Option<&str>) -> Option<(String, u16)> {
    match section.text("time_server").as_deref() {
        Some("off") => None,
        Some(text) => host_and_port(text).or_else(|| {
            section.problem("time_server", "host:port or off is wanted");
            None
        }),
        None => Some((host_of(url?)?.trim_matches(['[', ']']).to_owned(), 123)),
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']).to_owned(), port.parse().ok()?))
}

fn host_of(url: &str) -> Option<String> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    };
    (!host.is_empty()).then(|| host.to_owned())
}
