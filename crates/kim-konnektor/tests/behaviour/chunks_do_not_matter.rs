//! However a response is cut into pieces, it reads the same.

use bytes::Bytes;
use kim_konnektor::{DecryptDocument, EncryptDocument, Error, GetCards, Limits, Operation, ResponseReader};
use kim_types::Octets;
use proptest::prelude::*;

use crate::fixtures::{OK, envelope, fault, read_in_chunks};

fn decrypt() -> DecryptDocument {
    DecryptDocument { card: "card".parse().unwrap(), document: Octets::new() }
}

fn response(base64: &str) -> String {
    envelope(&format!(
        "<!-- <j:Base64Data> --><k:DecryptDocumentResponse x='>' y=\"'\">{OK}<b:Document>\
         <j:Base64Data>{base64}</j:Base64Data></b:Document><![CDATA[<j:Base64Data>]]></k:DecryptDocumentResponse>"
    ))
}

fn plain(response: &str, chunk: usize) -> Result<Bytes, Error> {
    decrypt().response(read_in_chunks(response.as_bytes(), chunk, 200)?)
}

#[test]
fn one_at_a_time_and_all_at_once_are_the_same() {
    let long = response(&"TWFs\n".repeat(50_000));
    let whole = plain(&long, usize::MAX).unwrap();
    assert_eq!(whole.len(), 150_000);
    for chunk in [1, 7, 4096] {
        assert_eq!(plain(&long, chunk).unwrap(), whole);
    }
}

#[test]
fn errors_are_the_same_too() {
    let good = response("TWFseg==");
    for bad in [
        good.replace("TWFseg==", "TWFs eg=?"),
        good.replace("TWFseg==", "TWFseg="),
        good.replace("</b:Document>", "</b:Dokument>"),
        good.replace("<b:Result>", "<b:Result>&x;"),
        good.replace("</a:Envelope>", ""),
        good.replace("</a:Envelope>", "</a:Envelope>x"),
    ] {
        let whole = plain(&bad, usize::MAX).unwrap_err();
        assert!(matches!(whole, Error::Response(_)));
        for chunk in [1, 7] {
            assert_eq!(plain(&bad, chunk).unwrap_err(), whole);
        }
    }
}

#[test]
fn errors_name_the_octet_of_the_response() {
    let bad = response(&"TWFs".repeat(30_000)).replace("</b:Document>", "<?pi?></b:Document>");
    let Err(Error::Response(error)) = plain(&bad, 999) else { panic!("accepted") };
    let expected = bad.find("<?pi?>").unwrap();
    assert_eq!(error.at, Some(u64::try_from(expected).unwrap()));

    let bad = response("TWF*");
    let Err(Error::Response(error)) = plain(&bad, 3) else { panic!("accepted") };
    assert_eq!(error.at, Some(u64::try_from(bad.find("TWF*").unwrap()).unwrap()));
}

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..300), chunk in 1usize..50) {
        let whole = read_in_chunks(&octets, usize::MAX, 200).map(|document| format!("{document:?}"));
        let split = read_in_chunks(&octets, chunk, 200).map(|document| format!("{document:?}"));
        prop_assert_eq!(whole, split);
    }

    #[test]
    fn any_markup_is_read_without_panic(
        body in "(<j:Base64Data>|</j:Base64Data>|<b:Document>|</b:Document>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<|>|&|;|'|\"|/|TWFs|=| |<\\?|ä){0,30}",
        chunk in 1usize..20,
    ) {
        let encrypt = EncryptDocument { document: Octets::new(), certificates: vec![], attribute: Bytes::new() };
        let response = envelope(&format!("<k:EncryptDocumentResponse>{OK}{body}</k:EncryptDocumentResponse>"));
        let read = |chunk| encrypt.response(read_in_chunks(response.as_bytes(), chunk, 200)?);
        prop_assert_eq!(read(usize::MAX), read(chunk));
    }

    #[test]
    fn a_damaged_fault_is_read_without_panic(at in 0usize..1500, octet in any::<u8>(), chunk in 1usize..50) {
        let mut response = fault(&[4085, 4101]).into_bytes();
        let at = at % response.len();
        response[at] = octet;
        let read = |chunk| GetCards::default().response(read_in_chunks(&response, chunk, 500)?);
        prop_assert_eq!(read(usize::MAX), read(chunk));
    }

    #[test]
    fn documents_survive(octets in proptest::collection::vec(any::<u8>(), 0..2000), chunk in 1usize..500) {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&octets);
        prop_assert_eq!(plain(&response(&text), chunk).unwrap(), octets);
    }
}

#[test]
fn limits_end_the_reading() {
    let long = response(&"TWFs".repeat(100_000));
    for (skeleton, bulk, fits) in [(4096, 300_000, true), (4096, 299_999, false), (500, 300_000, false)] {
        let mut reader = ResponseReader::new(Limits { skeleton, bulk });
        let pushed = long.as_bytes().chunks(1000).try_for_each(|piece| reader.push(piece));
        if fits {
            pushed.unwrap();
            assert_eq!(decrypt().response(reader.finish(200).unwrap()).unwrap().len(), 300_000);
        } else {
            assert_eq!(pushed, Err(Error::TooLarge));
        }
    }
}
