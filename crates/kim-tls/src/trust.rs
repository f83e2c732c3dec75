//! Whom to trust: [`ServerTrust`] and [`ClientAuth`].

use std::net::IpAddr;

use crate::anchors::Anchors;
use crate::kind::ServerKind;
use crate::pins::Pins;

/// How a client recognises its server.
///
/// The name that a connection is opened with is not looked at: what the certificate must say is written here.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070, KOM-LE-A_2075-03; deltas Q19.
#[derive(Debug, Clone)]
pub enum ServerTrust {
    /// By its very certificate, for a Konnektor.
    Pins(Pins),
    /// By an authority, for everything else: chain, validity, name and kind.
    Anchors {
        /// The authorities.
        anchors: Anchors,
        /// The name in the certificate.
        name: ExpectedName,
        /// Type and role the certificate must have; `None` where the services have no common one.
        required_kind: Option<ServerKind>,
    },
}

/// The name a certificate must have.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2075-03; deltas Q19 (name); RFC 6125.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedName {
    /// A DNS name: one of the alternative names, or the common name if there is none among them.
    Dns(String),
    /// An IP address among the alternative names.
    Ip(IpAddr),
    /// Whatever it is: for a Konnektor that is recognised by its authority, because its certificate names no host.
    Any,
}

/// Whether a TLS server asks its clients for a certificate.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2181.
#[derive(Debug, Clone, Default)]
pub enum ClientAuth {
    /// It does not. The default.
    #[default]
    Off,
    /// It asks, and checks what it is shown.
    Optional(Anchors),
    /// It asks and insists.
    Required(Anchors),
}
