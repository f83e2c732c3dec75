#![no_main]
//! A mail that was made UTF-8 stays as it is when that is done again.

use bytes::Bytes;
use kim_smime::{Draft, Header, HeaderLimits, RecipientEmails};
use libfuzzer_sys::fuzz_target;

/// recipient-emails with one entry: a@b, an issuer without a name, the serial number 1.
const RECIPIENT: &[u8] = &[
    0x30, 0x1a, 0x06, 0x08, 0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, 0x81, 0x2d, 0x31, 0x0e, 0x30, 0x0c, 0x16,
    0x03, b'a', b'@', b'b', 0x30, 0x05, 0x30, 0x00, 0x02, 0x01, 0x01,
];
/// What stands before the mail in the document to be signed.
const ENTITY: usize = "Content-Type: message/rfc822\r\n\r\n".len();

fn in_utf8(mail: &Bytes) -> Option<Bytes> {
    let (header, body) = Header::split(mail, &HeaderLimits::default()).ok()?;
    let recipients = RecipientEmails::from_attribute(RECIPIENT).ok()?;
    let request = Draft::new(header, body.into()).in_utf8().sign_request(recipients);
    Some(request.document().to_bytes().slice(ENTITY..))
}

fuzz_target!(|octets: &[u8]| {
    assert!(RecipientEmails::from_attribute(RECIPIENT).is_ok());
    let Some(once) = in_utf8(&Bytes::copy_from_slice(octets)) else { return };
    if let Some(twice) = in_utf8(&once) {
        assert_eq!(once, twice);
    }
});
