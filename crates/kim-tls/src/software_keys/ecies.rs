//! ECIES as smart cards of the Telematikinfrastruktur do it, on brainpoolP256r1.
//!
//! From the secret of an ephemeral key come a key for AES-256-CBC and one for AES-CMAC, which covers the ciphertext.

use kim_types::Secret;
use openssl::bn::BigNumContext;
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::memcmp;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::sha::Sha256;
use openssl::sign::Signer;
use openssl::symm::{Cipher, Crypter, Mode, encrypt as encrypt_padded};

use super::content_key::KEY_OCTETS;

/// The block of AES.
const BLOCK: usize = 16;
/// An uncompressed point.
const POINT: usize = 65;
/// A content key with its padding, encrypted.
const CIPHERTEXT: usize = KEY_OCTETS + BLOCK;
const MAC: usize = 8;

/// The structure a card takes has one form only; these are the octets before its parts, the lengths of which end them.
const CURVE: [u8; 14] = [0xa6, 0x81, 0x8e, 0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07];
const EPHEMERAL: [u8; 5] = [0x7f, 0x49, 0x43, 0x86, 65];
const ENCRYPTED: [u8; 3] = [0x86, 49, 0x02];
const CODE: [u8; 2] = [0x8e, 8];

/// Encrypts a content key.
///
/// Spec: gemSpec_Krypt, ECIES; gemSpec_COS, N085.068.
pub(super) fn encrypt<T: HasPublic>(recipient: &PKeyRef<T>, key: &Secret) -> Result<Vec<u8>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let ephemeral = EcKey::generate(&group)?;
    let mut context = BigNumContext::new()?;
    let point = ephemeral.public_key().to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context)?;
    let ephemeral = PKey::from_ec_key(ephemeral)?;
    let keys = SessionKeys::agree(&ephemeral, recipient)?;
    let mut padded = key.expose().to_vec();
    pad(&mut padded);
    let ciphertext = keys.cbc(Mode::Encrypt, Secret::new(padded).expose())?;
    let code = keys.code(&ciphertext)?;
    Ok([&CURVE[..], &EPHEMERAL, &point, &ENCRYPTED, &ciphertext, &CODE, &code].concat())
}

/// Decrypts a content key; `None` if that is not one, or not for this key.
pub(super) fn decrypt(private: &PKeyRef<Private>, octets: &[u8]) -> Option<Secret> {
    let (point, rest) = octets.strip_prefix(&CURVE)?.strip_prefix(&EPHEMERAL)?.split_at_checked(POINT)?;
    let (ciphertext, rest) = rest.strip_prefix(&ENCRYPTED)?.split_at_checked(CIPHERTEXT)?;
    let code = rest.strip_prefix(&CODE)?;
    let theirs = ephemeral(point).ok()?;
    let keys = SessionKeys::agree(private, &theirs).ok()?;
    let expected = keys.code(ciphertext).ok()?;
    if code.len() != MAC || !memcmp::eq(&expected, code) {
        return None;
    }
    let padded = Secret::new(keys.cbc(Mode::Decrypt, ciphertext).ok()?);
    let (key, padding) = padded.expose().split_at_checked(KEY_OCTETS)?;
    let is_padding = matches!(padding, [0x80, zeros @ ..] if zeros.iter().all(|octet| *octet == 0));
    is_padding.then(|| Secret::new(key.to_vec()))
}

/// The public key of the other side, which must lie on the curve.
fn ephemeral(point: &[u8]) -> Result<PKey<openssl::pkey::Public>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let point = EcPoint::from_bytes(&group, point, &mut *BigNumContext::new()?)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    PKey::from_ec_key(key)
}

/// What both sides derive from the secret they share.
struct SessionKeys {
    encryption: Secret,
    code: Secret,
}

impl SessionKeys {
    fn agree<T: HasPublic>(ours: &PKeyRef<Private>, theirs: &PKeyRef<T>) -> Result<Self, ErrorStack> {
        let mut deriver = Deriver::new(ours)?;
        deriver.set_peer(theirs)?;
        let shared = Secret::new(deriver.derive_to_vec()?);
        let derive = |counter: u8| {
            let mut hash = Sha256::new();
            hash.update(shared.expose());
            hash.update(&[0, 0, 0, counter]);
            Secret::new(hash.finish().to_vec())
        };
        Ok(Self { encryption: derive(1), code: derive(2) })
    }

    /// CBC without padding of its own; the IV is the encrypted block of zeros.
    fn cbc(&self, mode: Mode, input: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let key = self.encryption.expose();
        let mut iv = encrypt_padded(Cipher::aes_256_ecb(), key, None, &[0; BLOCK])?;
        iv.truncate(BLOCK);
        let mut crypter = Crypter::new(Cipher::aes_256_cbc(), mode, key, Some(&iv))?;
        crypter.pad(false);
        let mut out = vec![0; input.len().saturating_add(BLOCK)];
        let made = crypter.update(input, &mut out)?;
        out.truncate(made);
        Ok(out)
    }

    /// The code over a ciphertext, which is padded although it is whole blocks.
    fn code(&self, ciphertext: &[u8]) -> Result<[u8; MAC], ErrorStack> {
        let mut padded = ciphertext.to_vec();
        pad(&mut padded);
        let key = PKey::cmac(&Cipher::aes_256_cbc(), self.code.expose())?;
        let code = Signer::new_without_digest(&key)?.sign_oneshot_to_vec(&padded)?;
        Ok(code.first_chunk().copied().unwrap_or_default())
    }
}

/// Spec: ISO/IEC 7816-4 (padding: 80, then zeros).
fn pad(octets: &mut Vec<u8>) {
    octets.push(0x80);
    octets.resize(octets.len().next_multiple_of(BLOCK), 0);
}
