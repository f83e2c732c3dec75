//! The PKCS#12 files in gematik's S/MIME samples: encrypted with RC2 and 3DES, 50,000 iterations and more.

use std::path::PathBuf;

use kim_tls::{Identity, KeyKind};
use kim_types::Secret;

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_18783
#[test]
fn the_samples_are_opened() {
    let default = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors").into();
    let vectors: PathBuf = std::env::var_os("KIM_VECTORS").unwrap_or_else(default).into();
    for (folder, file) in [("keysA", "hci-enc-2-kim-bsp.p12"), ("keysB", "hci-enc-3-kim-bsp.p12")] {
        let folder = vectors.join("gematik-smime").join(folder);
        let Ok(octets) = std::fs::read(folder.join(file)) else {
            println!("skipped: no {file} among the vectors");
            continue;
        };
        let password = std::fs::read_to_string(folder.join("password.txt")).unwrap();
        let identity = Identity::from_pkcs12(&octets, &Secret::from(password.trim())).unwrap();
        assert_eq!(identity.kind(), KeyKind::Rsa);
    }
}
