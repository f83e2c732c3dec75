//! The attachment structures of gematik's samples.
#![expect(clippy::disallowed_methods, reason = "the samples are files")]

use std::path::PathBuf;

use kim_fachdienst::{KasLink, KasReference, LinkRules};

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07; api-kim, KAS-samples
#[test]
fn the_structures_in_gematiks_samples_are_read() {
    let vectors = std::env::var_os("KIM_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors")),
        PathBuf::from,
    );
    let samples = vectors.join("../reference/api-kim/KAS-samples");
    for name in ["1_3_Client-Mail_hochgeladen.txt", "2_2_KOM-LE-Mail_prozessiert.txt"] {
        let Ok(mail) = std::fs::read_to_string(samples.join(name)) else {
            println!("skipped: {name} is not there");
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
