//! The attachment structures of gematik's samples.

use kim_fachdienst::{KasLink, KasReference, LinkRules};

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07; api-kim, KAS-samples
#[test]
fn the_structures_in_gematiks_samples_are_read() {
    for name in ["1_3_Client-Mail_hochgeladen.txt", "2_2_KOM-LE-Mail_prozessiert.txt"] {
        let Some(mail) = kim_vectors::text(&format!("../reference/api-kim/KAS-samples/{name}")) else {
            return;
        };
        let mail = mail.replace("\r\n", "\n");
        let (_, body) = mail.split_once("\n\n").unwrap();
        let reference = KasReference::parse(body.as_bytes()).unwrap();
        assert_eq!(reference.size, 27_262_976);
        let link = KasLink::parse(&reference.link, &LinkRules::default()).unwrap();
        assert_eq!(link.host(), "kas.gematik.kim.telematik-test");
    }
}
