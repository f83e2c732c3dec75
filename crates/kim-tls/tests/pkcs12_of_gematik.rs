//! The PKCS#12 files in gematik's S/MIME samples: encrypted with RC2 and 3DES, 50,000 iterations and more.

use kim_tls::{Identity, KeyKind};
use kim_types::Secret;

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_18783
#[test]
fn the_samples_are_opened() {
    for (folder, file) in [("keysA", "hci-enc-2-kim-bsp.p12"), ("keysB", "hci-enc-3-kim-bsp.p12")] {
        let folder = format!("gematik-smime/{folder}");
        let Some(octets) = kim_vectors::octets(&format!("{folder}/{file}")) else { return };
        let password = kim_vectors::text(&format!("{folder}/password.txt")).unwrap();
        let identity = Identity::from_pkcs12(&octets, &Secret::from(password.trim())).unwrap();
        assert_eq!(identity.kind(), KeyKind::Rsa);
    }
}
