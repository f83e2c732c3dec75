//! Looking into structures without reading all of them: [`is_attribute`], [`roles`], [`policies`].

use const_oid::ObjectIdentifier;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::ber::{Element, Malformed};
use super::der::{OBJECT_IDENTIFIER, SEQUENCE, SET};

/// Whether the octets are one `Attribute`: an OID and a SET.
pub(crate) fn is_attribute(octets: &[u8]) -> bool {
    let read = || -> Result<(), Malformed> {
        let mut fields = Element::only(octets, SEQUENCE)?.fields()?;
        fields.next()?.oid()?;
        fields.tagged(SET)?;
        fields.end()
    };
    read().is_ok()
}

/// The professionOIDs of a certificate, empty when it has none or cannot be read.
pub(crate) fn roles(certificate: &[u8]) -> Vec<ObjectIdentifier> {
    gematik_oids(certificate, ObjectIdentifier::new_unwrap("1.3.36.8.3.3"))
}

/// The policies and types of a certificate, empty when it has none or cannot be read.
pub(crate) fn policies(certificate: &[u8]) -> Vec<ObjectIdentifier> {
    gematik_oids(certificate, ObjectIdentifier::new_unwrap("2.5.29.32"))
}

fn gematik_oids(certificate: &[u8], id: ObjectIdentifier) -> Vec<ObjectIdentifier> {
    let Ok(certificate) = Certificate::from_der(certificate) else { return Vec::new() };
    let extensions = certificate.tbs_certificate().extensions().into_iter().flatten();
    let mut oids = Vec::new();
    for extension in extensions.filter(|extension| extension.extn_id == id) {
        if let Ok(element) = Element::only(extension.extn_value.as_bytes(), SEQUENCE) {
            // A part that cannot be read names nothing.
            let _ = collect(&element, 0, &mut oids);
        }
    }
    oids
}

/// Collects the OIDs below that of gematik; those of names in the structure are others.
fn collect(element: &Element<'_>, depth: usize, oids: &mut Vec<ObjectIdentifier>) -> Result<(), Malformed> {
    const MAX_DEPTH: usize = 16;
    if element.tag == OBJECT_IDENTIFIER {
        let oid = element.oid()?;
        if oid.to_string().starts_with("1.2.276.0.76.4.") {
            oids.push(oid);
        }
    } else if element.tag & 0x20 != 0 && depth < MAX_DEPTH {
        for child in element.children()? {
            collect(&child, depth.saturating_add(1), oids)?;
        }
    }
    Ok(())
}
