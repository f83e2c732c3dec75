//! Where a mail says that its data is on the KAS: [`KasPart`].

use kim_types::Secret;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use crate::entity::{decode, transfer_encoding};
use crate::header::Header;
use crate::measure::Measure;
use crate::measure::parts::is_x_kas;
use crate::opened::Opened;

/// The longest body that is decoded, in octets: a description has a few hundred.
const MAX_BODY: usize = 64 * 1024;

/// What a mail says about data on the KAS.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07, A_19369-02.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KasPart {
    /// Nothing: the mail is complete. A description that is not the body of the mail but one of several parts does not say
    /// where the mail is.
    None,
    /// The body is the one description of where the data is: its octets without transfer encoding, as a secret because the
    /// key is among them. Empty if they cannot be decoded.
    One(Secret),
    /// There is more than one description, wherever they are.
    Several,
}

impl Opened {
    /// What the mail says about data on the KAS.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369-02; flows L1.
    pub fn kas_part(&self) -> KasPart {
        let mut measure = Measure::new();
        let header = self.header().to_octets();
        for piece in header.pieces().iter().chain([&"\r\n".into()]).chain(self.body().pieces()) {
            measure.push(piece);
        }
        match measure.x_kas_parts() {
            0 => KasPart::None,
            1 if is_x_kas(self.header()) => {
                KasPart::One(Secret::new(decoded(self.header(), self.body().to_bytes().as_ref())))
            }
            1 => KasPart::None,
            _ => KasPart::Several,
        }
    }
}

fn decoded(header: &Header, body: &[u8]) -> Vec<u8> {
    let body = if body.len() > MAX_BODY { &[] } else { body };
    let decoded = match transfer_encoding(header).as_deref() {
        Ok("base64") => decode(body, MAX_BODY).ok().map(|octets| octets.to_vec()),
        Ok("quoted-printable") => quoted_printable_decode(body),
        Ok(_) => Some(body.to_vec()),
        Err(_) => None,
    };
    decoded.unwrap_or_default()
}
