//! The operation that logs a card's holder in elsewhere.

use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::call::Call;
use super::fault::Fault;
use super::http::HttpResponse;
use super::namespace::Ns;
use super::vendor::Version;
use crate::pki::{KeyType, Purpose};

const PSS: &str = "urn:ietf:rfc:3447";
const ECDSA: &str = "urn:bsi:tr:03111:ecdsa";

/// Signs a SHA-256 with the key of C.AUT.
///
/// Spec: gemSpec_Kon 5.18.0, ExternalAuthenticate.
pub(super) fn external_authenticate(call: &Call<'_>) -> Result<HttpResponse, Fault> {
    let ns = call.namespace;
    let mut fields = call.message.fields();
    let handle = fields.required(Ns::Conn, "CardHandle")?.text().to_owned();
    let context = call.context(&mut fields)?;
    let options = fields.optional(ns, "OptionalInputs");
    let hash = call.document(fields.required(ns, "BinaryString")?)?;
    fields.end()?;
    let option = |namespace, name| options.and_then(|options| options.child(namespace, name));
    let kind = option(Ns::Dss, "SignatureType").map_or(PSS, |kind| kind.text());
    let scheme = option(ns, "SignatureSchemes").map_or("RSASSA-PSS", |scheme| scheme.text());

    let key_type = match kind {
        PSS if scheme == "RSASSA-PSS" => KeyType::Rsa,
        ECDSA if call.version >= Version(7, 4, 1) => KeyType::Brainpool,
        _ => return Err(Fault::syntax("signature type not supported")),
    };
    if hash.len() != 32 {
        return Err(Fault::syntax("SHA-256 expected"));
    }
    let access = call.card(&handle, &context)?;
    let identity = access.opened()?.identity(Purpose::Aut, key_type).ok_or_else(|| Fault::new(4147))?;
    let signature = sign(&identity.key, &hash).map_err(|_| Fault::new(4001))?;

    let mut out = call.response("ExternalAuthenticate");
    out.status(None);
    out.open(Ns::Dss, "SignatureObject");
    out.base64(Ns::Dss, "Base64Signature", &[("Type", kind)], &signature);
    out.close();
    Ok(out.finish())
}

fn sign(key: &PKey<Private>, hash: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    if let Ok(key) = key.ec_key() {
        return EcdsaSig::sign(hash, &key)?.to_der();
    }
    let mut context = PkeyCtx::new(key)?;
    context.sign_init()?;
    context.set_rsa_padding(Padding::PKCS1_PSS)?;
    context.set_signature_md(Md::sha256())?;
    context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    let mut signature = Vec::new();
    context.sign_to_vec(hash, &mut signature)?;
    Ok(signature)
}
