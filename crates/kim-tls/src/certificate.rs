//! Small facts about certificates given as DER.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::pkey::Id;
use openssl::x509::{X509, X509NameRef};

/// The SHA-256 fingerprint of octets: of a certificate the key under which a verdict about it is kept.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348.
pub fn fingerprint(octets: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(octets)
}

/// The last moment of a certificate (DER); `None` if it cannot be read.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348.
pub fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    time_of(X509::from_der(certificate).ok()?.not_after())
}

/// How long a certificate is still good; zero when it is over or cannot be read.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348 (a verdict is kept no longer than the certificate is valid).
pub fn time_left(certificate: &[u8], now: SystemTime) -> Duration {
    not_after(certificate).and_then(|end| end.duration_since(now).ok()).unwrap_or_default()
}

/// A certificate for people who are to decide about it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2070 (a Konnektor is recognised by its very certificate).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateText {
    /// Whose it is, as `CN=..., O=...`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The kind and size of its key.
    pub key: String,
    /// Its first moment.
    pub not_before: String,
    /// Its last moment.
    pub not_after: String,
    /// SHA-256 of the certificate in hexadecimal, with colons.
    pub fingerprint: String,
    /// The certificate in PEM.
    pub pem: String,
}

impl CertificateText {
    /// Reads a certificate (DER); `None` if it is none. Control characters of names are shown as `?`.
    pub fn of(certificate: &[u8]) -> Option<Self> {
        let x509 = X509::from_der(certificate).ok()?;
        let key = x509.public_key().ok()?;
        let kind = match (key.id(), key.ec_key()) {
            (Id::RSA, _) => format!("RSA, {} bit", key.bits()),
            (_, Ok(ec)) => ec.group().curve_name().and_then(|curve| curve.short_name().ok())?.to_owned(),
            _ => "unknown".to_owned(),
        };
        let octets: Vec<String> =
            fingerprint(certificate).iter().map(|octet| format!("{octet:02X}")).collect();
        Some(Self {
            subject: name(x509.subject_name()),
            issuer: name(x509.issuer_name()),
            key: kind,
            not_before: x509.not_before().to_string(),
            not_after: x509.not_after().to_string(),
            fingerprint: octets.join(":"),
            pem: String::from_utf8(x509.to_pem().ok()?).ok()?,
        })
    }
}

fn name(name: &X509NameRef) -> String {
    let parts: Vec<String> = name
        .entries()
        .map(|entry| {
            let kind = entry.object().nid().short_name().unwrap_or("?");
            let value = entry.data().to_string().unwrap_or_default();
            format!("{kind}={}", value.replace(char::is_control, "?"))
        })
        .collect();
    parts.join(", ")
}

/// `None` for times before 1970 and beyond what the system can express.
pub(crate) fn time_of(time: &Asn1TimeRef) -> Option<SystemTime> {
    let since = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)).ok()?;
    let seconds = u64::try_from(i64::from(since.days) * 86_400 + i64::from(since.secs)).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
