//! A Konnektor with one practice, one doctor and a client that writes requests.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kim_testbed::konnektor::{HttpRequest, HttpResponse, Konnektor, KonnektorConfig, PinStatus};
use kim_testbed::pki::{Card, Holder, KeyType, Pki};
use kim_types::{Context, Iccsn};

pub(crate) const CONTEXT: &str = "<cctx:Context><c:MandantId>M1</c:MandantId><c:ClientSystemId>PVS</c:ClientSystemId>\
     <c:WorkplaceId>Empfang</c:WorkplaceId><c:UserId>hanna</c:UserId></cctx:Context>";

const DECLARATIONS: &str = "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
     xmlns:c=\"http://ws.gematik.de/conn/ConnectorCommon/v5.0\" \
     xmlns:cctx=\"http://ws.gematik.de/conn/ConnectorContext/v2.0\" \
     xmlns:ccmn=\"http://ws.gematik.de/conn/CardServiceCommon/v2.0\" \
     xmlns:card=\"http://ws.gematik.de/conn/CardService/v8.1\" \
     xmlns:evt=\"http://ws.gematik.de/conn/EventService/v7.2\" \
     xmlns:cert=\"http://ws.gematik.de/conn/CertificateService/v6.0\" \
     xmlns:ccert=\"http://ws.gematik.de/conn/CertificateServiceCommon/v2.0\" \
     xmlns:crypt=\"http://ws.gematik.de/conn/EncryptionService/v6.1\" \
     xmlns:sig=\"http://ws.gematik.de/conn/SignatureService/v7.4\" \
     xmlns:sig5=\"http://ws.gematik.de/conn/SignatureService/v7.5\" \
     xmlns:dss=\"urn:oasis:names:tc:dss:1.0:core:schema\"";

pub(crate) struct Rig {
    pub(crate) pki: Pki,
    pub(crate) konnektor: Konnektor,
    pub(crate) practice: Arc<Card>,
    pub(crate) doctor: Arc<Card>,
}

impl Rig {
    /// RSA and brainpool keys on both cards, and PINs that nobody entered.
    pub(crate) fn new() -> Self {
        Self::with(KonnektorConfig::default(), &[KeyType::Rsa, KeyType::Brainpool])
    }

    pub(crate) fn with(config: KonnektorConfig, key_types: &[KeyType]) -> Self {
        let pki = Pki::new(71);
        let practice = Holder::institution("Praxis A", "9-TESTBED-1".parse().unwrap());
        let doctor = Holder::person("Hanna", "Heilig", "9-TESTBED-2".parse().unwrap());
        let practice = Arc::new(Card::smb(&pki, iccsn("80276883110000000001"), &practice, key_types));
        let doctor = Arc::new(Card::hba(&pki, iccsn("80276883110000000002"), &doctor, key_types));
        let konnektor = Konnektor::new(pki.clone(), config);
        for mandant in ["M1", "M2"] {
            konnektor.add_context(Context {
                mandant: mandant.parse().unwrap(),
                client_system: "PVS".parse().unwrap(),
                workplace: "Empfang".parse().unwrap(),
                user: None,
            });
        }
        let mandants = ["M1".parse().unwrap(), "M2".parse().unwrap()];
        konnektor.insert(Arc::clone(&practice), &mandants, PinStatus::Verifiable).unwrap();
        konnektor.insert(Arc::clone(&doctor), &mandants[..1], PinStatus::Verifiable).unwrap();
        Self { pki, konnektor, practice, doctor }
    }

    /// The handle of the practice's card.
    pub(crate) fn handle(&self) -> String {
        self.konnektor.card_handle(self.practice.iccsn()).unwrap().to_string()
    }

    /// The handle of the doctor's card.
    pub(crate) fn doctor_handle(&self) -> String {
        self.konnektor.card_handle(self.doctor.iccsn()).unwrap().to_string()
    }

    /// Sends what is inside the body of an envelope.
    pub(crate) fn send(&self, path: &str, action: &str, body: &str) -> HttpResponse {
        let action = format!("http://ws.gematik.de/conn/{action}");
        self.konnektor.handle(&HttpRequest::soap(path, &action, envelope(body)))
    }

    pub(crate) fn event(&self, body: &str) -> HttpResponse {
        self.send("/ws/EventService", "EventService/v7.2#GetCards", body)
    }

    pub(crate) fn pin(&self, operation: &str, handle: &str, pin: &str) -> HttpResponse {
        let body = format!(
            "<card:{operation}>{CONTEXT}<c:CardHandle>{handle}</c:CardHandle><ccmn:PinTyp>{pin}</ccmn:PinTyp></card:{operation}>"
        );
        self.send("/ws/CardService", &format!("CardService/v8.1#{operation}"), &body)
    }

    pub(crate) fn enter_pin(&self) {
        let answer = self.pin("VerifyPin", &self.handle(), "PIN.SMC");
        assert!(answer.text().contains("PinResult>OK<"), "{}", answer.text());
    }

    pub(crate) fn certificate_service(&self, operation: &str, body: &str) -> HttpResponse {
        self.send("/ws/CertificateService", &format!("CertificateService/v6.0#{operation}"), body)
    }

    pub(crate) fn sign(&self, crypt: &str, job_number: &str, document: &[u8]) -> HttpResponse {
        let body = sign_request(&self.handle(), crypt, job_number, document);
        self.send("/ws/SignatureService", "SignatureService/v7.5#SignDocument", &body)
    }

    pub(crate) fn verify(&self, signature: &[u8]) -> HttpResponse {
        let body = format!(
            "<sig5:VerifyDocument>{CONTEXT}<dss:SignatureObject><dss:Base64Signature Type=\"urn:ietf:rfc:5652\">{}\
             </dss:Base64Signature></dss:SignatureObject><sig5:IncludeRevocationInfo>false</sig5:IncludeRevocationInfo>\
             </sig5:VerifyDocument>",
            STANDARD.encode(signature)
        );
        self.send("/ws/SignatureService", "SignatureService/v7.5#VerifyDocument", &body)
    }

    pub(crate) fn encrypt(&self, document: &[u8], certificates: &[Vec<u8>]) -> HttpResponse {
        let certificates: String = certificates
            .iter()
            .map(|der| format!("<crypt:Certificate>{}</crypt:Certificate>", STANDARD.encode(der)))
            .collect();
        let body = format!(
            "<crypt:EncryptDocument>{CONTEXT}<crypt:RecipientKeys>{certificates}</crypt:RecipientKeys>\
             <c:Document><dss:Base64Data MimeType=\"text/plain\">{}</dss:Base64Data></c:Document>\
             <crypt:OptionalInputs><crypt:EncryptionType>urn:ietf:rfc:5652</crypt:EncryptionType>\
             <crypt:UnprotectedProperties><dss:Property><dss:Identifier>RecipientEmailsAttribute</dss:Identifier>\
             <dss:Value><CMSAttribute>{}</CMSAttribute></dss:Value></dss:Property></crypt:UnprotectedProperties>\
             </crypt:OptionalInputs></crypt:EncryptDocument>",
            STANDARD.encode(document),
            STANDARD.encode(ATTRIBUTE),
        );
        self.send("/ws/EncryptionService", "EncryptionService/v6.1#EncryptDocument", &body)
    }

    pub(crate) fn decrypt(&self, handle: &str, document: &[u8]) -> HttpResponse {
        let body = format!(
            "<crypt:DecryptDocument>{CONTEXT}<crypt:PrivateKeyOnCard><c:CardHandle>{handle}</c:CardHandle>\
             </crypt:PrivateKeyOnCard><c:Document><dss:Base64Data>{}</dss:Base64Data></c:Document></crypt:DecryptDocument>",
            STANDARD.encode(document)
        );
        self.send("/ws/EncryptionService", "crypt/EncryptionService/v6.1#DecryptDocument", &body)
    }
}

/// The Attribute 1.2.276.0.76.4.173 with an empty SET.
pub(crate) const ATTRIBUTE: [u8; 14] =
    [0x30, 12, 0x06, 0x08, 0x2A, 0x82, 0x14, 0x00, 0x4C, 0x04, 0x81, 0x2D, 0x31, 0];

pub(crate) fn sign_request(handle: &str, crypt: &str, job_number: &str, document: &[u8]) -> String {
    format!(
        "<sig5:SignDocument><c:CardHandle>{handle}</c:CardHandle><sig5:Crypt>{crypt}</sig5:Crypt>{CONTEXT}\
         <sig5:TvMode>NONE</sig5:TvMode><sig5:JobNumber>{job_number}</sig5:JobNumber>\
         <sig5:SignRequest RequestID=\"r1\"><sig5:OptionalInputs>\
         <dss:SignatureType>urn:ietf:rfc:5652</dss:SignatureType>\
         <dss:Properties><dss:SignedProperties><dss:Property><dss:Identifier>RecipientEmailsAttribute</dss:Identifier>\
         <dss:Value><CMSAttribute>{}</CMSAttribute></dss:Value></dss:Property></dss:SignedProperties></dss:Properties>\
         <sig5:IncludeEContent>true</sig5:IncludeEContent></sig5:OptionalInputs>\
         <sig5:Document ShortText=\"none\"><dss:Base64Data MimeType=\"text/plain; charset=utf-8\">{}</dss:Base64Data>\
         </sig5:Document><sig5:IncludeRevocationInfo>false</sig5:IncludeRevocationInfo></sig5:SignRequest>\
         </sig5:SignDocument>",
        STANDARD.encode(ATTRIBUTE),
        STANDARD.encode(document),
    )
}

pub(crate) fn iccsn(text: &str) -> Iccsn {
    text.parse().unwrap()
}

pub(crate) fn envelope(body: &str) -> String {
    format!("<s:Envelope {DECLARATIONS}><s:Body>{body}</s:Body></s:Envelope>")
}

/// The code of gematik in a fault.
pub(crate) fn fault_code(answer: &HttpResponse) -> u16 {
    assert_eq!(answer.status, 500, "{}", answer.text());
    last_code(answer).unwrap()
}

/// The last code in an answer.
pub(crate) fn last_code(answer: &HttpResponse) -> Option<u16> {
    let (_, after) =
        answer.text().rsplit_once("Code>").and_then(|(before, _)| before.rsplit_once("Code>"))?;
    after.split_once('<').unwrap().0.parse().ok()
}

/// The text of the first element with this local name.
pub(crate) fn text_of<'a>(answer: &'a HttpResponse, name: &str) -> &'a str {
    let starts = [format!(":{name}>"), format!(":{name} ")];
    let found = starts.iter().filter_map(|start| answer.text().split_once(start.as_str()));
    let (before, _) = found.min_by_key(|(before, _)| before.len()).unwrap();
    let (_, element) = answer.text().split_at(before.len());
    element.split_once('>').unwrap().1.split_once('<').unwrap().0
}

/// The octets of the first element with this local name.
pub(crate) fn octets_of(answer: &HttpResponse, name: &str) -> Vec<u8> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    STANDARD.decode(text_of(answer, name)).unwrap()
}
