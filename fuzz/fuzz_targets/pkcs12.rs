#![no_main]
//! No file an administrator may be given panics: PKCS#12, PEM certificates, PEM keys.

use kim_tls::{Anchors, Identity, Pins};
use kim_types::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    // Files that ask for many rounds of key derivation take their time, as they do anywhere.
    let is_slow = octets.windows(2).any(|head| head[0] == 2 && (3..9).contains(&head[1]));
    if let Some(Ok(identity)) = (!is_slow).then(|| Identity::from_pkcs12(octets, &Secret::from("fuzz"))) {
        assert!(!identity.certificate().is_empty());
    }
    let _ = Pins::from_pem(octets);
    let _ = Anchors::from_pem(octets);
    let (certificates, key) = octets.split_at(octets.len() / 2);
    let _ = Identity::from_pem(certificates, &Secret::new(key.to_vec()));
});
