//! The operations about the Konnektor itself, and about how long certificates last.

use super::call::{Call, key_types};
use super::clock;
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::vendor::Version;
use crate::lock::lock;
use crate::pki::Purpose;

/// Tells how the Konnektor is: online, unless it is configured as offline.
///
/// Spec: gemSpec_Kon 5.18.0, GetResourceInformation without a selector.
pub(super) fn get_resource_information(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    call.context(&mut fields)?;
    fields.end()?;

    let mut out = call.response("GetResourceInformation");
    out.status(None);
    out.open(Ns::Conn, "Connector");
    let (connection, now) = (if call.config.offline { "Offline" } else { "Online" }, clock::timestamp());
    for vpn in ["VPNTIStatus", "VPNSISStatus"] {
        out.open(Ns::Conn, vpn);
        out.text(Ns::Conn, "ConnectionStatus", connection);
        out.text(Ns::Conn, "Timestamp", &now);
        out.close();
    }
    out.open(Ns::Conn, "OperatingState");
    out.open(Ns::Conn, "ErrorState");
    out.text(Ns::Conn, "ErrorCondition", "EC_CONNECTOR_TI_CONNECTION");
    out.text(Ns::Conn, "Severity", "Error");
    out.text(Ns::Conn, "Type", "Operation");
    out.text(Ns::Conn, "Value", if call.config.offline { "true" } else { "false" });
    out.text(Ns::Conn, "ValidFrom", &now);
    out.close();
    out.close();
    out.close();
    Ok(out.finish())
}

/// Tells when the certificates of the caller's cards end; those for encryption stand for all.
///
/// Spec: gemSpec_Kon 5.18.0, CheckCertificateExpiration.
pub(super) fn check_certificate_expiration(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let mut fields = call.message.fields();
    let wanted = fields.optional(Ns::Conn, "CardHandle").map(|handle| handle.text().to_owned());
    let context = call.context(&mut fields)?;
    let crypt = if call.version >= Version(6, 0, 1) { fields.optional(Ns::Cert, "Crypt") } else { None };
    fields.end()?;
    let key_type = key_types(crypt.map_or("RSA", |crypt| crypt.text()))?.first();

    let mut out = call.response("CheckCertificateExpiration");
    out.status(None);
    let state = lock(call.state);
    for (_, slot, handle) in state.cards_for(&context) {
        let identity = key_type.and_then(|key_type| slot.card.identity(Purpose::Enc, *key_type));
        if identity.is_some() && wanted.as_deref().is_none_or(|wanted| wanted == handle.as_str()) {
            out.open(Ns::Cert, "CertificateExpiration");
            out.text(Ns::Cert, "CtID", "testbed-terminal");
            out.text(Ns::Conn, "CardHandle", handle.as_str());
            out.text(Ns::Cert, "ICCSN", slot.card.iccsn().as_str());
            out.text(Ns::Cert, "subject_commonName", slot.card.holder_name());
            out.text(Ns::Cert, "serialNumber", "1");
            out.text(Ns::Cert, "validity", &slot.card.last_day().to_string());
            out.close();
        }
    }
    Ok(out.finish())
}
