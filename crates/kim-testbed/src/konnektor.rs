//! The Konnektor: [`Konnektor`], driven in memory or over TLS.
//!
//! It answers the operations a Clientmodul of KIM needs, as strictly as real ones: elements in the order of the schema
//! and in its namespaces, handles that die when a card is pulled, a PIN for every Mandant. Everything a test wants to
//! go wrong can be planned.
//!
//! ```
//! use std::sync::Arc;
//!
//! use kim_testbed::konnektor::{HttpRequest, Konnektor, KonnektorConfig, Operation, PinStatus};
//! use kim_testbed::pki::{Card, Holder, KeyType, Pki};
//! use kim_types::Context;
//!
//! let pki = Pki::new(1);
//! let practice = Holder::institution("Praxis A", "9-TESTBED-1".parse()?);
//! let card = Card::smb(&pki, "80276883110000000001".parse()?, &practice, &[KeyType::Brainpool]);
//! let context = Context {
//!     mandant: "M1".parse()?,
//!     client_system: "PVS".parse()?,
//!     workplace: "Empfang".parse()?,
//!     user: None,
//! };
//! let konnektor = Konnektor::new(pki, KonnektorConfig::default());
//! konnektor.add_context(context.clone());
//! konnektor.insert(Arc::new(card), &[context.mandant], PinStatus::Verifiable);
//!
//! let answer = konnektor.handle(&HttpRequest::get("/connector.sds"));
//! assert!(answer.text().contains("secunet konnektor 2.0.0"));
//! assert_eq!(konnektor.count(Operation::ServiceDirectory), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authentication;
mod call;
mod cards;
mod certificates;
mod clock;
mod config;
mod encryption;
mod events;
mod fault;
mod http;
mod namespace;
mod operation;
mod pin;
mod request;
mod resources;
mod response;
mod server;
mod service_directory;
mod signing;
mod state;
mod subscriptions;
mod time_server;
mod vendor;
mod verification;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_types::{CardHandle, Context, Iccsn, MandantId};
use tokio::sync::Notify;

use crate::lock::lock;
use crate::pki::{Card, Pki};
use crate::{FaultPlan, Times};
use call::Call;
use state::State;

pub use config::{ClientLogin, KonnektorConfig, Refusal};
pub use events::SentEvent;
pub use fault::Fault;
pub use http::{Delivery, HttpRequest, HttpResponse};
pub use operation::Operation;
pub use pin::{PinEntry, PinStatus};
pub use vendor::Vendor;

pub(crate) use server::KonnektorServer;
pub(crate) use time_server::TimeServer;

/// A Konnektor with its cards. A clone is the same Konnektor.
///
/// Spec: gemSpec_Kon 5.18.0, basic services.
#[derive(Debug, Clone)]
pub struct Konnektor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pki: Pki,
    config: Mutex<KonnektorConfig>,
    state: Mutex<State>,
    faults: FaultPlan<Operation, Injection>,
    operations: Mutex<Vec<Operation>>,
    tls_versions: Mutex<Vec<&'static str>>,
    /// There are events to be sent.
    events: Notify,
}

/// What goes wrong instead of an operation.
///
/// Spec: none — a tool for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Injection {
    /// The operation fails with this fault and has no effect.
    Fault(Fault),
    /// The web server in front answers with this status, such as 503.
    HttpStatus(u16),
    /// The connection is closed without an answer.
    Close,
    /// Nothing is answered any more.
    Silence,
    /// The operation is carried out and answered this much later.
    Delay(Duration),
}

impl Konnektor {
    /// A Konnektor that trusts this PKI, without callers and cards.
    pub fn new(pki: Pki, config: KonnektorConfig) -> Self {
        Self(Arc::new(Inner {
            pki,
            config: Mutex::new(config),
            state: Mutex::default(),
            faults: FaultPlan::default(),
            operations: Mutex::default(),
            tls_versions: Mutex::default(),
            events: Notify::new(),
        }))
    }

    /// Changes how it behaves from now on.
    pub fn configure(&self, change: impl FnOnce(&mut KonnektorConfig)) {
        change(&mut lock(&self.0.config));
    }

    /// Makes Mandant, Clientsystem and workplace known together; the user of the context does not matter.
    pub fn add_context(&self, context: Context) {
        lock(&self.0.state).add_context(context);
    }

    /// Plugs a card in that these Mandanten may use.
    pub fn insert(&self, card: Arc<Card>, mandants: &[MandantId], pin: PinStatus) -> Option<CardHandle> {
        let mut state = lock(&self.0.state);
        let iccsn = card.iccsn().clone();
        state.insert(card, mandants, pin);
        let handle = state.replug(&iccsn);
        self.0.events.notify_one();
        handle
    }

    /// Pulls a card and plugs it in again: its handle changes and its PIN has to be entered again. Events CARD/REMOVED and
    /// CARD/INSERTED.
    pub fn replug(&self, iccsn: &Iccsn) -> Option<CardHandle> {
        let handle = lock(&self.0.state).replug(iccsn);
        self.0.events.notify_one();
        handle
    }

    /// What a restart does: all handles change, every PIN has to be entered again, and subscriptions are forgotten. Event
    /// BOOTUP/BOOTUP_COMPLETE.
    pub fn restart(&self) {
        lock(&self.0.state).restart();
        self.0.events.notify_one();
    }

    /// Pulls a card, until [`Konnektor::replug`]. Event CARD/REMOVED.
    pub fn remove(&self, iccsn: &Iccsn) {
        lock(&self.0.state).remove(iccsn);
        self.0.events.notify_one();
    }

    /// The events that are to be sent; those of a [`Testbed`](crate::Testbed) are sent by its server.
    pub fn take_events(&self) -> Vec<SentEvent> {
        std::mem::take(&mut lock(&self.0.state).events)
    }

    /// Waits until there may be events to be sent.
    async fn event(&self) {
        self.0.events.notified().await;
    }

    fn sends_events_over_tls(&self) -> bool {
        lock(&self.0.config).events_over_tls
    }

    /// The handle of a card that is plugged in.
    pub fn card_handle(&self, iccsn: &Iccsn) -> Option<CardHandle> {
        lock(&self.0.state).slot(iccsn)?.handle.clone()
    }

    /// Plans what the user does when the terminal asks for the PIN of a card next; entering it is what else happens.
    pub fn plan_pin_entry(&self, iccsn: &Iccsn, entry: PinEntry) {
        if let Some(slot) = lock(&self.0.state).slot(iccsn) {
            slot.pin.plan(entry);
        }
    }

    /// Sets the status of the PIN of a card, for all callers.
    pub fn set_pin_status(&self, iccsn: &Iccsn, status: PinStatus) {
        if let Some(slot) = lock(&self.0.state).slot(iccsn) {
            slot.pin = pin::Pin::new(status);
        }
    }

    /// Plans that an operation goes wrong.
    pub fn inject(&self, operation: Operation, times: Times, injection: Injection) {
        self.0.faults.add(operation, times, injection);
    }

    /// Forgets what was planned to go wrong.
    pub fn clear_injections(&self) {
        self.0.faults.clear();
    }

    /// The operations that were called, in their order, whether they succeeded or not.
    pub fn operations(&self) -> Vec<Operation> {
        lock(&self.0.operations).clone()
    }

    /// How often an operation was called.
    pub fn count(&self, operation: Operation) -> usize {
        lock(&self.0.operations).iter().filter(|called| **called == operation).count()
    }

    /// Forgets the operations that were called.
    pub fn clear_operations(&self) {
        lock(&self.0.operations).clear();
    }

    /// The versions of TLS in the words of OpenSSL, as `TLSv1.3`, one for each connection to the server of a
    /// [`Testbed`](crate::Testbed).
    pub fn tls_versions(&self) -> Vec<&'static str> {
        lock(&self.0.tls_versions).clone()
    }

    fn record_tls(&self, version: &'static str) {
        lock(&self.0.tls_versions).push(version);
    }

    /// Answers a request.
    pub fn handle(&self, request: &HttpRequest) -> HttpResponse {
        let config = lock(&self.0.config).clone();
        if let Some(status) = refused(&config.client_login, request) {
            return HttpResponse::plain(status);
        }
        let path = request.path.split_once('?').map_or(request.path.as_str(), |(path, _)| path);
        let Some(path) = path.strip_prefix(&config.proxy_prefix) else { return HttpResponse::plain(404) };
        match request.method.as_str() {
            "GET" if path == "/connector.sds" => self.carry_out(Operation::ServiceDirectory, &config, || {
                let host = request.header("Host").unwrap_or("127.0.0.1");
                let authority = config.published_authority.as_deref().unwrap_or(host);
                let directory = service_directory::service_directory(&config, authority);
                Ok(HttpResponse::xml(200, directory.into_bytes()))
            }),
            _ if !config.vendor.offers(path) => HttpResponse::plain(404),
            "POST" => self.call(&config, path, request),
            _ => HttpResponse::plain(405),
        }
    }

    fn call(&self, config: &KonnektorConfig, path: &str, request: &HttpRequest) -> HttpResponse {
        let action = request.header("SOAPAction").unwrap_or_default().trim_matches('"');
        let Some((operation, namespace)) = Operation::from_action(action) else {
            return response::fault(config.vendor, &Fault::syntax("unknown SOAPAction"));
        };
        self.carry_out(operation, config, || {
            let version = config
                .vendor
                .version_at(path, operation.service(), namespace)
                .ok_or_else(|| Fault::syntax("the operation is not offered here"))?;
            let message = request::soap_body(&request.body)?;
            if message.namespace != namespace || message.name != operation.name() {
                return Err(Fault::syntax("SOAPAction and message differ"));
            }
            let (pki, state) = (&self.0.pki, &self.0.state);
            run(operation, &Call { pki, config, state, version, namespace, message: &message })
        })
    }

    /// Records an operation and carries it out, unless something else is planned.
    fn carry_out(
        &self,
        operation: Operation,
        config: &KonnektorConfig,
        run: impl FnOnce() -> Result<HttpResponse, Fault>,
    ) -> HttpResponse {
        lock(&self.0.operations).push(operation);
        let answer = || run().unwrap_or_else(|fault| response::fault(config.vendor, &fault));
        let undelivered = |delivery| HttpResponse { delivery, ..HttpResponse::plain(503) };
        match self.0.faults.next(operation) {
            None => answer(),
            Some(Injection::Fault(fault)) => response::fault(config.vendor, &fault),
            Some(Injection::HttpStatus(status)) => HttpResponse::plain(status),
            Some(Injection::Close) => undelivered(Delivery::Close),
            Some(Injection::Silence) => undelivered(Delivery::Never),
            Some(Injection::Delay(time)) => HttpResponse { delivery: Delivery::After(time), ..answer() },
        }
    }
}

fn run(operation: Operation, call: &Call<'_>) -> Result<HttpResponse, Fault> {
    match operation {
        Operation::ServiceDirectory => Err(Fault::syntax("not a SOAP operation")),
        Operation::GetCards => cards::get_cards(call),
        Operation::GetPinStatus => cards::get_pin_status(call),
        Operation::VerifyPin => cards::verify_pin(call),
        Operation::GetResourceInformation => resources::get_resource_information(call),
        Operation::Subscribe => subscriptions::subscribe(call),
        Operation::RenewSubscriptions => subscriptions::renew_subscriptions(call),
        Operation::Unsubscribe => subscriptions::unsubscribe(call),
        Operation::GetSubscription => subscriptions::get_subscription(call),
        Operation::CheckCertificateExpiration => resources::check_certificate_expiration(call),
        Operation::ExternalAuthenticate => authentication::external_authenticate(call),
        Operation::ReadCardCertificate => certificates::read_card_certificate(call),
        Operation::VerifyCertificate => certificates::verify_certificate(call),
        Operation::GetJobNumber => signing::get_job_number(call),
        Operation::SignDocument => signing::sign_document(call),
        Operation::VerifyDocument => verification::verify_document(call),
        Operation::EncryptDocument => encryption::encrypt_document(call),
        Operation::DecryptDocument => encryption::decrypt_document(call),
    }
}

/// The status with which a client is turned away that did not show who it is.
fn refused(login: &ClientLogin, request: &HttpRequest) -> Option<u16> {
    match login {
        ClientLogin::None => None,
        ClientLogin::Certificate => request.client_certificate.is_none().then_some(403),
        ClientLogin::Basic { user, password } => {
            let mut expected = format!("{user}:").into_bytes();
            expected.extend_from_slice(password.expose());
            let expected = format!("Basic {}", STANDARD.encode(expected));
            (request.header("Authorization") != Some(&expected)).then_some(401)
        }
    }
}
