//! What a login needs from outside: a Konnektor that knows the call context, and a connection to the mail server.

use std::time::Instant;

use kim_flow::Advice;
use kim_konnektor::{CertificateResult, Error, GetCards, VerifyCertificate};
use kim_types::Secret;
use kim_username::{LoginRefusal, UserName};
use thiserror::Error;

use crate::clientmodul::{Account, Clientmodul};
use crate::legs::Connection;
use crate::participant::Participant;
use crate::upstream::ConnectError;
use crate::{fachdienst, upstream};

/// Why a login ends before the mail server was asked.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    #[error("the user name selects a Konnektor that is not configured")]
    UnknownKonnektor,
    #[error("the user name selects no Konnektor, and none is marked as default")]
    NoDefault,
    #[error("the Konnektor does not know the call context: {0}")]
    UnknownContext(Error),
    #[error("the user name names no server, and none is configured")]
    NoServer,
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Tls(#[from] kim_tls::TlsError),
    #[error("the Konnektor calls the server certificate invalid")]
    InvalidCertificate,
    #[error("the Konnektor cannot tell whether the server certificate is valid")]
    Inconclusive,
    #[error("the Konnektor could not be asked about the server certificate: {0}")]
    Unchecked(Error),
}

impl LoginError {
    /// What the session makes of it.
    pub(crate) fn refusal(&self) -> LoginRefusal {
        match self {
            Self::UnknownKonnektor | Self::NoDefault => LoginRefusal::UnknownKonnektor,
            Self::UnknownContext(_) => LoginRefusal::UnknownContext,
            _ => LoginRefusal::Unreachable,
        }
    }

    /// What can be done about it: for the log, under a code that stays.
    ///
    /// Spec: none — see [`Advice`]; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2090.
    pub(crate) fn advice(&self) -> Advice {
        let (code, text) = match self {
            Self::UnknownKonnektor => (
                "login-konnektor",
                "Der Benutzername nennt einen Konnektor, der nicht konfiguriert ist; bitte vergleichen Sie seine \
                 KonnektorId mit der Konfiguration.",
            ),
            Self::NoDefault => (
                "login-no-konnektor",
                "Der Benutzername nennt keinen Konnektor; bitte ergänzen Sie ihn dort oder markieren Sie in der \
                 Konfiguration einen mit default = true.",
            ),
            Self::UnknownContext(_) => (
                "login-context",
                "Bitte vergleichen Sie Mandant, Clientsystem und Arbeitsplatz im Benutzernamen mit den Einstellungen des \
                 Konnektors.",
            ),
            Self::NoServer => {
                ("login-no-server", "Bitte ergänzen Sie im Benutzernamen Server und Port des KIM-Anbieters.")
            }
            Self::Connect(ConnectError::Distrust(_)) | Self::InvalidCertificate => (
                "login-server-certificate",
                "Das Zertifikat des Mailservers wird nicht anerkannt; bitte vergleichen Sie Server und trust mit den \
                 Angaben des KIM-Anbieters.",
            ),
            Self::Connect(ConnectError::Handshake | ConnectError::Settings(_)) | Self::Tls(_) => (
                "login-tls",
                "Die gesicherte Verbindung zum Mailserver kommt nicht zustande; bitte prüfen Sie Schlüssel und Zertifikat \
                 des Clientmoduls und den Port im Benutzernamen.",
            ),
            Self::Connect(_) => (
                "login-server",
                "Der Mailserver ist nicht erreichbar; bitte prüfen Sie Server und Port im Benutzernamen und die \
                 Verbindung zur Telematikinfrastruktur.",
            ),
            Self::Inconclusive | Self::Unchecked(_) => (
                "login-server-unchecked",
                "Der Konnektor kann das Zertifikat des Mailservers nicht prüfen; bitte prüfen Sie den Konnektor und seine \
                 Verbindung zur Telematikinfrastruktur.",
            ),
        };
        Advice { code, text }
    }
}

/// Checks the call context and opens a TLS connection to the server of the user name (S3, S4).
///
/// A Konnektor that does not answer does not stop a login (deltas Q17): sending and fetching will say so.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2011, KOM-LE-A_2015-01, KOM-LE-A_2033, KOM-LE-A_2037-01, KOM-LE-A_2064.
pub(crate) async fn connect(
    clientmodul: &Clientmodul,
    user: &UserName,
    password: &Secret,
) -> Result<(Participant, Box<dyn Connection>), LoginError> {
    let account = Account::of(user, password.clone());
    let named = account.konnektor.is_some();
    let unknown = if named { LoginError::UnknownKonnektor } else { LoginError::NoDefault };
    let participant = clientmodul.participant(account).map_err(|_| unknown)?;
    let konnektors = participant.konnektors.in_turn(Instant::now());
    match konnektors.call(&user.context, &GetCards::default()).await {
        Err(Error::Fault(fault)) if fault.is_context() => {
            return Err(LoginError::UnknownContext(Error::Fault(fault)));
        }
        Err(error) => tracing::warn!(%error, "the Konnektor could not be asked about the call context"),
        Ok(_) => {
            let key = (participant.konnektors.id.clone(), user.context.mandant.clone());
            participant.shared.mandants.keep(key, user.context.clone(), Instant::now(), None);
        }
    }
    let settings = &participant.shared.fachdienst;
    let server = user.server.as_ref().ok_or(LoginError::NoServer)?;
    let host = server.host.to_string();
    let host = host.trim_matches(['[', ']']);
    let trust = fachdienst::trust(settings, host);
    let tls = kim_tls::client_config(trust, settings.identity.as_ref())?;
    let connection =
        upstream::connect(host, server.port, &participant.shared.resolver, tls, settings.connect_timeout)
            .await?;
    if let Some(end) = kim_tls::not_after(&connection.certificate) {
        let name = format!("certificate of mail server {host}:{}", server.port);
        participant.shared.server_certificates.keep(name, end, Instant::now(), None);
    }
    if settings.verify_with_konnektor {
        ask_konnektor(&participant, &connection.certificate).await?;
    }
    Ok((participant, Box::new(connection.stream)))
}

/// Has the Konnektor check a server certificate; a positive verdict is good for a while (KOM-LE-A_2075-03, A_22348).
///
/// Without a verdict, kept or new, there is no connection; who wants it all the same switches the question off (deltas
/// Q19).
///
/// Spec: KIM 1.5.3, A_24063.
pub(crate) async fn ask_konnektor(
    participant: &Participant,
    certificate: &bytes::Bytes,
) -> Result<(), LoginError> {
    let Participant { shared, konnektors, account, .. } = participant;
    let fingerprint = kim_tls::fingerprint(certificate);
    if shared.server_verdicts.find(&fingerprint, Instant::now()).is_some() {
        return Ok(());
    }
    let question = VerifyCertificate { certificate: certificate.clone(), at: None };
    match konnektors.in_turn(Instant::now()).call(&account.context, &question).await {
        Ok(verdict) => match verdict.result {
            CertificateResult::Invalid => Err(LoginError::InvalidCertificate),
            CertificateResult::Valid => {
                let left = kim_tls::time_left(certificate, shared.clock.now());
                shared.server_verdicts.keep(fingerprint, (), Instant::now(), Some(left));
                Ok(())
            }
            CertificateResult::Inconclusive => Err(LoginError::Inconclusive),
        },
        Err(error) => Err(LoginError::Unchecked(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_login_that_fails_has_a_code_and_a_sentence() {
        let unavailable = || Error::Unavailable { reason: kim_konnektor::Reason::Closed };
        let advice = [
            LoginError::UnknownKonnektor,
            LoginError::NoDefault,
            LoginError::UnknownContext(unavailable()),
            LoginError::NoServer,
            LoginError::InvalidCertificate,
            ConnectError::Handshake.into(),
            ConnectError::Timeout.into(),
            LoginError::Unchecked(unavailable()),
        ]
        .map(|error| error.advice());
        let codes: HashSet<_> = advice.iter().map(|advice| advice.code).collect();
        assert_eq!(codes.len(), advice.len(), "{codes:?}");
        for Advice { code, text } in advice {
            assert!(code.starts_with("login-") && text.ends_with('.') && !text.contains("  "), "{text}");
        }
        let distrust = ConnectError::Distrust(kim_tls::Distrust::Name);
        assert_eq!(LoginError::from(distrust).advice().code, "login-server-certificate");
        assert_eq!(LoginError::Inconclusive.advice().code, "login-server-unchecked");
    }
}
