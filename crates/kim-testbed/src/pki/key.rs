//! Private keys that follow from a seed: [`KeyType`], [`KeySeed`].

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{Asn1Flag, EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sha::{Sha256, sha256};
use openssl::sign::Signer;

use super::sure::sure;
use crate::lock::lock;

/// The kinds of keys in the Telematikinfrastruktur.
///
/// Spec: gemSpec_PKI 2.14.1, referring to gemSpec_Krypt GS-A_4357; gemSpec_Kon 5.18.0, A_21811-01 (P-256).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyType {
    /// RSA with 2048 bits.
    Rsa,
    /// ECC on brainpoolP256r1.
    Brainpool,
    /// ECC on P-256: for TLS between Clientsystem and Konnektor, on no card.
    NistP256,
}

/// What all private keys of one test PKI are derived from.
#[derive(Clone, Copy)]
pub(super) struct KeySeed(pub(super) u64);

impl KeySeed {
    /// The key with this label: the same seed, type and label make the same key in every process.
    pub(super) fn key(self, key_type: KeyType, label: &str) -> PKey<Private> {
        match key_type {
            KeyType::Rsa => self.rsa(label),
            KeyType::Brainpool => sure(self.ec(Nid::BRAINPOOL_P256R1, label)),
            KeyType::NistP256 => sure(self.ec(Nid::X9_62_PRIME256V1, label)),
        }
    }

    /// Octets that follow from the seed and the label.
    pub(super) fn digest(self, label: &str) -> [u8; 32] {
        self.block(label, 0)
    }

    fn block(self, label: &str, counter: u64) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(&self.0.to_be_bytes());
        hash.update(&counter.to_be_bytes());
        hash.update(label.as_bytes());
        hash.finish()
    }

    fn ec(self, curve: Nid, label: &str) -> Result<PKey<Private>, ErrorStack> {
        let mut group = EcGroup::from_curve_name(curve)?;
        group.set_asn1_flag(Asn1Flag::NAMED_CURVE);
        let mut context = BigNumContext::new()?;
        let mut scalar = BigNum::new()?;
        scalar.nnmod(
            BigNum::from_slice(&self.digest(label))?.as_ref(),
            order(&group, &mut context)?.as_ref(),
            &mut context,
        )?;
        let mut point = EcPoint::new(&group)?;
        point.mul_generator2(&group, &scalar, &mut context)?;
        PKey::from_ec_key(EcKey::from_private_components(&group, &scalar, &point)?)
    }

    /// Finding primes takes a moment, so that a process looks for each key once.
    fn rsa(self, label: &str) -> PKey<Private> {
        type Found = BTreeMap<(u64, String), PKey<Private>>;
        static FOUND: LazyLock<Mutex<Found>> = LazyLock::new(Mutex::default);
        lock(&FOUND).entry((self.0, label.to_owned())).or_insert_with(|| sure(self.find_rsa(label))).clone()
    }

    fn find_rsa(self, label: &str) -> Result<PKey<Private>, ErrorStack> {
        let mut context = BigNumContext::new()?;
        let e = BigNum::from_u32(65537)?;
        let p = self.prime(&format!("{label}/p"), &mut context)?;
        let q = self.prime(&format!("{label}/q"), &mut context)?;
        let mut n = BigNum::new()?;
        n.checked_mul(&p, &q, &mut context)?;
        let (p1, q1) = (minus_one(&p)?, minus_one(&q)?);
        let mut phi = BigNum::new()?;
        phi.checked_mul(&p1, &q1, &mut context)?;
        let mut d = BigNum::new()?;
        d.mod_inverse(&e, &phi, &mut context)?;
        let (mut dmp1, mut dmq1, mut iqmp) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        dmp1.nnmod(&d, &p1, &mut context)?;
        dmq1.nnmod(&d, &q1, &mut context)?;
        iqmp.mod_inverse(&q, &p, &mut context)?;
        PKey::from_rsa(Rsa::from_private_components(n, e, d, p, q, dmp1, dmq1, iqmp)?)
    }

    /// A prime of 1024 bits, at least 3/4 of the greatest, with which the exponent 65537 works.
    fn prime(self, label: &str, context: &mut BigNumContext) -> Result<BigNum, ErrorStack> {
        let octets: Vec<u8> = (1..=4).flat_map(|counter| self.block(label, counter)).collect();
        let mut candidate = BigNum::from_slice(&octets)?;
        for bit in [0, 1022, 1023] {
            candidate.set_bit(bit)?;
        }
        while candidate.mod_word(65537)? == 1 || !candidate.is_prime_fasttest(0, context, true)? {
            candidate.add_word(2)?;
        }
        Ok(candidate)
    }
}

/// Signs as a certificate authority does, RSA PKCS#1 or ECDSA with SHA-256: the same input gives the same signature.
pub(super) fn sign_certificate(key: &PKey<Private>, message: &[u8]) -> Vec<u8> {
    match key.ec_key() {
        Ok(key) => sure(sign_ecdsa(&key, &sha256(message))),
        Err(_) => sure(
            Signer::new(MessageDigest::sha256(), key)
                .and_then(|mut signer| signer.sign_oneshot_to_vec(message)),
        ),
    }
}

/// ECDSA whose secret number follows from key and digest, because OpenSSL before 3.2 offers random ones only.
fn sign_ecdsa(key: &EcKey<Private>, digest: &[u8; 32]) -> Result<Vec<u8>, ErrorStack> {
    let (group, mut context) = (key.group(), BigNumContext::new()?);
    let n = order(group, &mut context)?;
    let mut hash = Sha256::new();
    hash.update(&key.private_key().to_vec_padded(32)?);
    hash.update(digest);
    let mut k = BigNum::new()?;
    k.nnmod(BigNum::from_slice(&hash.finish())?.as_ref(), &n, &mut context)?;

    let mut point = EcPoint::new(group)?;
    point.mul_generator2(group, &k, &mut context)?;
    let (mut x, mut y, mut r) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    point.affine_coordinates(group, &mut x, &mut y, &mut context)?;
    r.nnmod(&x, &n, &mut context)?;

    let (mut product, mut sum) = (BigNum::new()?, BigNum::new()?);
    product.mod_mul(&r, key.private_key(), &n, &mut context)?;
    sum.mod_add(&product, BigNum::from_slice(digest)?.as_ref(), &n, &mut context)?;
    let (mut inverse, mut s) = (BigNum::new()?, BigNum::new()?);
    inverse.mod_inverse(&k, &n, &mut context)?;
    s.mod_mul(&inverse, &sum, &n, &mut context)?;
    EcdsaSig::from_private_components(r, s)?.to_der()
}

fn order(group: &openssl::ec::EcGroupRef, context: &mut BigNumContext) -> Result<BigNum, ErrorStack> {
    let mut n = BigNum::new()?;
    group.order(&mut n, context)?;
    Ok(n)
}

fn minus_one(number: &BigNumRef) -> Result<BigNum, ErrorStack> {
    let mut less = number.to_owned()?;
    less.sub_word(1)?;
    Ok(less)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_keys() {
        for key_type in [KeyType::Rsa, KeyType::Brainpool, KeyType::NistP256] {
            let der = |seed: u64, label| KeySeed(seed).key(key_type, label).private_key_to_der().unwrap();
            assert_eq!(der(1, "a"), der(1, "a"));
            assert_ne!(der(1, "a"), der(1, "b"));
            assert_ne!(der(1, "a"), der(2, "a"));
        }
    }

    #[test]
    fn openssl_finds_no_fault_in_the_keys() {
        assert!(KeySeed(7).key(KeyType::Rsa, "x").rsa().unwrap().check_key().unwrap());
        KeySeed(7).key(KeyType::Brainpool, "x").ec_key().unwrap().check_key().unwrap();
    }
}
