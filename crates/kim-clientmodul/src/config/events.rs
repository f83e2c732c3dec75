//! `[events]`: where events of the Konnektors are taken.

use std::net::SocketAddr;
use std::sync::Arc;

use kim_konnektor::EventSink;
use kim_types::Context;

use super::listen;
use super::section::Section;

/// Where events of the Konnektors are taken, and in whose name they are subscribed to.
///
/// For [`EventListener`](crate::EventListener) and [`subscribe`](crate::subscribe()).
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076.
#[non_exhaustive]
pub struct Events {
    /// Where events are taken. Default: port 10999 of this machine.
    pub listen: SocketAddr,
    /// TLS, which Konnektors use if it is mandatory to them.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The address of the listener as the Konnektors see it.
    pub sink: EventSink,
    /// The call context in whose name the events are subscribed to.
    pub context: Context,
}

/// `[events]`: off unless `address` is given, an IP address and port of this machine as the Konnektors see it.
///
/// ```toml
/// [events]
/// address = "192.0.2.5:10999"      # Konnektors send to cetp://192.0.2.5:10999
/// listen = "192.0.2.5:10999"       # default 127.0.0.1:10999
/// tls = "implicit"                 # as for [smtp]; Konnektors use TLS if it is mandatory to them
/// identity = "server.p12"          # with identity_password_file
/// mandant = "M1"                   # the call context in whose name the events are subscribed to
/// client_system = "PVS"
/// workplace = "Empfang"
/// ```
pub(crate) fn read(mut section: Section<'_, '_>) -> Option<Events> {
    let sink = section.parsed("address").map(EventSink);
    let mandant = section.parsed("mandant");
    let client_system = section.parsed("client_system");
    let workplace = section.parsed("workplace");
    let context = match (mandant, client_system, workplace) {
        (Some(mandant), Some(client_system), Some(workplace)) => {
            Some(Context { mandant, client_system, workplace, user: None })
        }
        _ => None,
    };
    let complete = ["mandant", "client_system", "workplace"].iter().all(|key| section.has(&[key]));
    if sink.is_some() && !complete {
        section.problem("mandant", "events need mandant, client_system and workplace");
    }
    let listen = listen::read(&mut section, 10999);
    if listen.addresses.len() > 1 {
        section.problem("listen", "one address is wanted");
    }
    let (sink, context, address) = (sink?, context?, *listen.addresses.first()?);
    Some(Events { listen: address, tls: listen.tls, sink, context })
}
