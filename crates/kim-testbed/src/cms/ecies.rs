//! The encryption of a content key for a card with ECC: [`encipher`] and [`decipher`].
//!
//! The cryptogram is what a smart card takes, so it has one layout only: curve, ephemeral point, ciphertext, MAC.

use openssl::bn::BigNumContext;
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::memcmp;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::sha::Sha256;
use openssl::sign::Signer;
use openssl::symm::{Cipher, Crypter, Mode};

/// The octets of a content key.
const KEY: usize = 32;
const BLOCK: usize = 16;
/// A content key and its padding.
const CIPHERTEXT: usize = 48;
const MAC: usize = 8;
/// An uncompressed point.
const POINT: usize = 65;

/// `A6 { OID brainpoolP256r1, 7F49 { 86 { point } }, 86 { 02, ciphertext }, 8E { MAC } }`, up to the point.
const BEFORE_POINT: [u8; 19] = [
    0xA6, 0x81, 0x8E, 0x06, 0x09, 0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07, 0x7F, 0x49, 0x43,
    0x86, 0x41,
];
const BEFORE_CIPHERTEXT: [u8; 3] = [0x86, 0x31, 0x02];
const BEFORE_MAC: [u8; 2] = [0x8E, 0x08];

/// Encrypts a content key for the holder of a key on brainpoolP256r1.
///
/// Spec: gemSpec_Krypt, ECIES transport encryption (section 4.7); gemSpec_COS, N085.068.
pub(super) fn encipher(recipient: &PKeyRef<Public>, content_key: &[u8; KEY]) -> Result<Vec<u8>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let ephemeral = EcKey::generate(&group)?;
    let mut context = BigNumContext::new()?;
    let point = ephemeral.public_key().to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut context)?;
    let ephemeral = PKey::from_ec_key(ephemeral)?;
    let mut deriver = Deriver::new(&ephemeral)?;
    deriver.set_peer(recipient)?;
    let keys = SessionKeys::new(&deriver.derive_to_vec()?);
    let ciphertext = keys.crypt(Mode::Encrypt, &padded(content_key))?;
    let mac = keys.mac(&ciphertext)?;
    let mut out = BEFORE_POINT.to_vec();
    for part in [&point[..], &BEFORE_CIPHERTEXT, &ciphertext, &BEFORE_MAC, &mac] {
        out.extend_from_slice(part);
    }
    Ok(out)
}

/// Decrypts a content key; `None` when the cryptogram is not one or is not for this key.
pub(super) fn decipher(key: &PKeyRef<Private>, cryptogram: &[u8]) -> Result<Option<[u8; KEY]>, ErrorStack> {
    let Some((point, ciphertext, mac)) = split(cryptogram) else { return Ok(None) };
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let point = EcPoint::from_bytes(&group, point, &mut *BigNumContext::new()?)?;
    let ephemeral = EcKey::from_public_key(&group, &point)?;
    ephemeral.check_key()?;
    let ephemeral = PKey::from_ec_key(ephemeral)?;
    let mut deriver = Deriver::new(key)?;
    deriver.set_peer(&ephemeral)?;
    let keys = SessionKeys::new(&deriver.derive_to_vec()?);
    if !memcmp::eq(&keys.mac(ciphertext)?, mac) {
        return Ok(None);
    }
    let plain = keys.crypt(Mode::Decrypt, ciphertext)?;
    let content_key = plain.first_chunk().copied();
    Ok(content_key.filter(|content_key| padded(content_key) == plain))
}

/// Point, ciphertext and MAC.
fn split(cryptogram: &[u8]) -> Option<(&[u8], &[u8], &[u8; MAC])> {
    let rest = cryptogram.strip_prefix(&BEFORE_POINT)?;
    let (point, rest) = rest.split_at_checked(POINT)?;
    let (ciphertext, rest) = rest.strip_prefix(&BEFORE_CIPHERTEXT)?.split_at_checked(CIPHERTEXT)?;
    let mac = rest.strip_prefix(&BEFORE_MAC)?.try_into().ok()?;
    Some((point, ciphertext, mac))
}

/// The keys that both sides derive from the shared secret.
struct SessionKeys {
    encryption: [u8; 32],
    mac: [u8; 32],
}

impl SessionKeys {
    fn new(shared_secret: &[u8]) -> Self {
        let derive = |counter: u32| {
            let mut hash = Sha256::new();
            hash.update(shared_secret);
            hash.update(&counter.to_be_bytes());
            hash.finish()
        };
        Self { encryption: derive(1), mac: derive(2) }
    }

    /// AES-256-CBC whose IV is the encrypted send sequence counter 0.
    fn crypt(&self, mode: Mode, input: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let iv = unpadded(Cipher::aes_256_ecb(), Mode::Encrypt, &self.encryption, None, &[0; BLOCK])?;
        unpadded(Cipher::aes_256_cbc(), mode, &self.encryption, Some(&iv), input)
    }

    /// The ciphertext is padded before the CMAC although it is whole blocks already.
    fn mac(&self, ciphertext: &[u8]) -> Result<[u8; MAC], ErrorStack> {
        let key = PKey::cmac(&Cipher::aes_256_cbc(), &self.mac)?;
        let mac = Signer::new_without_digest(&key)?.sign_oneshot_to_vec(&padded(ciphertext))?;
        Ok(mac.first_chunk().copied().unwrap_or_default())
    }
}

/// ISO/IEC 7816-4: one octet `80`, then zeros up to the next block.
fn padded(octets: &[u8]) -> Vec<u8> {
    let mut out = octets.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
    out
}

fn unpadded(
    cipher: Cipher,
    mode: Mode,
    key: &[u8],
    iv: Option<&[u8]>,
    input: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, mode, key, iv)?;
    crypter.pad(false);
    let mut out = vec![0; input.len().saturating_add(BLOCK)];
    let length = crypter.update(input, &mut out)?;
    out.truncate(length);
    Ok(out)
}
