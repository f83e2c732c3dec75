//! XML that wants to do harm gives an error, in linear time, with bounded memory.

use kim_konnektor::{Error, GetCards, MAX_DIRECTORY_OCTETS, Malformed, ServiceDirectory};

use crate::fixtures::{OK, directory, envelope, result};

fn cards(body: &str) -> Result<usize, Error> {
    result(&GetCards::default(), body.as_bytes()).map(|cards| cards.len())
}

fn refused(body: &str) -> Malformed {
    match cards(body) {
        Err(Error::Response(error)) => error.what,
        other => panic!("not refused: {other:?}"),
    }
}

fn good() -> String {
    envelope(&format!("<f:GetCardsResponse>{OK}<e:Cards/></f:GetCardsResponse>"))
}

#[test]
fn document_types_and_entities() {
    assert_eq!(cards(&good()), Ok(0));
    for head in [
        "<!DOCTYPE a>",
        "<!DOCTYPE a [<!ENTITY x 'OK'>]>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'http://192.0.2.1/'>]>",
    ] {
        assert_eq!(refused(&format!("{head}{}", good())), Malformed::Forbidden, "{head}");
    }
    assert_eq!(refused(&good().replace(">OK<", ">&x;<")), Malformed::Forbidden);
    assert_eq!(refused(&good().replace("<e:Cards/>", "<e:Cards a='&x;'/>")), Malformed::Forbidden);
    assert_eq!(refused(&good().replace("<e:Cards/>", "<?go now?><e:Cards/>")), Malformed::Forbidden);
    assert_eq!(cards(&good().replace(">OK<", ">&#79;&#x4b;<")), Ok(0));
}

#[test]
fn depth() {
    let nested = |depth: usize| {
        let body = format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth));
        good().replace("<e:Cards/>", &format!("<e:Cards/>{body}"))
    };
    assert_eq!(cards(&nested(29)), Ok(0));
    assert_eq!(refused(&nested(30)), Malformed::Structure);
    assert_eq!(refused(&nested(30_000)), Malformed::Structure);
    assert_eq!(cards(&nested(100_000)), Err(Error::TooLarge));
}

#[test]
fn width() {
    let many = |count: usize| good().replace("<e:Cards/>", &format!("<e:Cards/>{}", "<x/>".repeat(count)));
    assert_eq!(cards(&many(60_000)), Ok(0));
    assert_eq!(cards(&many(70_000)), Err(Error::TooLarge));
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=''")).collect();
    let wide = good().replace("<e:Cards/>", &format!("<e:Cards{attributes}/>"));
    assert!(matches!(refused(&wide), Malformed::Structure));
    let prefixes: String = (0..5_000).map(|n| format!(" xmlns:p{n}='urn:{n}'")).collect();
    assert!(cards(&good().replace("<e:Cards/>", &format!("<e:Cards{prefixes}/>"))).is_err());
    let far = "u".repeat(1000);
    let far = good().replace("<e:Cards/>", &format!("<e:Cards/><x:y xmlns:x='{far}'/>"));
    assert_eq!(refused(&far), Malformed::Structure);
}

#[test]
fn huge_text_comments_and_tags() {
    let huge = "x".repeat(1 << 20);
    for body in [
        good().replace(">OK<", &format!(">{huge}<")),
        good().replace("<e:Cards/>", &format!("<e:Cards/><!--{huge}-->")),
        good().replace("<e:Cards/>", &format!("<e:Cards a='{huge}'/>")),
        good().replace("<e:Cards/>", &format!("<{huge}")),
        huge.clone(),
    ] {
        assert_eq!(cards(&body), Err(Error::TooLarge));
    }
    let base64 = format!("<j:Base64Data>{}", "A".repeat(60 << 20));
    assert_eq!(cards(&good().replace("<e:Cards/>", &base64)), Err(Error::TooLarge));
}

#[test]
fn what_is_not_well_formed() {
    for (from, to) in [
        ("</a:Envelope>", ""),
        ("</a:Envelope>", "</a:Envelope><a:Envelope/>"),
        ("</a:Envelope>", "</a:Envelope>text"),
        ("<e:Cards/>", "<e:Cards>"),
        ("<e:Cards/>", "<z:Cards/>"),
        ("<e:Cards/>", "<e:Cards a='1' a='2'/>"),
        ("<e:Cards/>", "<e:Cards a=1/>"),
        ("<e:Cards/>", "<e:Cards/><"),
        ("<e:Cards/>", "<1/>"),
        ("<e:Cards/>", "<>"),
        (">OK<", ">&<"),
        (">OK<", ">&#0;<"),
        (">OK<", ">&#xD800;<"),
    ] {
        assert!(matches!(cards(&good().replace(from, to)), Err(Error::Response(_))), "{from} {to}");
    }
    let mut latin = good().into_bytes();
    let at = latin.windows(4).position(|window| window == b">OK<").unwrap();
    latin[at + 1] = 0xe4;
    let Err(Error::Response(error)) = result(&GetCards::default(), &latin) else { panic!("accepted") };
    assert_eq!((error.what, error.at), (Malformed::Encoding, Some(u64::try_from(at + 1).unwrap())));
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{}", good());
    assert_eq!(refused(&declared), Malformed::Encoding);
    assert_eq!(cards(&format!("\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n{}", good())), Ok(0));
}

#[test]
fn service_directories() {
    let good = directory(&[("EventService", "7.2.0")]);
    assert!(ServiceDirectory::parse(good.as_bytes()).is_ok());
    let huge = format!("{good}{}", " ".repeat(MAX_DIRECTORY_OCTETS));
    assert_eq!(ServiceDirectory::parse(huge.as_bytes()), Err(Error::TooLarge));
    for (from, to) in [
        ("<sd:ConnectorServices", "<!DOCTYPE a><sd:ConnectorServices"),
        ("sd:ConnectorServices", "pi:ConnectorServices"),
        ("ServiceDirectory/v3.1", "ServiceDirectory/v4.0"),
        ("<pi:ProductName>", "<pi:ProductName/><pi:ProductName>"),
        ("pi:Local", "pi:Central"),
    ] {
        let bad = ServiceDirectory::parse(good.replace(from, to).as_bytes());
        assert!(matches!(bad, Err(Error::Response(_))), "{from} {to}");
    }
    let odd = good.replace("Test &amp; Box", "Bad&#10;X-Evil: 1\u{e4}");
    let product = ServiceDirectory::parse(odd.as_bytes()).unwrap().product().kim_version();
    assert_eq!(product, "<BadX-Evil: 1><Konnektor><5.1.0><1.0.0><2.0.0>");
}
