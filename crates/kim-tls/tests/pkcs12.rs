//! PKCS#12 files of every kind.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "support/pki.rs"]
mod pki;

use kim_tls::{Identity, IdentityError, KeyKind};
use kim_types::Secret;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::provider::Provider;
use openssl::stack::Stack;
use pki::{Kind, Pair, Says, authority};

const AES: (Nid, Nid) = (Nid::AES_256_CBC, Nid::AES_256_CBC);
const TRIPLE_DES: (Nid, Nid) =
    (Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC, Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC);
const RC2: (Nid, Nid) = (Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC, Nid::PBE_WITHSHA1AND40BITRC2_CBC);

fn pack(pair: &Pair, authority: &Pair, (key, certificate): (Nid, Nid), password: &str) -> Vec<u8> {
    let _legacy = Provider::try_load(None, "legacy", true).unwrap();
    let mut chain = Stack::new().unwrap();
    chain.push(authority.certificate.clone()).unwrap();
    let mut builder = Pkcs12::builder();
    builder.name("test").pkey(&pair.key).cert(&pair.certificate).ca(chain);
    builder.key_algorithm(key).cert_algorithm(certificate).key_iter(2048).mac_iter(2048);
    builder.mac_md(if key == Nid::AES_256_CBC { MessageDigest::sha256() } else { MessageDigest::sha1() });
    builder.build2(password).unwrap().to_der().unwrap()
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_18783
#[test]
fn files_old_and_new_are_opened_with_every_kind_of_key() {
    for (kind, expected) in [
        (Kind::Rsa, KeyKind::Rsa),
        (Kind::P256, KeyKind::Nist),
        (Kind::P384, KeyKind::Nist),
        (Kind::BrainpoolP256, KeyKind::Brainpool),
        (Kind::BrainpoolP384, KeyKind::Brainpool),
    ] {
        let authority = authority(kind);
        let pair = authority.issue(&Says::client(kind));
        for encryption in [AES, TRIPLE_DES, RC2] {
            for password in ["geheim", "Straße", ""] {
                let file = pack(&pair, &authority, encryption, password);
                let identity = Identity::from_pkcs12(&file, &Secret::from(password)).unwrap();
                assert_eq!(identity.kind(), expected);
                assert_eq!(identity.certificate(), pair.certificate.to_der().unwrap());
                let chain: Vec<&[u8]> = identity.chain().collect();
                assert_eq!(chain, [authority.certificate.to_der().unwrap()]);
            }
        }
    }
}

/// The Account Manager may send a file without any protection: neither encrypted nor with a checksum.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19513
#[test]
fn a_file_without_protection_is_opened_without_password() {
    let pair = authority(Kind::P256).issue(&Says::client(Kind::P256));
    let (unencrypted, without_mac) = (Nid::from_raw(-1), u32::MAX);
    for mac_iter in [2048, without_mac] {
        let mut builder = Pkcs12::builder();
        builder.pkey(&pair.key).cert(&pair.certificate);
        builder.key_algorithm(unencrypted).cert_algorithm(unencrypted).mac_iter(mac_iter);
        let file = builder.build2("").unwrap().to_der().unwrap();
        let identity = Identity::from_pkcs12(&file, &Secret::default()).unwrap();
        assert_eq!(identity.certificate(), pair.certificate.to_der().unwrap());
    }
}

#[test]
fn a_wrong_password_is_told_from_a_damaged_file() {
    let authority = authority(Kind::P256);
    let pair = authority.issue(&Says::client(Kind::P256));
    for encryption in [AES, RC2] {
        let file = pack(&pair, &authority, encryption, "geheim");
        let open =
            |octets: &[u8], password: &str| Identity::from_pkcs12(octets, &Secret::from(password)).err();
        for password in ["geheim ", "", "ge\0heim"] {
            assert_eq!(open(&file, password), Some(IdentityError::Password), "{password:?}");
        }
        assert_eq!(open(&file[..file.len() / 2], "geheim"), Some(IdentityError::Malformed));
        assert_eq!(open(b"", "geheim"), Some(IdentityError::Malformed));
        assert_eq!(open(&authority.pem(), "geheim"), Some(IdentityError::Malformed));
        assert_eq!(open(&vec![0x30; Identity::MAX_OCTETS + 1], "geheim"), Some(IdentityError::Malformed));
    }
    let not_text = Secret::new(vec![0xff, 0xfe]);
    assert_eq!(
        Identity::from_pkcs12(&pack(&pair, &authority, AES, "x"), &not_text).err(),
        Some(IdentityError::Password)
    );
}

#[test]
fn a_key_without_certificate_or_a_certificate_without_key_is_no_identity() {
    let pair = authority(Kind::P256).issue(&Says::client(Kind::P256));
    let mut builder = Pkcs12::builder();
    builder.cert(&pair.certificate);
    let file = builder.build2("x").unwrap().to_der().unwrap();
    assert_eq!(Identity::from_pkcs12(&file, &"x".into()).err(), Some(IdentityError::NoKey));
    let mut builder = Pkcs12::builder();
    builder.pkey(&pair.key);
    let file = builder.build2("x").unwrap().to_der().unwrap();
    assert_eq!(Identity::from_pkcs12(&file, &"x".into()).err(), Some(IdentityError::NoCertificate));
}

#[test]
fn pem_files_must_belong_together() {
    let authority = authority(Kind::BrainpoolP256);
    let [one, other] = [(); 2].map(|()| authority.issue(&Says::client(Kind::BrainpoolP256)));
    let open = |certificates: &[u8], key: &[u8]| Identity::from_pem(certificates, &Secret::new(key.to_vec()));
    let chain = [one.pem(), authority.pem()].concat();
    assert_eq!(open(&chain, &one.key_pem()).unwrap().chain().count(), 1);
    assert_eq!(open(&chain, &other.key_pem()).err(), Some(IdentityError::Mismatch));
    assert_eq!(open(b"", &one.key_pem()).err(), Some(IdentityError::NoCertificate));
    assert_eq!(open(&chain, b"no key").err(), Some(IdentityError::NoKey));
}

#[test]
fn the_end_of_a_certificate_is_announced() {
    let pair = authority(Kind::P256).issue(&Says { days: (-1, 100), ..Says::client(Kind::P256) });
    let identity = Identity::from_pem(&pair.pem(), &Secret::new(pair.key_pem())).unwrap();
    let now = std::time::SystemTime::now();
    let days = identity.time_left(now).as_secs() / 86_400;
    assert!((99..=100).contains(&days));
    assert!(identity.time_left(now) < Identity::WARNING);
    assert_eq!(kim_tls::time_left(identity.certificate(), now), identity.time_left(now));
    assert!(identity.time_left(now + Identity::WARNING).is_zero());
    assert!(kim_tls::time_left(b"no certificate", now).is_zero());
}

#[test]
fn nothing_of_the_key_is_printed() {
    let pair = authority(Kind::P256).issue(&Says { common_name: "Erika", ..Says::client(Kind::P256) });
    let identity = Identity::from_pem(&pair.pem(), &Secret::new(pair.key_pem())).unwrap();
    let printed = format!("{identity:?}");
    assert!(printed.starts_with("Identity { kind: Nist, not_after: "), "{printed}");
    assert!(!printed.contains("Erika"));
}
