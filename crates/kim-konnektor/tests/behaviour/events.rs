//! Events of a Konnektor, cut in every way, and what is none.

use kim_konnektor::{CetpDecoder, CetpError, Event, MAX_EVENT_OCTETS, Malformed, ResponseError, Severity};

use crate::fixtures::vector;

fn frame(xml: &[u8]) -> Vec<u8> {
    [b"CETP", &u32::try_from(xml.len()).unwrap().to_be_bytes()[..], xml].concat()
}

fn event(topic: &str, value: &str) -> Vec<u8> {
    format!(
        "<e:Event xmlns:e='http://ws.gematik.de/conn/EventService/v7.2'><e:Topic>{topic}</e:Topic>\
         <e:Type>Operation</e:Type><e:Severity>Warning</e:Severity><e:SubscriptionID/><e:Message><e:Parameter>\
         <e:Key>CardHolderName</e:Key><e:Value>{value}</e:Value></e:Parameter></e:Message></e:Event>"
    )
    .into_bytes()
}

fn decode(octets: &[u8], chunk: usize) -> Result<Vec<Event>, CetpError> {
    Ok(frames(octets, chunk)?.into_iter().map(Result::unwrap).collect())
}

/// What each frame holds.
fn frames(octets: &[u8], chunk: usize) -> Result<Vec<Result<Event, ResponseError>>, CetpError> {
    let mut decoder = CetpDecoder::default();
    let mut events = Vec::new();
    for piece in octets.chunks(chunk) {
        events.extend(decoder.push(piece)?);
    }
    Ok(events)
}

/// Spec: gemSpec_Kon 5.18.0, TIP1-A_4595
#[test]
fn chunks_do_not_matter() {
    let octets = [frame(&event("CARD/INSERTED", "A&amp;B")), frame(&event("BOOTUP", ""))].concat();
    let whole = decode(&octets, usize::MAX).unwrap();
    assert_eq!(
        whole.iter().map(|event| event.topic.as_str()).collect::<Vec<_>>(),
        ["CARD/INSERTED", "BOOTUP"]
    );
    assert_eq!(whole[0].severity, Severity::Warning);
    assert_eq!(whole[0].parameter("cardholdername").unwrap().0, "A&B");
    for chunk in [1, 7, 8, 9, 100, 400] {
        assert_eq!(decode(&octets, chunk).unwrap(), whole, "{chunk}");
    }
}

#[test]
fn a_recorded_event_has_the_values_one_reads_in_it() {
    let Some(xml) = vector("soap/Event-CARD-INSERTED.xml") else { return };
    let events = decode(&frame(&xml), 100).unwrap();
    let [event] = &events[..] else { panic!("one event") };
    assert!(event.is_about("card") && event.is_about("CARD/INSERTED"));
    assert!(!event.is_about("CARD/REMOVED") && !event.is_about("CARD/IN"));
    assert_eq!((event.topic.as_str(), event.severity), ("CARD/INSERTED", Severity::Info));
    let parameters: Vec<(&str, &str)> =
        event.parameters.iter().map(|(key, value)| (key.as_str(), value.0.as_str())).collect();
    let expected = [
        ("CardHandle", "c2006cfb-876b-4f51-8aed-6db04e03732c"),
        ("CardType", "EGK"),
        ("ICCSN", "80276881029979541601"),
        ("CtID", "00:1B:B5:08:90:41"),
        ("SlotID", "1"),
        ("InsertTime", "2024-02-24T21:34:13.734Z"),
        ("CardHolderName", "Bernd Blau"),
        ("CertExpirationDate", "2028-02-21T13:11:56Z"),
        ("CardVersion", "COSVERSION 4.4.1, OBJECTSYSTEMVERSION 4.5.1"),
        ("KVNR", "K210140155"),
    ];
    assert_eq!(parameters, expected);
    assert_eq!(event.parameter("iccsn").unwrap().0, "80276881029979541601");
    assert!(!format!("{event:?}").contains("Bernd"), "{event:?}");
}

#[test]
fn what_is_no_frame_ends_the_connection() {
    for octets in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01", b"CETX"] {
        assert_eq!(decode(octets, 1), Err(CetpError::Magic));
    }
    let too_long = u32::try_from(MAX_EVENT_OCTETS + 1).unwrap().to_be_bytes();
    assert_eq!(decode(&[b"CETP", &too_long[..]].concat(), 8), Err(CetpError::TooLong));
    assert_eq!(decode(b"CETP\xff\xff\xff\xff", 3), Err(CetpError::TooLong));
}

#[test]
fn events_before_something_else_are_not_lost() {
    for rest in [&b"GET / HTTP/1.1\r\n"[..], b"GET", b"CETP\xff\xff\xff\xff"] {
        let mut decoder = CetpDecoder::default();
        let events = decoder.push(&[&frame(&event("BOOTUP", ""))[..], rest].concat()).unwrap();
        assert_eq!(events[0].as_ref().unwrap().topic, "BOOTUP");
        assert!(decoder.push(b"/").is_err(), "{rest:?}");
    }
}

#[test]
fn a_frame_without_an_event_takes_no_other_with_it() {
    for (xml, expected) in [
        (&b""[..], Malformed::Markup),
        (b"<Event/>", Malformed::Message),
        (b"<!DOCTYPE a><a/>", Malformed::Forbidden),
        (b"\xff", Malformed::Encoding),
    ] {
        let octets = [frame(&event("CARD/INSERTED", "")), frame(xml), frame(&event("BOOTUP", ""))].concat();
        for chunk in [5, usize::MAX] {
            let events = frames(&octets, chunk).unwrap();
            let [Ok(first), Err(error), Ok(last)] = &events[..] else { panic!("{events:?}") };
            assert_eq!([&first.topic, &last.topic], ["CARD/INSERTED", "BOOTUP"]);
            assert_eq!(error.what, expected);
        }
    }
}
