#![no_main]
//! A hostile Konnektor: no response panics any operation, and how it is cut into chunks changes nothing of what is read.

use std::fmt::Debug;

use bytes::Bytes;
use kim_konnektor::{
    CertRef, CheckCertificateExpiration, Crypt, DecryptDocument, Document, EncryptDocument, EventSink,
    ExternalAuthenticate, GetCardTerminals, GetCards, GetJobNumber, GetPinStatus, GetResourceInformation,
    GetSubscription, JobNumber, Limits, Operation, PinKind, ReadCardCertificate, RenewSubscriptions,
    ResponseReader, SignDocument, SignatureScheme, Subscribe, Unsubscribe, VerifyCertificate, VerifyDocument,
    VerifyPin,
};
use kim_types::{CardHandle, Octets};
use libfuzzer_sys::fuzz_target;

fn read(octets: &[u8], chunk: usize, status: u16) -> Option<Document> {
    let mut reader = ResponseReader::new(Limits::default());
    for part in octets.chunks(chunk) {
        reader.push(part).ok()?;
    }
    reader.finish(status).ok()
}

/// What every operation reads in the response, also those it is no response to, as far as `Debug` shows it.
fn ask_all(document: &Document, card: &CardHandle, job: &JobNumber) -> Vec<String> {
    fn ask<O: Operation<Response: Debug>>(operation: &O, document: &Document) -> String {
        format!("{:?}", operation.response(document.clone()))
    }
    let card = || card.clone();
    let sink = EventSink(([127, 0, 0, 1], 1).into());
    let read = |reference| ReadCardCertificate { card: card(), reference, crypt: Some(Crypt::Ecc) };
    let (nothing, attribute) = (Octets::new(), Bytes::new());
    let sign = SignDocument {
        card: card(),
        crypt: Crypt::RsaEcc,
        job: job.clone(),
        document: nothing.clone(),
        attribute: attribute.clone(),
    };
    let login = ExternalAuthenticate { card: card(), scheme: SignatureScheme::Ecdsa, hash: [0; 32] };
    vec![
        ask(&GetJobNumber, document),
        ask(&GetCards { filter: None, mandant_wide: false }, document),
        ask(&GetCardTerminals { mandant_wide: true }, document),
        ask(&GetResourceInformation, document),
        ask(&Subscribe { sink, topic: "CARD".to_owned() }, document),
        ask(&RenewSubscriptions { ids: Vec::new() }, document),
        ask(&Unsubscribe { sink }, document),
        ask(&GetSubscription { mandant_wide: false }, document),
        ask(&GetPinStatus { card: card(), pin: PinKind::Smc }, document),
        ask(&VerifyPin { card: card(), pin: PinKind::Ch }, document),
        ask(&VerifyCertificate { certificate: Bytes::new(), at: None }, document),
        ask(&CheckCertificateExpiration { card: None, crypt: None }, document),
        ask(&read(CertRef::Enc), document),
        ask(&read(CertRef::Sig), document),
        ask(&VerifyDocument { cms: nothing.clone() }, document),
        ask(&DecryptDocument { card: card(), document: nothing.clone() }, document),
        ask(&login, document),
        ask(&sign, document),
        ask(&EncryptDocument { document: nothing, certificates: Vec::new(), attribute }, document),
    ]
}

fuzz_target!(|octets: &[u8]| {
    let (card, job) = ("card".parse().expect("a handle"), "ABC-123".parse().expect("a job number"));
    for status in [200, 500] {
        let (whole, single) = (read(octets, octets.len().max(1), status), read(octets, 1, status));
        let [whole, single] = [whole, single].map(|document| document.map(|it| ask_all(&it, &card, &job)));
        assert_eq!(whole, single);
    }
});
