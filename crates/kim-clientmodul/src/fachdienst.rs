//! HTTPS to the services of a Fachdienst, under the same rules as to its mail servers: [`open`].

use std::sync::Arc;
use std::time::Instant;

use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use kim_fachdienst::HttpRequest;
use kim_tls::{ExpectedName, ServerKind, ServerTrust};
use thiserror::Error;

use crate::http::{Call, HttpClient, HttpError, Line, RequestBody, Response, Use};
use crate::login::{self, LoginError};
use crate::participant::Participant;
use crate::settings::Fachdienst;

/// Why a service of the Fachdienst gives no answer.
#[derive(Debug, Error)]
pub(crate) enum ServiceError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Untrusted(#[from] LoginError),
    #[error(transparent)]
    Tls(#[from] kim_tls::TlsError),
    #[error("there was no progress in time")]
    Timeout,
    #[error("the account has no password for the services of the Fachdienst")]
    NoPassword,
    #[error("the service was not found")]
    NotFound,
}

/// How a server of the Fachdienst is recognised; `host` is a name or an address without brackets.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2064-02, KOM-LE-A_2075-03; deltas Q19.
pub(crate) fn trust(fachdienst: &Fachdienst, host: &str) -> ServerTrust {
    let name = match (fachdienst.names.get(host), host.parse()) {
        (Some(name), _) => ExpectedName::Dns(name.clone()),
        (None, Ok(address)) => ExpectedName::Ip(address),
        (None, Err(_)) => ExpectedName::Dns(host.to_owned()),
    };
    let required_kind = Some(ServerKind::FachdienstServer);
    ServerTrust::Anchors { anchors: fachdienst.anchors.clone(), name, required_kind }
}

/// A connection to the host of a URL whose certificate was checked, by the Konnektor too, before it is given anything.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19362, A_19370-05, KOM-LE-A_2075-03.
pub(crate) async fn open(
    participant: &Participant,
    url: &str,
    connection: Use,
) -> Result<Line, ServiceError> {
    let shared = &participant.shared;
    let host = HttpClient::host(url)?;
    let client = match shared.services.find(&host, Instant::now()) {
        Some(client) => client,
        None => {
            let fachdienst = &shared.fachdienst;
            let tls = kim_tls::client_config(trust(fachdienst, &host), fachdienst.identity.as_ref())?;
            let client = Arc::new(HttpClient::new(tls, shared.resolver.clone()));
            shared.services.keep(host, client.clone(), Instant::now(), None);
            client
        }
    };
    let line = client.open(url, connection).await?;
    if let Some(certificate) = &line.certificate
        && shared.fachdienst.verify_with_konnektor
    {
        login::ask_konnektor(participant, certificate).await?;
    }
    Ok(line)
}

/// A small exchange: the request has no body, that of the answer is read as far as `limit` goes.
pub(crate) async fn exchange(
    participant: &Participant,
    request: &HttpRequest,
    limit: usize,
) -> Result<(u16, Vec<u8>), ServiceError> {
    let patience = participant.shared.fachdienst.services.timeout;
    let line = open(participant, &request.url, Use::Any).await?;
    let answer = async {
        let response = line.send(call(request, RequestBody::none(), Use::Any), limit as u64).await?;
        let status = response.status.as_u16();
        Ok((status, body(response).await))
    };
    tokio::time::timeout(patience, answer).await.map_err(|_| ServiceError::Timeout)?
}

/// The body of an answer that has none to be streamed; one that cannot be read counts as empty.
pub(crate) async fn body(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(octets)) => body.extend_from_slice(&octets),
            Ok(None) => return body,
            Err(_) => return Vec::new(),
        }
    }
}

/// A request as the HTTP client takes it. All values are kept out of what hyper logs.
pub(crate) fn call(request: &HttpRequest, body: RequestBody, connection: Use) -> Call {
    let fields = request.headers.iter().filter_map(|(name, value)| {
        let mut value = HeaderValue::from_bytes(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    Call {
        method: match request.method {
            kim_fachdienst::Method::Get => Method::GET,
            kim_fachdienst::Method::Head => Method::HEAD,
            kim_fachdienst::Method::Post => Method::POST,
            kim_fachdienst::Method::Delete => Method::DELETE,
        },
        url: request.url.clone(),
        fields: fields.collect(),
        body,
        connection,
    }
}
