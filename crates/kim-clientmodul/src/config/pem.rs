//! Files of keys and certificates.

use kim_tls::{Anchors, ExpectedName, Identity, Pins, ServerTrust};

use super::section::Section;

/// A PKCS#12 file and its password.
pub(crate) fn identity(section: &mut Section<'_, '_>) -> Option<Identity> {
    let password = section.password("identity_password");
    let file = section.file("identity")?;
    if password.is_none()
        && section.has(&["identity_password", "identity_password_file", "identity_password_env"])
    {
        return None;
    }
    let password = password.unwrap_or_default();
    let identity = section.usable("identity", Identity::from_pkcs12(&file, &password))?;
    section.in_use("identity", "", identity.not_after());
    Some(identity)
}

/// `pins`, or `trust` with `expected_name`.
pub(crate) fn server_trust(section: &mut Section<'_, '_>) -> Option<ServerTrust> {
    let pins = section.files("pins");
    let anchors = section.file("trust");
    let name = section.text("expected_name");
    match (section.has(&["pins"]), section.has(&["trust"]), section.has(&["expected_name"])) {
        (true, false, false) => {
            let files = pins?;
            let pins = section.usable("pins", Pins::from_pem(&files.join(&b'\n')))?;
            let pinned = files.iter().filter_map(|pem| kim_tls::pem_certificates(pem).ok()).flatten();
            for (certificate, number) in pinned.zip(1..) {
                if let Some(not_after) = kim_tls::not_after(&certificate) {
                    section.in_use("pins", &format!(", certificate {number},"), not_after);
                }
            }
            Some(ServerTrust::Pins(pins))
        }
        (false, true, true) => {
            let anchors = section.usable("trust", Anchors::from_pem(&anchors?))?;
            Some(ServerTrust::Anchors { anchors, name: ExpectedName::Dns(name?), required_kind: None })
        }
        _ => {
            section.problem("pins", "either pins, or trust with expected_name");
            None
        }
    }
}
