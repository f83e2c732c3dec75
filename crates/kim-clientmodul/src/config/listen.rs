//! Where a listener listens, and with which TLS.

use kim_tls::{Anchors, ClientAuth};

use super::pem;
use super::section::Section;
use crate::proxy::Listen;

/// The address and the TLS of a listener; plain is for this machine only.
pub(crate) fn read(section: &mut Section<'_, '_>, port: u16) -> Listen {
    let addresses = section.list("listen").unwrap_or_else(|| Listen::loopback(port).addresses);
    if addresses.is_empty() {
        section.problem("listen", "at least one address is wanted");
    }
    let implicit = section.choice("tls", &[("off", false), ("implicit", true)]).unwrap_or(false);
    let identity = pem::identity(section);
    let choices = [("off", 0), ("optional", 1), ("required", 2)];
    let client_auth = section.choice("client_auth", &choices).unwrap_or(0);
    let anchors =
        section.file("client_trust").and_then(|pem| section.usable("client_trust", Anchors::from_pem(&pem)));
    if !implicit && addresses.iter().any(|address| !address.ip().is_loopback()) {
        section.problem("tls", "off is for loopback addresses only; use tls = \"implicit\"");
    }
    let mut tls = None;
    if implicit {
        let clients = match (client_auth, anchors) {
            (0, _) => Some(ClientAuth::Off),
            (1, Some(anchors)) => Some(ClientAuth::Optional(anchors)),
            (2, Some(anchors)) => Some(ClientAuth::Required(anchors)),
            _ => None,
        };
        if !section.has(&["identity"]) {
            section.problem("identity", "tls = \"implicit\" needs an identity");
        }
        if client_auth > 0 && !section.has(&["client_trust"]) {
            section.problem("client_trust", "client_auth needs a PEM file of authorities");
        }
        if let (Some(identity), Some(clients)) = (identity, clients) {
            tls = section.usable("identity", kim_tls::server_config(&identity, clients));
        }
    }
    section.finish();
    Listen { addresses, tls }
}
