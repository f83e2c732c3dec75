//! Calls to a Konnektor: [`KonnektorClient`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use kim_konnektor::{
    Document, EndpointMode, Error, GetPinStatus, Limits, MAX_DIRECTORY_OCTETS, Operation, Patience,
    PinResult, Reason, Request, ResponseReader, ServiceDirectory, Services, Unsupported, VerifyPin,
};
use kim_types::{Context, Secret};
use rustls::ClientConfig;

use crate::http::{Call, HttpClient, HttpError, RequestBody, Response, Use};
use crate::prompts::Prompts;
use crate::resolver::Resolver;
use crate::upstream::ConnectError;

/// The greatest size of a response in octets: 64 MiB, room for a document of 40 MiB in base64.
const MAX_RESPONSE: u64 = 64 * 1024 * 1024;

/// What must reach the Konnektor at most once: each try costs a signature or bothers a person.
const AT_MOST_ONCE: [&str; 2] = ["SignDocument", "VerifyPin"];

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// How a Konnektor is called.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, Tab_Konf_Param, KOM-LE-A_2070, KOM-LE-A_2071, KOM-LE-A_2072.
#[derive(Debug, Clone)]
pub struct KonnektorSettings {
    /// The service directory (KONNEKTOR_URI), an absolute https URL such as `https://192.0.2.10/connector.sds`.
    pub url: String,
    /// Which server is trusted and which client certificate is shown, from [`kim_tls::client_config`].
    pub tls: Arc<ClientConfig>,
    /// How the client says who it is.
    pub auth: Auth,
    /// How the published endpoints are reached. Default: as published.
    pub endpoints: EndpointMode,
    /// How long an answer may take (KONNEKTOR_TIMEOUT). Default of the specification: 1 minute.
    pub timeout: Duration,
    /// How long a person may take to enter a PIN. Usual: 5 minutes.
    pub pin_timeout: Duration,
}

/// How the client says who it is, inside TLS.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2071, KOM-LE-A_2072.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// By the certificate of [`KonnektorSettings::tls`]. The default of the specification.
    Certificate,
    /// By HTTP Basic authentication.
    Basic {
        /// The user name, without `:`.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Not at all: [`KonnektorSettings::tls`] has no certificate.
    None,
}

/// What a Konnektor says about itself.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076, KOM-LE-A_2077, A_21388-01.
pub struct Directory {
    /// The value of X-KIM-KONVersion.
    pub kim_version: String,
    /// The services, each in the version that is used.
    pub services: Services,
}

/// A client for one Konnektor: reads its service directory when needed, keeps connections, streams documents. A clone is the
/// same client.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070, KOM-LE-A_2076, KOM-LE-A_2091-01.
#[derive(Clone)]
pub struct KonnektorClient {
    settings: Arc<KonnektorSettings>,
    http: Arc<HttpClient>,
    directory: Arc<tokio::sync::Mutex<Option<Arc<Directory>>>>,
    prompts: Arc<Prompts>,
    /// What stood against a TLS connection last: said once, not with every call.
    refusal: Arc<Mutex<Option<ConnectError>>>,
}

impl KonnektorClient {
    /// A client that connects to nothing yet.
    pub fn new(settings: KonnektorSettings) -> Self {
        let http = HttpClient::new(settings.tls.clone(), Resolver::new(None));
        Self {
            settings: Arc::new(settings),
            http: Arc::new(http),
            directory: Arc::default(),
            prompts: Arc::default(),
            refusal: Arc::default(),
        }
    }

    /// The service directory: read once, and again after a service could not be reached.
    ///
    /// # Errors
    /// [`Error`] of reading it; the next call tries again.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076.
    pub async fn directory(&self) -> Result<Arc<Directory>, Error> {
        // The time to wait for another caller's attempt counts, so that a silent Konnektor does not make a queue.
        let directory = async {
            let mut known = self.directory.lock().await;
            if let Some(directory) = &*known {
                return Ok(directory.clone());
            }
            let directory = Arc::new(self.read_directory().await?);
            *known = Some(directory.clone());
            Ok(directory)
        };
        in_time(self.settings.timeout, directory).await
    }

    /// Calls an operation.
    ///
    /// A call that found its connection closed is repeated once on a new one, unless it signs or asks for a PIN: these
    /// reach the Konnektor at most once. A call that found nobody at the address, so that nothing can have happened, makes
    /// the service directory be read anew and goes to where the service has moved.
    ///
    /// # Errors
    /// What the Konnektor answers, or [`Error::Unavailable`] with the reason why it did not.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2076, KOM-LE-A_2091-01.
    pub async fn call<O: Operation>(&self, context: &Context, operation: &O) -> Result<O::Response, Error> {
        let directory = self.directory().await?;
        let response = self.call_at(&directory, context, operation).await;
        let Err(Error::Unavailable { reason }) = &response else { return response };
        self.forget(&directory);
        if !matches!(reason, Reason::Connect | Reason::Http(404)) {
            return response;
        }
        match self.directory().await {
            Ok(newer) if newer.services != directory.services => {
                tracing::info!("the services of the Konnektor have moved");
                self.call_at(&newer, context, operation).await
            }
            _ => response,
        }
    }

    async fn call_at<O: Operation>(
        &self,
        directory: &Directory,
        context: &Context,
        operation: &O,
    ) -> Result<O::Response, Error> {
        let request = operation.request(&directory.services, context)?;
        let patience = match request.patience {
            Patience::Normal => self.settings.timeout,
            Patience::Pin => self.settings.pin_timeout,
        };
        operation.response(in_time(patience, self.exchange(&request)).await?)
    }

    /// Asks a person for a PIN, one at a time for each card: who comes while somebody is being asked waits, and is spared
    /// the question if there is nothing left to ask then. An entry that failed is the answer to all who came until a minute
    /// after it. The terminal goes on asking when the caller is dropped, and others wait for it.
    ///
    /// # Errors
    /// As [`KonnektorClient::call`].
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2091-01; gemSpec_Kon 5.18.0, VerifyPin.
    pub async fn verify_pin(&self, context: &Context, operation: &VerifyPin) -> Result<PinResult, Error> {
        let question = GetPinStatus { card: operation.card.clone(), pin: operation.pin };
        let status = self.call(context, &question);
        let (client, owned) = (self.clone(), (context.clone(), operation.clone()));
        let prompt = async move { client.call(&owned.0, &owned.1).await };
        self.prompts.ask(&operation.card, status, prompt).await
    }

    async fn read_directory(&self) -> Result<Directory, Error> {
        let limit = u64::try_from(MAX_DIRECTORY_OCTETS).unwrap_or(u64::MAX);
        let mut response = self.send(Use::Any, limit, |connection| self.get_directory(connection)).await?;
        match response.status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Error::Unauthorized),
            status => return Err(Error::Unavailable { reason: Reason::Http(status.as_u16()) }),
        }
        let mut xml = Vec::new();
        while let Some(octets) = response.chunk().await.map_err(failure)? {
            xml.extend_from_slice(&octets);
        }
        let directory = ServiceDirectory::parse(&xml)?;
        let services = directory.services(self.settings.endpoints, &self.settings.url)?;
        Ok(Directory { kim_version: directory.product().kim_version(), services })
    }

    /// The certificate that the Konnektor has shown last, as DER.
    pub fn server_certificate(&self) -> Option<Bytes> {
        self.http.server_certificate()
    }

    /// Has the service directory read anew by the next call, unless somebody is reading it now.
    pub(crate) fn forget_directory(&self) {
        if let Ok(mut known) = self.directory.try_lock() {
            *known = None;
        }
    }

    /// Forgets a directory that led nowhere, unless somebody has read a newer one or is about to: who has the lock for
    /// long is reading.
    fn forget(&self, stale: &Arc<Directory>) {
        if let Ok(mut known) = self.directory.try_lock()
            && known.as_ref().is_some_and(|known| Arc::ptr_eq(known, stale))
        {
            *known = None;
        }
    }

    async fn exchange(&self, request: &Request) -> Result<Document, Error> {
        let once = request.action.rsplit('#').next().is_some_and(|name| AT_MOST_ONCE.contains(&name));
        let connection = if once { Use::Fresh } else { Use::Any };
        let action = HeaderValue::try_from(format!("\"{}\"", request.action));
        let action = action.map_err(|_| Error::Unsupported(Unsupported::Url))?;
        let post = |connection| self.post(request, action.clone(), connection);
        let mut response = self.send(connection, MAX_RESPONSE, post).await?;
        ResponseReader::check_content_type(response.field(CONTENT_TYPE).unwrap_or_default())?;
        let mut reader = ResponseReader::new(Limits::default());
        while let Some(octets) = response.chunk().await.map_err(failure)? {
            reader.push(&octets)?;
        }
        reader.finish(response.status.as_u16())
    }

    /// Sends a call, on a second connection if the first turned out to be closed.
    async fn send(&self, connection: Use, limit: u64, call: impl Fn(Use) -> Call) -> Result<Response, Error> {
        let response = match self.http.send(call(connection), limit).await {
            Err(HttpError::Closed { reused: true }) => self.http.send(call(Use::Fresh), limit).await,
            response => response,
        };
        let refusal = match &response {
            Err(HttpError::Connect(error)) if is_refusal(error) => Some(error.clone()),
            _ => None,
        };
        self.say(refusal);
        response.map_err(failure)
    }

    /// Says what stands against a TLS connection, if that is new.
    fn say(&self, refusal: Option<ConnectError>) {
        let mut known = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = refusal.as_ref().filter(|_| *known != refusal) {
            tracing::warn!(url = self.settings.url, %error, "no TLS connection to the Konnektor");
        }
        *known = refusal;
    }

    fn get_directory(&self, connection: Use) -> Call {
        let fields = self.authorization().into_iter().collect();
        Call {
            method: Method::GET,
            url: self.settings.url.clone(),
            fields,
            body: RequestBody::none(),
            connection,
        }
    }

    fn post(&self, request: &Request, action: HeaderValue, connection: Use) -> Call {
        let xml = HeaderValue::from_static("text/xml; charset=utf-8");
        let fields = [(CONTENT_TYPE, xml), (SOAP_ACTION, action)].into_iter().chain(self.authorization());
        Call {
            method: Method::POST,
            url: request.url.clone(),
            fields: fields.collect(),
            body: RequestBody::new(request.body.len(), request.body.chunks()),
            connection,
        }
    }

    fn authorization(&self) -> Option<(HeaderName, HeaderValue)> {
        let Auth::Basic { user, password } = &self.settings.auth else { return None };
        let pair = [user.as_bytes(), b":", password.expose()].concat();
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        // Keeps it out of what hyper logs.
        value.set_sensitive(true);
        Some((AUTHORIZATION, value))
    }
}

async fn in_time<T>(patience: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let timeout = Error::Unavailable { reason: Reason::Timeout };
    tokio::time::timeout(patience, work).await.unwrap_or(Err(timeout))
}

/// What the failure of a call means to those who asked the Konnektor.
fn failure(error: HttpError) -> Error {
    let reason = match error {
        HttpError::Url => return Error::Unsupported(Unsupported::Url),
        HttpError::TooLarge => return Error::TooLarge,
        HttpError::Connect(error) if is_refusal(&error) => Reason::Tls,
        HttpError::Connect(_) => Reason::Connect,
        HttpError::Closed { .. } | HttpError::Protocol => Reason::Closed,
    };
    Error::Unavailable { reason }
}

/// Whether there is somebody at the address with whom there is no TLS connection.
fn is_refusal(error: &ConnectError) -> bool {
    !matches!(error, ConnectError::Timeout | ConnectError::Unreachable(_) | ConnectError::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing was sent, so another address or another Konnektor may be tried, whatever the call.
    #[test]
    fn an_address_that_drops_packets_is_one_without_a_connection() {
        for error in [ConnectError::Timeout, ConnectError::Unreachable(std::io::ErrorKind::ConnectionRefused)]
        {
            let expected = Error::Unavailable { reason: Reason::Connect };
            assert_eq!(failure(HttpError::Connect(error)), expected);
        }
    }
}
