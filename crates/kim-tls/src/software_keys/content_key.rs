//! The encryption of a content key for one recipient: RSAES-OAEP or ECIES, as his key is.

use bytes::Bytes;
use kim_smime::{Certificate, EncryptedKey, KeyTransport};
use kim_types::Secret;
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::x509::X509;

use super::SoftwareKeyError;
use super::ecies;

/// The octets of a content key.
pub(super) const KEY_OCTETS: usize = 32;

/// Encrypts the key for the holder of a certificate.
pub(super) fn encrypt(certificate: &Certificate, key: &Secret) -> Result<EncryptedKey, SoftwareKeyError> {
    let public = X509::from_der(certificate.der()).and_then(|certificate| certificate.public_key());
    let public = public.map_err(|_| SoftwareKeyError::Certificate)?;
    let (transport, octets) = match public.id() {
        Id::RSA => (KeyTransport::RsaOaepSha256, encrypt_oaep(&public, key)?),
        Id::EC if is_brainpool(&public) => (KeyTransport::Ecies, ecies::encrypt(&public, key)?),
        _ => return Err(SoftwareKeyError::Certificate),
    };
    Ok(EncryptedKey {
        recipient: certificate.issuer_and_serial().clone(),
        transport,
        octets: Bytes::from(octets),
    })
}

/// The key, if it has the length of one.
pub(super) fn decrypt(encrypted: &EncryptedKey, private: &PKeyRef<Private>) -> Option<Secret> {
    let key = match encrypted.transport {
        KeyTransport::RsaOaepSha256 => decrypt_oaep(private, &encrypted.octets, Md::sha256()).ok()?,
        KeyTransport::RsaOaepSha1 => decrypt_oaep(private, &encrypted.octets, Md::sha1()).ok()?,
        KeyTransport::Ecies if is_brainpool(private) => ecies::decrypt(private, &encrypted.octets)?,
        _ => return None,
    };
    (key.expose().len() == KEY_OCTETS).then_some(key)
}

fn is_brainpool<T: HasPublic>(key: &PKeyRef<T>) -> bool {
    key.ec_key().is_ok_and(|key| key.group().curve_name() == Some(Nid::BRAINPOOL_P256R1))
}

fn encrypt_oaep(public: &PKey<openssl::pkey::Public>, key: &Secret) -> Result<Vec<u8>, ErrorStack> {
    let mut context = PkeyCtx::new(public)?;
    context.encrypt_init()?;
    set_oaep(&mut context, Md::sha256())?;
    let mut out = Vec::new();
    context.encrypt_to_vec(key.expose(), &mut out)?;
    Ok(out)
}

fn decrypt_oaep(private: &PKeyRef<Private>, octets: &[u8], hash: &MdRef) -> Result<Secret, ErrorStack> {
    let mut context = PkeyCtx::new(private)?;
    context.decrypt_init()?;
    set_oaep(&mut context, hash)?;
    let mut out = Vec::new();
    context.decrypt_to_vec(octets, &mut out)?;
    Ok(Secret::new(out))
}

fn set_oaep<T>(context: &mut PkeyCtx<T>, hash: &MdRef) -> Result<(), ErrorStack> {
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(hash)?;
    context.set_rsa_mgf1_md(hash)
}
