//! Small facts about certificates given as DER.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::X509;

/// The SHA-256 fingerprint of a certificate, the key under which a verdict about it is kept.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348.
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(certificate)
}

/// How long a certificate is still good; zero when it is over or cannot be read.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_22348 (a verdict is kept no longer than the certificate is valid).
pub fn time_left(certificate: &[u8], now: SystemTime) -> Duration {
    let certificate = X509::from_der(certificate).ok();
    let end = certificate.and_then(|certificate| time_of(certificate.not_after()));
    end.and_then(|end| end.duration_since(now).ok()).unwrap_or_default()
}

/// `None` for times before 1970 and beyond what the system can express.
pub(crate) fn time_of(time: &Asn1TimeRef) -> Option<SystemTime> {
    let since = Asn1Time::from_unix(0).and_then(|epoch| epoch.diff(time)).ok()?;
    let seconds = u64::try_from(i64::from(since.days) * 86_400 + i64::from(since.secs)).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
