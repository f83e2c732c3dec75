//! Certificates that should not have the same key.

use kim_types::TelematikId;

use crate::certificate::Certificate;

/// Two owners whose certificates have the same public key: a warning.
///
/// Whoever of the two has the private key reads what is encrypted for the other, or signs in his name. Certificates of the
/// same owner may share a key, such as those of a card that was renewed.
///
/// Spec: none — seen in the field; gemSMIME_KOMLE 1.7.0 does not forbid it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SharedKey {
    /// The owners, in the order of their certificates.
    pub owners: [TelematikId; 2],
}

/// The pairs of different owners that share a key among these certificates, each pair once.
///
/// Keys are compared as the octets of `SubjectPublicKeyInfo`. Certificates without Telematik-ID are left out: they name
/// nobody to warn of.
///
/// ```
/// use kim_smime::{Certificate, shared_keys};
///
/// fn is_suspicious(chosen: &[Certificate]) -> bool {
///     !shared_keys(chosen).is_empty()
/// }
/// assert!(!is_suspicious(&[]));
/// ```
///
/// Spec: none — see [`SharedKey`].
pub fn shared_keys<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<SharedKey> {
    let owned = certificates.into_iter().filter_map(|one| Some((one.public_key_info(), one.telematik_id()?)));
    let mut keys: Vec<_> = owned.collect();
    // Stable, so that equal keys stay in the order given.
    keys.sort_by_key(|(key, _)| *key);
    let mut found: Vec<SharedKey> = Vec::new();
    for same in keys.chunk_by(|(one, _), (other, _)| one == other) {
        let Some(((_, first), others)) = same.split_first() else { continue };
        for (_, other) in others.iter().filter(|(_, other)| other != first) {
            let pair = SharedKey { owners: [(*first).clone(), (*other).clone()] };
            if !found.contains(&pair) {
                found.push(pair);
            }
        }
    }
    found
}
