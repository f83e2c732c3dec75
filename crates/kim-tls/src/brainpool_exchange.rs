//! Key exchange on the brainpool curves, for TLS 1.2.

use openssl::bn::BigNumContext;
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private, Public};
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};

/// The first octet of a point that is not compressed, the only form TLS allows.
const UNCOMPRESSED: u8 = 4;

pub(crate) const BRAINPOOL_P256R1: &dyn SupportedKxGroup =
    &Brainpool { name: 0x001a, curve: Nid::BRAINPOOL_P256R1 };
pub(crate) const BRAINPOOL_P384R1: &dyn SupportedKxGroup =
    &Brainpool { name: 0x001b, curve: Nid::BRAINPOOL_P384R1 };
pub(crate) const BRAINPOOL_P512R1: &dyn SupportedKxGroup =
    &Brainpool { name: 0x001c, curve: Nid::BRAINPOOL_P512R1 };

/// A curve with the number that TLS 1.2 has for it; TLS 1.3 has others.
///
/// Spec: RFC 7027 §2; RFC 8734 §3.
#[derive(Debug)]
struct Brainpool {
    name: u16,
    curve: Nid,
}

impl SupportedKxGroup for Brainpool {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(Exchange::start(self).map_err(openssl_failed)?))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::Unknown(self.name)
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_2
    }
}

struct Exchange {
    name: NamedGroup,
    group: EcGroup,
    key: PKey<Private>,
    point: Vec<u8>,
}

impl Exchange {
    fn start(brainpool: &Brainpool) -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(brainpool.curve)?;
        let key = EcKey::generate(&group)?;
        let mut numbers = BigNumContext::new()?;
        let point = key.public_key().to_bytes(&group, PointConversionForm::UNCOMPRESSED, &mut numbers)?;
        Ok(Self { name: brainpool.name(), key: PKey::from_ec_key(key)?, group, point })
    }

    /// The peer's key, which is refused if it is not a point of the curve.
    fn peer(&self, point: &[u8]) -> Result<PKey<Public>, ErrorStack> {
        let mut numbers = BigNumContext::new()?;
        let point = EcPoint::from_bytes(&self.group, point, &mut numbers)?;
        let key = EcKey::from_public_key(&self.group, &point)?;
        key.check_key()?;
        PKey::from_ec_key(key)
    }
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let misbehaved = || Error::from(PeerMisbehaved::InvalidKeyShare);
        if peer.first() != Some(&UNCOMPRESSED) {
            return Err(misbehaved());
        }
        let peer = self.peer(peer).map_err(|_| misbehaved())?;
        let derive = || {
            let mut deriver = Deriver::new(&self.key)?;
            deriver.set_peer(&peer)?;
            deriver.derive_to_vec()
        };
        Ok(derive().map_err(openssl_failed)?.into())
    }

    fn pub_key(&self) -> &[u8] {
        &self.point
    }

    fn group(&self) -> NamedGroup {
        self.name
    }
}

fn openssl_failed(error: ErrorStack) -> Error {
    Error::General(format!("OpenSSL: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_the_same_secret() {
        for curve in [BRAINPOOL_P256R1, BRAINPOOL_P384R1, BRAINPOOL_P512R1] {
            let client = curve.start().unwrap();
            let server = curve.start_and_complete(client.pub_key()).unwrap();
            let secret = client.complete(&server.pub_key).unwrap();
            assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
        }
    }

    #[test]
    fn a_point_off_the_curve_is_refused() {
        let mut point = BRAINPOOL_P256R1.start().unwrap().pub_key().to_vec();
        *point.last_mut().unwrap() ^= 1;
        for peer in [point.as_slice(), &[], &[4], &[0], &point[1..]] {
            let refused = BRAINPOOL_P256R1.start().unwrap().complete(peer).err().unwrap();
            assert_eq!(refused, PeerMisbehaved::InvalidKeyShare.into());
        }
    }
}
