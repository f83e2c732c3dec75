//! KOM-LE messages that were forwarded in base64: [`forwarded`].

use bytes::Bytes;

use crate::entity::decode;
use crate::measure::Measure;

/// How often base64 within base64 is decoded; programs do it once, for a mail that was forwarded again twice.
const MAX_DEPTH: u8 = 4;

/// The KOM-LE messages in a message/rfc822 entity that is encoded in base64, each octet for octet, without a Return-Path in
/// front; see [`Measure::encoded_messages`].
///
/// What is no base64 has none. At most [`Measure::MAX_KOM_LE_MESSAGES`] are given.
///
/// ```
/// use kim_smime::{Measure, forwarded};
///
/// let mut measure = Measure::new();
/// let mail = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n\
///     WC1LT00tTEUtVmVyc2lvbjogMS4wDQpDb250ZW50LVR5cGU6IGFwcGxpY2F0aW9uL3BrY3M3LW1pbWUNCg0KTUlBRw==\r\n";
/// measure.push(mail);
/// let [encoded] = measure.encoded_messages().try_into().unwrap();
/// let encoded = &mail[encoded.start as usize..encoded.end as usize];
/// assert_eq!(forwarded(encoded), ["X-KOM-LE-Version: 1.0\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIAG"]);
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2029; deltas Q9.
pub fn forwarded(encoded: &[u8]) -> Vec<Bytes> {
    let mut found = Vec::new();
    look(encoded, MAX_DEPTH, &mut found);
    found.truncate(Measure::MAX_KOM_LE_MESSAGES);
    found
}

/// Every level is a quarter shorter than the one around it, so all of them together are a few times as long as the first.
fn look(encoded: &[u8], depth: u8, found: &mut Vec<Bytes>) {
    /// What makes the content an entity of its own.
    const ENTITY: &[u8] = b"Content-Type: message/rfc822\r\n\r\n";
    let Some(deeper) = depth.checked_sub(1) else { return };
    let Ok(content) = decode(encoded, encoded.len()) else { return };
    let mail = Bytes::from([ENTITY, &content].concat());
    let mut measure = Measure::new();
    measure.push(&mail);
    let part = |range: std::ops::Range<u64>| {
        let octet = |at: u64| usize::try_from(at).map_or(mail.len(), |at| at.min(mail.len()));
        let (start, end) = (octet(range.start), octet(range.end));
        mail.slice(start.min(end)..end)
    };
    found.extend(measure.kom_le_messages().into_iter().map(part));
    for range in measure.encoded_messages() {
        look(&part(range), deeper, found);
    }
}
