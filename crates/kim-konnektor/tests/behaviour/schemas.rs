//! Every request in every version is valid by gematik's schemas.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kim_konnektor::{
    CardKind, CertRef, CheckCertificateExpiration, Crypt, DecryptDocument, EncryptDocument, EventSink,
    ExternalAuthenticate, GetCardTerminals, GetCards, GetJobNumber, GetPinStatus, GetResourceInformation,
    GetSubscription, Operation, PinKind, ReadCardCertificate, RenewSubscriptions, Services, SignDocument,
    SignatureScheme, Subscribe, Unsubscribe, VerifyCertificate, VerifyDocument, VerifyPin,
};
use kim_types::{CardHandle, Context, Octets};

use crate::fixtures::{context, envelope, is_set, result, sent, services_of, skipped, vectors};

/// A schema, and the service versions whose messages it describes.
struct Versions {
    event: &'static str,
    card: (&'static str, &'static str),
    certificate: (&'static str, &'static str),
    signature: (&'static str, &'static str),
    authentication: (&'static str, &'static str),
    encryption: (&'static str, &'static str),
}

const VERSIONS: [Versions; 4] = [
    Versions {
        event: "EventService.xsd",
        card: ("8.1.0", "CardService.xsd"),
        certificate: ("6.0.0", "CertificateService.xsd"),
        signature: ("7.4.0", "SignatureService.xsd"),
        authentication: ("7.4.0", "SignatureService.xsd"),
        encryption: ("6.1.0", "EncryptionService.xsd"),
    },
    Versions {
        event: "EventService.xsd",
        card: ("8.1.1", "CardService_v8_1_1.xsd"),
        certificate: ("6.0.1", "CertificateService_v6_0_2.xsd"),
        signature: ("7.4.2", "SignatureService_V7_4_4.xsd"),
        authentication: ("7.4.1", "SignatureService_V7_4_4.xsd"),
        encryption: ("6.1.1", "EncryptionService_v6_1_2.xsd"),
    },
    Versions {
        event: "EventService.xsd",
        card: ("8.1.2", "CardService_v8_1_3.xsd"),
        certificate: ("6.0.1", "CertificateService_v6_0_2.xsd"),
        signature: ("7.5.5", "SignatureService_V7_5_5.xsd"),
        authentication: ("7.4.1", "SignatureService.xsd"),
        encryption: ("6.1.1", "EncryptionService_v6_1_2.xsd"),
    },
    Versions {
        event: "EventService.xsd",
        card: ("8.1.2", "CardService_v8_1_3.xsd"),
        certificate: ("6.0.1", "CertificateService_v6_0_2.xsd"),
        signature: ("7.5.6", "SignatureService_V7_5_6.xsd"),
        authentication: ("7.4.1", "SignatureService.xsd"),
        encryption: ("6.1.1", "EncryptionService_v6_1_2.xsd"),
    },
];

/// gematik's schemas and the program that judges by them.
struct Judge {
    folder: String,
    services: Services,
    context: Context,
    judged: usize,
}

impl Judge {
    /// Checks a request, whether the call context has a user or not.
    #[track_caller]
    fn assert_valid(&mut self, schema: &str, operation: &impl Operation) {
        for user in [None, Some("U1".parse().unwrap())] {
            let context = Context { user, ..self.context.clone() };
            let request = operation.request(&self.services, &context).unwrap();
            let verdict = self.verdict(schema, &message(&sent(&request)));
            assert_eq!(verdict, Ok(()), "{} by {schema}", request.action);
            self.judged += 1;
        }
    }

    /// What xmllint says against a message.
    fn verdict(&self, schema: &str, message: &str) -> Result<(), String> {
        let mut xmllint = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema", &format!("{}/{schema}", self.folder), "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        xmllint.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        let output = xmllint.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }
}

/// The message in an envelope as a document of its own, with the namespaces that the envelope declares.
fn message(envelope: &str) -> String {
    let (_, rest) = envelope.split_once("<S:Envelope ").unwrap();
    let (declarations, rest) = rest.split_once("><S:Body>").unwrap();
    let (body, _) = rest.split_once("</S:Body>").unwrap();
    let (name, rest) = body.split_at(body.find([' ', '>']).unwrap());
    format!("{name} {declarations}{rest}")
}

/// The folder with the schemas; `None`, with a line that says so, when it or xmllint is not there.
fn schemas() -> Option<String> {
    let folder = format!("{}/../reference/api-telematik/conn", vectors());
    if !std::path::Path::new(&folder).is_dir() {
        skipped("gematik's schemas are not there", is_set("KIM_VECTORS_REQUIRED", "1"));
        return None;
    }
    if Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_err() {
        skipped("xmllint is not there", is_set("KIM_PEERS", "required"));
        return None;
    }
    Some(folder)
}

fn card() -> CardHandle {
    "SMC-B-1".parse().unwrap()
}

/// Spec: gemSpec_Kon 5.18.0, chapter 4.1 (interfaces of the basic services); gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2077
#[test]
fn all_requests_in_all_versions_are_valid() {
    let Some(folder) = schemas() else { return };
    for versions in &VERSIONS {
        let services = services_of(&[
            ("EventService", "7.2.0"),
            ("CardService", versions.card.0),
            ("CertificateService", versions.certificate.0),
            ("SignatureService", versions.signature.0),
            ("AuthSignatureService", versions.authentication.0),
            ("EncryptionService", versions.encryption.0),
        ]);
        let mut judge = Judge { folder: folder.clone(), services, context: context(), judged: 0 };
        events(&mut judge, versions.event);
        pins(&mut judge, versions.card.1);
        certificates(&mut judge, versions.certificate);
        signatures(&mut judge, versions.signature);
        authentication(&mut judge, versions.authentication);
        encryption(&mut judge, versions.encryption.1);
        assert!(judge.judged >= 40, "{}", judge.judged);
    }
}

fn events(judge: &mut Judge, schema: &str) {
    for filter in [None, Some(CardKind::Smb), Some(CardKind::Hba)] {
        judge.assert_valid(schema, &GetCards { filter, mandant_wide: filter.is_none() });
    }
    judge.assert_valid(schema, &GetCardTerminals { mandant_wide: true });
    judge.assert_valid(schema, &GetResourceInformation);
    let sink = EventSink("192.0.2.5:4711".parse().unwrap());
    let subscribe = Subscribe { sink, topic: "CARD/INSERTED".to_owned() };
    judge.assert_valid(schema, &subscribe);
    let answer = envelope(
        "<f:SubscribeResponse><b:Status><b:Result>OK</b:Result></b:Status><f:SubscriptionID>6404443e</f:SubscriptionID>\
         <f:TerminationTime>2026-01-02T01:00:00.123+01:00</f:TerminationTime></f:SubscribeResponse>",
    );
    let subscription = result(&subscribe, answer.as_bytes()).unwrap();
    judge.assert_valid(schema, &RenewSubscriptions { ids: vec![subscription.id.clone(), subscription.id] });
    judge.assert_valid(schema, &Unsubscribe { sink });
    judge.assert_valid(schema, &GetSubscription { mandant_wide: true });
}

fn pins(judge: &mut Judge, schema: &str) {
    for pin in [PinKind::Smc, PinKind::Ch] {
        judge.assert_valid(schema, &GetPinStatus { card: card(), pin });
        judge.assert_valid(schema, &VerifyPin { card: card(), pin });
    }
}

fn certificates(judge: &mut Judge, (version, schema): (&str, &str)) {
    let kinds = if version == "6.0.0" { vec![None] } else { vec![None, Some(Crypt::Rsa), Some(Crypt::Ecc)] };
    for crypt in kinds {
        for reference in [CertRef::Enc, CertRef::Sig, CertRef::Aut] {
            judge.assert_valid(schema, &ReadCardCertificate { card: card(), reference, crypt });
        }
        judge.assert_valid(schema, &CheckCertificateExpiration { card: Some(card()), crypt });
        judge.assert_valid(schema, &CheckCertificateExpiration { card: None, crypt });
    }
    let certificate = Bytes::from_static(b"0\x00");
    judge.assert_valid(schema, &VerifyCertificate { certificate: certificate.clone(), at: None });
    let at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600));
    judge.assert_valid(schema, &VerifyCertificate { certificate, at });
}

fn signatures(judge: &mut Judge, (version, schema): (&str, &str)) {
    judge.assert_valid(schema, &GetJobNumber);
    let kinds =
        if version == "7.4.0" { vec![Crypt::RsaEcc] } else { vec![Crypt::Rsa, Crypt::Ecc, Crypt::RsaEcc] };
    for crypt in kinds {
        let sign = SignDocument {
            card: card(),
            crypt,
            job: "TPZ-032".parse().unwrap(),
            document: Octets::from("Malz"),
            attribute: Bytes::from_static(b"\x30\x00"),
        };
        judge.assert_valid(schema, &sign);
    }
    judge.assert_valid(schema, &VerifyDocument { cms: Octets::from("Malz") });
}

fn authentication(judge: &mut Judge, (version, schema): (&str, &str)) {
    let schemes = [SignatureScheme::RsaPss, SignatureScheme::Ecdsa];
    for scheme in schemes.into_iter().take(if version == "7.4.0" { 1 } else { 2 }) {
        judge.assert_valid(schema, &ExternalAuthenticate { card: card(), scheme, hash: [7; 32] });
    }
}

fn encryption(judge: &mut Judge, schema: &str) {
    let encrypt = EncryptDocument {
        document: Octets::from("Malz"),
        certificates: vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")],
        attribute: Bytes::from_static(b"\x30\x00"),
    };
    judge.assert_valid(schema, &encrypt);
    judge.assert_valid(schema, &DecryptDocument { card: card(), document: Octets::from("Malz") });
}

#[test]
fn the_judge_notices_what_is_wrong() {
    let Some(folder) = schemas() else { return };
    let services = services_of(&[("CardService", "8.1.2")]);
    let judge = Judge { folder, services, context: context(), judged: 0 };
    let request =
        GetPinStatus { card: card(), pin: PinKind::Smc }.request(&judge.services, &context()).unwrap();
    let right = message(&sent(&request));
    let wrong = right.replace("CCMN:PinTyp", "CCMN:PinType");
    assert_ne!(right, wrong);
    let verdict = judge.verdict("CardService_v8_1_3.xsd", &wrong);
    assert!(verdict.unwrap_err().contains("PinType"));
}
