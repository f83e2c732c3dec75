//! Terminals, the Konnektor's own state, ends of certificates, logins with a card, subscriptions.

use kim_konnektor::{
    CheckCertificateExpiration, Error, EventSink, ExternalAuthenticate, GetCardTerminals,
    GetResourceInformation, GetSubscription, Severity, SignatureScheme, Subscribe, Unsubscribe,
};

use crate::fixtures::{OK, envelope, result, vector};

fn authenticate(scheme: SignatureScheme) -> ExternalAuthenticate {
    ExternalAuthenticate { card: "SMC-B-2".parse().unwrap(), scheme, hash: [0; 32] }
}

/// Spec: gemSpec_Kon 5.18.0, operation GetCardTerminals
#[test]
fn recorded_terminals() {
    let Some(xml) = vector("soap/get-card-terminals-response.xml") else { return };
    let terminals = result(&GetCardTerminals::default(), &xml).unwrap();
    let names: Vec<_> = terminals.iter().map(|one| (one.id.as_str(), one.name.as_str())).collect();
    assert_eq!(names, [("T1", "Terminal 1"), ("T-N-LOC", "Terminal (nicht lokal)")]);
    assert!(terminals.iter().all(|terminal| terminal.is_physical && terminal.connected));
    let none = vector("soap/get-card-terminals-response-no-terminals.xml").unwrap();
    assert_eq!(result(&GetCardTerminals::default(), &none).unwrap(), []);
}

/// Spec: gemSpec_Kon 5.18.0, operation ExternalAuthenticate
#[test]
fn recorded_signatures_in_the_form_of_jose() {
    let Some(xml) = vector("ehex-6.0.2/06-ExternalAuthenticate.response.xml") else { return };
    let signature = result(&authenticate(SignatureScheme::Ecdsa), &xml).unwrap();
    let hex: String = signature.iter().map(|octet| format!("{octet:02x}")).collect();
    let (r, s) = hex.split_at(64);
    assert_eq!(r, "20c4315196e5d9009d5437b12867c316ef0250a2914d06f08595d3b46b1109be");
    assert_eq!(s, "45202fbceb19ac54d13335f86bf6f8e744264fafb3cefdde488d0369e504e5dc");
    let xml = vector("soap/auth-sign-response.xml").unwrap();
    let signature = result(&authenticate(SignatureScheme::RsaPss), &xml).unwrap();
    assert_eq!((signature.len(), &signature[..3]), (256, &[0x85, 0x10, 0x90][..]));
    assert_eq!(&signature[253..], [0x5e, 0x72, 0x5b]);
    assert!(matches!(result(&authenticate(SignatureScheme::Ecdsa), &xml), Err(Error::Response(_))));
}

/// Spec: gemSpec_Kon 5.18.0, operation GetResourceInformation
#[test]
fn the_state_names_only_conditions_that_hold() {
    let state = |value: &str| {
        format!(
            "<b:ErrorState><b:ErrorCondition>EC_{value}</b:ErrorCondition><b:Severity>Error</b:Severity>\
             <b:Type>Operation</b:Type><b:Value>{value}</b:Value><b:ValidFrom>2026-01-01T00:00:00Z</b:ValidFrom>\
             </b:ErrorState>"
        )
    };
    let answer = envelope(&format!(
        "<f:GetResourceInformationResponse>{OK}<b:Connector><b:VPNTIStatus><b:ConnectionStatus>Online</b:ConnectionStatus>\
         <b:Timestamp>2026-01-01T00:00:00Z</b:Timestamp></b:VPNTIStatus><b:VPNSISStatus>\
         <b:ConnectionStatus>Offline</b:ConnectionStatus><b:Timestamp>2026-01-01T00:00:00Z</b:Timestamp>\
         </b:VPNSISStatus><b:OperatingState>{}{}</b:OperatingState></b:Connector></f:GetResourceInformationResponse>",
        state("true"),
        state("false")
    ));
    let found = result(&GetResourceInformation, answer.as_bytes()).unwrap();
    assert!(found.ti_online);
    let [condition] = &found.conditions[..] else { panic!("one condition") };
    assert_eq!((condition.name.as_str(), condition.severity), ("EC_true", Severity::Error));
}

/// Spec: gemSpec_Kon 5.18.0, operation CheckCertificateExpiration
#[test]
fn certificates_of_cards_and_of_the_konnektor_end() {
    let answer = envelope(&format!(
        "<g:CheckCertificateExpirationResponse>{OK}<g:CertificateExpiration><g:CtID>T1</g:CtID>\
         <b:CardHandle>SMC-B-2</b:CardHandle><g:ICCSN>80276883110000162094</g:ICCSN>\
         <g:subject_commonName>Erika</g:subject_commonName><g:serialNumber>1</g:serialNumber>\
         <g:validity>2029-10-08Z</g:validity></g:CertificateExpiration><g:CertificateExpiration><g:CtID/>\
         <b:CardHandle/><g:ICCSN/><g:subject_commonName/><g:serialNumber>2</g:serialNumber>\
         <g:validity>2027-01-31</g:validity></g:CertificateExpiration></g:CheckCertificateExpirationResponse>"
    ));
    let found = result(&CheckCertificateExpiration::default(), answer.as_bytes()).unwrap();
    let found: Vec<_> =
        found.iter().map(|one| (one.card.is_some(), one.iccsn.is_some(), one.last_day.to_string())).collect();
    assert_eq!(found, [(true, true, "2029-10-08".to_owned()), (false, false, "2027-01-31".to_owned())]);
}

/// Spec: gemSpec_Kon 5.18.0, operations Subscribe, GetSubscription, Unsubscribe
#[test]
fn subscriptions_have_an_id_and_an_end() {
    let sink = EventSink("192.0.2.5:4711".parse().unwrap());
    let subscribed = |ends: &str| {
        let answer = envelope(&format!(
            "<f:SubscribeResponse>{OK}<f:SubscriptionID>6404443e</f:SubscriptionID>\
             <f:TerminationTime>{ends}</f:TerminationTime></f:SubscribeResponse>"
        ));
        result(&Subscribe { sink, topic: "CARD".to_owned() }, answer.as_bytes())
    };
    let subscription = subscribed("2026-01-02T01:00:00.123+01:00").unwrap();
    assert_eq!(subscription.id.to_string(), "6404443e");
    assert_eq!(subscription.ends.unix_timestamp(), 1_767_312_000);
    // The zone may be missing.
    for ends in ["2026-01-02T00:00:00", " 2026-01-02T00:00:00.123 "] {
        assert_eq!(subscribed(ends).unwrap().ends.unix_timestamp(), 1_767_312_000, "{ends}");
    }
    assert!(matches!(subscribed("tomorrow"), Err(Error::Response(_))));
    let answer = envelope(&format!(
        "<f:GetSubscriptionResponse>{OK}<f:Subscriptions><f:Subscription><f:SubscriptionID>6404443e</f:SubscriptionID>\
         <f:EventTo>{sink}</f:EventTo><f:Topic>CARD</f:Topic></f:Subscription></f:Subscriptions>\
         </f:GetSubscriptionResponse>"
    ));
    assert_eq!(result(&GetSubscription::default(), answer.as_bytes()).unwrap(), [subscription.id]);
    let answer = envelope(&format!("<f:UnsubscribeResponse>{OK}</f:UnsubscribeResponse>"));
    assert_eq!(result(&Unsubscribe { sink }, answer.as_bytes()), Ok(()));
}
