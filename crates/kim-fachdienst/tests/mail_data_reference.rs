//! The structure of an x-kas part and its link.

use kim_fachdienst::{KasLink, KasReference, KasReferenceError, LinkError, LinkRules};
use kim_types::Secret;
use proptest::prelude::*;

fn reference() -> KasReference {
    KasReference {
        link: "https://kas.x.kim.telematik/attachment/1".into(),
        key: Secret::new(vec![1; 32]),
        hash: [2; 32],
        size: 27_262_976,
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19359-07
#[test]
fn the_structure_is_one_line_of_json_and_comes_back() {
    let json = reference().to_json();
    let expected = r#"{"link":"https://kas.x.kim.telematik/attachment/1","k":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=","hash":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","size":27262976}"#;
    assert_eq!(std::str::from_utf8(json.expose()).unwrap(), expected);
    assert_eq!(KasReference::parse(json.expose()).unwrap(), reference());
}

#[test]
fn white_space_unknown_members_and_missing_padding_are_accepted() {
    let json = format!("\r\n{}\r\n", String::from_utf8(reference().to_json().expose().to_vec()).unwrap());
    let json = json.replace('=', "").replace("\"size\":", "\"new\": [1], \"size\": ");
    assert_eq!(KasReference::parse(json.as_bytes()).unwrap(), reference());
}

#[test]
fn wrong_structures_are_refused_without_quoting_them() {
    let json = String::from_utf8(reference().to_json().expose().to_vec()).unwrap();
    let parse = |json: String| KasReference::parse(json.as_bytes());
    assert_eq!(parse(json.replace("AQEB", "")), Err(KasReferenceError::Value { member: "k" }));
    assert_eq!(parse(json.replace("AgIC", "!")), Err(KasReferenceError::Value { member: "hash" }));
    assert_eq!(parse(json.replace("27262976", "-1")), Err(KasReferenceError::Value { member: "size" }));
    // The members in order, without their names.
    let array = json.replace(['{', '}'], "").replace("\"link\":", "[").replace("\"k\":", "");
    let array = format!("{}]", array.replace("\"hash\":", "").replace("\"size\":", ""));
    for broken in
        [json.replace("size", "x"), json.replace("hash", "k"), format!("{json}{json}"), String::new(), array]
    {
        assert!(matches!(parse(broken), Err(KasReferenceError::Malformed { .. })));
    }
    let huge = " ".repeat(KasReference::MAX_OCTETS + 1);
    assert_eq!(parse(huge), Err(KasReferenceError::TooLarge { len: KasReference::MAX_OCTETS + 1 }));
}

#[test]
fn neither_link_nor_key_is_printed() {
    assert_eq!(format!("{:?}", reference()), "KasReference { size: 27262976, .. }");
    let link = KasLink::parse(&reference().link, &LinkRules::default()).unwrap();
    assert_eq!(format!("{link:?}"), "KasLink(kas.x.kim.telematik:443)");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19370-05
#[test]
fn links_into_kim_are_accepted() {
    let parse = |link: &str| KasLink::parse(link, &LinkRules::default());
    let link = parse("HTTPS://KAS.x.kim.telematik-test:8444/attachments/v2.3/a?b=c").unwrap();
    assert_eq!(link.as_str(), "https://kas.x.kim.telematik-test:8444/attachments/v2.3/a?b=c");
    assert_eq!((link.host(), link.port()), ("kas.x.kim.telematik-test", 8444));
    assert_eq!(parse("https://kas.kim.telematik").unwrap().as_str(), "https://kas.kim.telematik:443/");
}

#[test]
fn links_out_of_kim_are_refused() {
    let error = |link: &str| KasLink::parse(link, &LinkRules::default()).unwrap_err();
    for foreign in [
        "https://evil.com/",
        "https://evil.com/.kim.telematik",
        "https://evil.com?.kim.telematik/",
        "https://kas.kim.telematik.evil.com/",
        "https://evilkim.telematik/",
        "https://127.0.0.1/",
    ] {
        assert!(matches!(error(foreign), LinkError::ForeignHost | LinkError::Authority), "{foreign}");
    }
    assert_eq!(error("http://kas.kim.telematik/"), LinkError::Scheme);
    assert_eq!(error("file:///etc/passwd"), LinkError::Scheme);
    assert_eq!(error("https://a@kas.kim.telematik/"), LinkError::UserInformation);
    assert_eq!(error("https://evil.com\\@kas.kim.telematik/"), LinkError::Character { at: 16 });
    assert_eq!(error("https://kas.kim.telematik/#x"), LinkError::Character { at: 26 });
    assert_eq!(error("https://kas.kim.telematik/\r\nX"), LinkError::Character { at: 26 });
    assert_eq!(error("https://kas.kim.telematik:99999/"), LinkError::Authority);
    assert_eq!(error("https://[::1]/"), LinkError::Authority);
    assert_eq!(error(&"x".repeat(2049)), LinkError::TooLong { len: 2049 });
}

#[test]
fn further_hosts_are_accepted_with_their_port_only() {
    let rules = LinkRules { hosts: vec!["127.0.0.1:4443".into()], ..LinkRules::default() };
    assert!(KasLink::parse("https://127.0.0.1:4443/a", &rules).is_ok());
    assert_eq!(KasLink::parse("https://127.0.0.1/a", &rules), Err(LinkError::ForeignHost));
}

proptest! {
    #[test]
    fn every_structure_comes_back(link in ".{0,200}", key: [u8; 32], hash: [u8; 32], size in 0..=u64::MAX / 4) {
        let reference = KasReference { link, key: Secret::new(key.to_vec()), hash, size };
        prop_assert_eq!(KasReference::parse(reference.to_json().expose()).unwrap(), reference);
    }

    #[test]
    fn no_input_panics_and_accepted_links_stay_accepted(text in ".{0,80}", tail in "[ -~]{0,40}") {
        let _ = KasReference::parse(text.as_bytes());
        for link in [text, format!("https://kas.kim.telematik{tail}")] {
            if let Ok(link) = KasLink::parse(&link, &LinkRules::default()) {
                prop_assert_eq!(KasLink::parse(link.as_str(), &LinkRules::default()), Ok(link.clone()));
                prop_assert!(link.host().ends_with(".kim.telematik"));
            }
        }
    }
}
