//! Our requests beside those of a client that a real Konnektor (eHEX 6.0.2) was content with, and those of documentation.
//!
//! Compared are XML information sets: names with namespaces, attributes, texts and their order, but no prefixes, and no
//! white space in base64, where it means nothing. Every difference is listed with its reason.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kim_konnektor::{
    Crypt, DecryptDocument, EncryptDocument, ExternalAuthenticate, Operation, Services, SignDocument,
    SignatureScheme, VerifyDocument,
};
use kim_types::{CardHandle, Context, Octets};
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

use crate::fixtures::{sent, services_of, vector};

/// An element: its namespace, the local names from the root to it, its attributes and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    namespace: String,
    path: Vec<String>,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Item {
    /// How a difference is written: the path below the operation, the attributes, the start of the text.
    fn short(&self) -> String {
        let path = self.path.get(3..).unwrap_or_default().join("/");
        let attributes: String =
            self.attributes.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let text: String = self.text.chars().take(24).collect();
        format!("{path}{attributes} {text}").trim_end().to_owned()
    }
}

/// The information set, in document order.
fn items(xml: &str) -> Vec<Item> {
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut items, mut open): (Vec<Item>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_resolved_event().unwrap() {
            (_, Event::Eof) => return items,
            (namespace, Event::Start(tag)) => {
                let namespace = match namespace {
                    ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
                    _ => String::new(),
                };
                let mut path = open
                    .last()
                    .and_then(|parent| items.get(*parent))
                    .map_or(Vec::new(), |parent| parent.path.clone());
                path.push(tag.local_name().as_ref().to_owned());
                let attributes = tag.attributes().map(|attribute| attribute.unwrap());
                let attributes = attributes.filter(|attribute| !attribute.key.as_ref().starts_with("xmlns"));
                let attributes =
                    attributes.map(|one| (one.key.as_ref().to_owned(), one.value.clone().into_owned()));
                let mut attributes: Vec<(String, String)> = attributes.collect();
                attributes.sort();
                open.push(items.len());
                items.push(Item { namespace, path, attributes, text: String::new() });
            }
            (_, Event::End(_)) => {
                open.pop();
            }
            (_, Event::Text(text)) => {
                if let Some(item) = open.last().and_then(|open| items.get_mut(*open)) {
                    let base64 = item.path.last().is_some_and(|name| name.starts_with("Base64"));
                    let counts = |c: &char| !(base64 && c.is_ascii_whitespace());
                    item.text.extend(text.trim().chars().filter(counts));
                }
            }
            _ => {}
        }
    }
}

/// Who calls which services.
type Caller = (Services, Context);

fn context(ids: [&str; 3], user: Option<&str>) -> Context {
    let [mandant, client_system, workplace] = ids;
    Context {
        mandant: mandant.parse().unwrap(),
        client_system: client_system.parse().unwrap(),
        workplace: workplace.parse().unwrap(),
        user: user.map(|user| user.parse().unwrap()),
    }
}

/// The client of the recorded session.
fn ehex() -> Caller {
    let services = services_of(&[
        ("SignatureService", "7.5.5"),
        ("AuthSignatureService", "7.4.1"),
        ("EncryptionService", "6.1.1"),
    ]);
    (services, context(["praxis", "pvs", "server"], Some("0987654321")))
}

/// The client of the documentation, where the SignatureService is that of before ECC.
fn documentation(workplace: &str, user: Option<&str>) -> Caller {
    let services = services_of(&[("SignatureService", "7.4.0")]);
    (services, context(["Mandant1", "ClientID1", workplace], user))
}

/// Compares our request with a recorded one. What only one of them has must be what is listed, and the rest must be the
/// same in the same order.
#[track_caller]
fn assert_same_but(
    (services, context): Caller,
    operation: &impl Operation,
    recorded: &str,
    theirs_only: &[&str],
    ours_only: &[&str],
) {
    let (theirs, ours) = (items(recorded), items(&sent(&operation.request(&services, &context).unwrap())));
    let lacking = |here: &[Item], there: &[Item]| -> Vec<String> {
        here.iter().filter(|item| !there.contains(item)).map(Item::short).collect()
    };
    assert_eq!(lacking(&theirs, &ours), theirs_only, "only in the recorded request");
    assert_eq!(lacking(&ours, &theirs), ours_only, "only in our request");
    let shared = |here: &[Item], there: &[Item]| -> Vec<Item> {
        here.iter().filter(|item| there.contains(item)).cloned().collect()
    };
    assert_eq!(shared(&theirs, &ours), shared(&ours, &theirs));
}

fn recorded(path: &str) -> Option<String> {
    Some(String::from_utf8(vector(path)?).unwrap())
}

/// The octets whose base64 form is the text of the only element with this name.
fn octets(xml: &str, name: &str) -> Vec<u8> {
    let items = items(xml);
    let item = items.iter().find(|item| item.path.last().is_some_and(|last| last == name)).unwrap();
    STANDARD.decode(&item.text).unwrap()
}

fn card() -> CardHandle {
    "SMC-B-2".parse().unwrap()
}

#[test]
fn external_authenticate() {
    let Some(xml) = recorded("ehex-6.0.2/06-ExternalAuthenticate.request.xml") else { return };
    let hash = octets(&xml, "Base64Data").try_into().unwrap();
    let operation = ExternalAuthenticate { card: card(), scheme: SignatureScheme::Ecdsa, hash };
    assert_same_but(ehex(), &operation, &xml, &[], &[]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2299-01
#[test]
fn sign_document() {
    let Some(xml) = recorded("ehex-6.0.2/08-SignDocument.request.xml") else { return };
    let operation = SignDocument {
        card: card(),
        crypt: Crypt::Ecc,
        job: "TPZ-032".parse().unwrap(),
        document: Octets::from(octets(&xml, "Base64Data")),
        attribute: Bytes::from_static(b"\x30\x00"),
    };
    // Ids are free to choose. KIM wants the document inside the signature, the recipients in an attribute and UTF-8 as
    // encoding; the text is for terminals with a display.
    let theirs = [
        "SignRequest RequestID=request-0",
        "SignRequest/Document ID=doc-0",
        "SignRequest/Document/Base64Data MimeType=text/plain dGktY29ubmVjdG9yLWNsaWVu",
    ];
    let ours = [
        "SignRequest RequestID=1",
        "SignRequest/OptionalInputs/Properties",
        "SignRequest/OptionalInputs/Properties/SignedProperties",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Identifier RecipientEmailsAttribute",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Value",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Value/CMSAttribute MAA=",
        "SignRequest/OptionalInputs/IncludeEContent true",
        "SignRequest/Document ShortText=KIM-Nachricht",
        "SignRequest/Document/Base64Data MimeType=text/plain; charset=utf-8 dGktY29ubmVjdG9yLWNsaWVu",
    ];
    assert_same_but(ehex(), &operation, &xml, &theirs, &ours);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048
#[test]
fn verify_document() {
    let Some(xml) = recorded("ehex-6.0.2/09-VerifyDocument.request.xml") else { return };
    let operation = VerifyDocument { cms: Octets::from(octets(&xml, "Base64Signature")) };
    // The recorded signature is detached; those of KIM contain their document.
    let theirs = ["Document ID=doc-0", "Document/Base64Data MimeType=text/plain dGktY29ubmVjdG9yLWNsaWVu"];
    assert_same_but(ehex(), &operation, &xml, &theirs, &[]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2024
#[test]
fn encrypt_document() {
    let Some(xml) = recorded("ehex-6.0.2/14-EncryptDocument.request.xml") else { return };
    let operation = EncryptDocument {
        document: Octets::from(octets(&xml, "Base64Data")),
        certificates: vec![octets(&xml, "Certificate").into()],
        attribute: Bytes::from_static(b"\x30\x00"),
    };
    // The media type is not evaluated here, and octets is what KIM encrypts. KIM wants the recipients in an attribute.
    let theirs = ["Document/Base64Data MimeType=text/plain dGktY29ubmVjdG9yLWNsaWVu"];
    let ours = [
        "Document/Base64Data MimeType=application/octet-stream dGktY29ubmVjdG9yLWNsaWVu",
        "OptionalInputs/UnprotectedProperties",
        "OptionalInputs/UnprotectedProperties/Property",
        "OptionalInputs/UnprotectedProperties/Property/Identifier RecipientEmailsAttribute",
        "OptionalInputs/UnprotectedProperties/Property/Value",
        "OptionalInputs/UnprotectedProperties/Property/Value/CMSAttribute MAA=",
    ];
    assert_same_but(ehex(), &operation, &xml, &theirs, &ours);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046
#[test]
fn decrypt_document() {
    let Some(xml) = recorded("ehex-6.0.2/15-DecryptDocument.request.xml") else { return };
    let operation = DecryptDocument { card: card(), document: Octets::from(octets(&xml, "Base64Data")) };
    // Without Crypt the Konnektor takes the key that the message was encrypted for, and so does an older version.
    let theirs =
        ["PrivateKeyOnCard/Crypt ECC", "Document/Base64Data MimeType=text/plain MIAGCyqGSIb3DQEJEAEXoIAw"];
    let ours = ["Document/Base64Data MimeType=application/octet-stream MIAGCyqGSIb3DQEJEAEXoIAw"];
    assert_same_but(ehex(), &operation, &xml, &theirs, &ours);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2020, KOM-LE-A_2299-01
#[test]
fn sign_document_of_the_documentation() {
    let Some(xml) = recorded("soap/SignDocument.request.xml") else { return };
    let operation = SignDocument {
        card: "SMCB1".parse().unwrap(),
        crypt: Crypt::Rsa,
        job: "MMD-636".parse().unwrap(),
        document: Octets::from(octets(&xml, "Base64Data")),
        attribute: Bytes::from_static(b"\x30\x00"),
    };
    // Ids and the text on the terminal are free to choose. KIM wants the recipients in an attribute. Revocation is asked for
    // when the signature is verified; kept in the signature it would tell what held when the mail was sent.
    let theirs = [
        "SignRequest RequestID=Doc1",
        "SignRequest/Document ID=CMS-Doc1 ShortText=eEB-Anfrage",
        "SignRequest/IncludeRevocationInfo true",
    ];
    let ours = [
        "SignRequest RequestID=1",
        "SignRequest/OptionalInputs/Properties",
        "SignRequest/OptionalInputs/Properties/SignedProperties",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Identifier RecipientEmailsAttribute",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Value",
        "SignRequest/OptionalInputs/Properties/SignedProperties/Property/Value/CMSAttribute MAA=",
        "SignRequest/Document ShortText=KIM-Nachricht",
        "SignRequest/IncludeRevocationInfo false",
    ];
    assert_same_but(documentation("Tisch2", Some("4711")), &operation, &xml, &theirs, &ours);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048
#[test]
fn verify_document_of_the_documentation() {
    let Some(xml) = recorded("soap/VerifyDocument.request.xml") else { return };
    let operation = VerifyDocument { cms: Octets::from(octets(&xml, "Base64Signature")) };
    // A mail was signed when it was sent, which is the time a Konnektor takes if none is asked for; the documentation wants
    // the present. Who signed is read from the signature itself, so that no report is needed.
    let theirs = [
        "OptionalInputs",
        "OptionalInputs/UseVerificationTime",
        "OptionalInputs/UseVerificationTime/CurrentTime",
        "OptionalInputs/ReturnVerificationReport",
        "OptionalInputs/ReturnVerificationReport/IncludeVerifier true",
        "OptionalInputs/ReturnVerificationReport/IncludeCertificateValues true",
        "OptionalInputs/ReturnVerificationReport/IncludeRevocationValues true",
        "OptionalInputs/ReturnVerificationReport/ExpandBinaryValues false",
    ];
    assert_same_but(documentation("CATS", None), &operation, &xml, &theirs, &[]);
}
