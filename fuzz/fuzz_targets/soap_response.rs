#![no_main]
//! A hostile Konnektor: no response panics an operation, and the size of the chunks does not matter.

use bytes::Bytes;
use kim_konnektor::{
    DecryptDocument, Document, EncryptDocument, GetCards, GetJobNumber, GetPinStatus, Limits, Operation,
    PinKind, ResponseReader, VerifyCertificate, VerifyDocument,
};
use kim_types::{CardHandle, Octets};
use libfuzzer_sys::fuzz_target;

fn read(octets: &[u8], chunk: usize) -> Option<Document> {
    let mut reader = ResponseReader::new(Limits::default());
    for part in octets.chunks(chunk) {
        reader.push(part).ok()?;
    }
    reader.finish(200).ok()
}

fuzz_target!(|octets: &[u8]| {
    let (whole, single) = (read(octets, octets.len().max(1)), read(octets, 1));
    assert_eq!(whole.is_some(), single.is_some());
    let (Some(document), Ok(card)) = (whole, "card".parse::<CardHandle>()) else { return };
    let of = |document: &Document| document.clone();
    let _ = GetJobNumber.response(of(&document));
    let _ = GetCards { filter: None, mandant_wide: false }.response(of(&document));
    let _ = GetPinStatus { card: card.clone(), pin: PinKind::Smc }.response(of(&document));
    let _ = VerifyCertificate { certificate: Bytes::new(), at: None }.response(of(&document));
    let _ = VerifyDocument { cms: Octets::new() }.response(of(&document));
    let _ = DecryptDocument { card, document: Octets::new() }.response(of(&document));
    let _ = EncryptDocument { document: Octets::new(), certificates: Vec::new(), attribute: Bytes::new() }
        .response(of(&document));
});
