//! What is known about an opened message, and what its reader gets.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "cms/builder.rs"]
mod builder;

use std::time::UNIX_EPOCH;

use builder::{Envelope, Signature, Signer};
use bytes::Bytes;
use kim_smime::{
    Certificate, CertificateKind, DecryptionResult, Header, HeaderLimits, IntegrityId, IntegrityMode,
    KasFailure, Opened, Ownership, ReceiveLimits, Received, SignatureResult,
};
use kim_types::{Address, TelematikId};
use mail_parser::MessageParser;

const INNER: &str = "Return-Path: <forged@x.de>\r\nReceived: inner\r\nFrom: Karl <karl@x.de>\r\nTo: a@x.de\r\n\
    Subject: geheim\r\nX-KIM-DecryptionResult: 99\r\nx-kim-integritycheckresult: 01\r\nX-KIM-Fehlermeldung: 1\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/html\r\n";
const OUTER: &str = "Return-Path: <karl@x.de>\r\nReceived: last\r\nReceived: first\r\nFrom: Karl <karl@x.de>\r\n\
    To: a@x.de\r\nSubject: KOM-LE-Nachricht\r\n";
const WAY: &str = "Received: last\r\nReceived: first\r\nReturn-Path: <karl@x.de>\r\n";
const BODY: &str = "<b>Befund</b>\r\n";
const RESULTS: &str = "X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: ";

/// What differs from a message where everything is right.
struct Case {
    outer: &'static str,
    inner: &'static str,
    signed_for: Vec<u8>,
    /// The last arc of the policy of the signer's certificate; 78 is C.HCI.OSIG.
    certificate: u8,
    /// The Telematik-ID in the signer's certificate.
    owner: Option<&'static str>,
    signature: SignatureResult,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            outer: OUTER,
            inner: INNER,
            signed_for: builder::recipient_emails(),
            certificate: 78,
            owner: None,
            signature: SignatureResult::Valid,
        }
    }
}

impl Case {
    fn open(&self) -> Opened {
        let content = format!("Content-Type: message/rfc822\r\n\r\n{}\r\n{BODY}", self.inner);
        let policy = builder::oid(&[0x2a, 0x82, 0x14, 0x00, 0x4c, 0x04, self.certificate]);
        let policies = builder::seq(&[&builder::seq(&[&policy])]);
        let extension = builder::seq(&[&builder::oid(&[0x55, 0x1d, 0x20]), &builder::octets(&policies)]);
        let admission = self.owner.map(builder::admission);
        let extensions: Vec<&[u8]> =
            std::iter::once(&extension).chain(&admission).map(Vec::as_slice).collect();
        let mut signer = Signer::default();
        signer.attributes.pop();
        signer.attributes.push(self.signed_for.clone());
        let signed = Signature {
            content: builder::tlv(0xa0, &[&builder::octets(content.as_bytes())]),
            certificates: builder::tlv(0xa0, &[&builder::certificate(5, &extensions)]),
            signers: vec![signer.der()],
            ..Signature::default()
        };
        let head = "Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n";
        let message = [self.outer.as_bytes(), head.as_bytes(), &Envelope::default().ber()].concat();
        let request = Received::parse(message.into(), &ReceiveLimits::default()).unwrap().decrypt_request();
        let plain = [head.as_bytes(), &signed.der()].concat();
        request.decrypted(plain.into()).unwrap().verified(self.signature)
    }

    fn ids(&self) -> Vec<&'static str> {
        self.open().verdict.integrity.iter().map(|id| id.code()).collect()
    }
}

fn forged() -> Case {
    Case { outer: "From: Emil <emil@x.de>\r\nTo: a@x.de\r\nReply-To: emil@x.de\r\n", ..Case::default() }
}

fn user() -> Address {
    "a@x.de".parse().unwrap()
}

fn delivered(opened: &Opened, mode: IntegrityMode) -> Bytes {
    opened.deliver(mode, &user(), [9; 16], UNIX_EPOCH).to_bytes()
}

fn header(text: &str) -> Header {
    Header::split(&Bytes::from(text.to_owned()), &HeaderLimits::default()).unwrap().0
}

/// The mail is there, and what is wrong with its signature too.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2127
#[test]
fn a_signature_that_breaks_the_profile_is_a_result_of_the_integrity_check() {
    let other = builder::attribute(builder::ID_DATA, &[]);
    let empty = builder::attribute(builder::RECIPIENT_EMAILS, &[]);
    let twice = [builder::recipient_emails(), builder::recipient_emails()].concat();
    for (signed_for, id) in [(other, "09"), (empty, "09"), (twice, "04")] {
        let opened = Case { signed_for, ..Case::default() }.open();
        assert_eq!(opened.verdict.integrity.iter().map(|id| id.code()).collect::<Vec<_>>(), [id]);
        assert!(opened.verdict.signer.is_none() && !opened.verdict.is_intact());
        assert_eq!(opened.body().to_bytes(), BODY);
    }
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01, KOM-LE-A_2050-06; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129
#[test]
fn every_check_has_its_id_and_a_positive_one_stands_alone() {
    assert_eq!(Case::default().ids(), ["01"]);
    let signature = |signature| Case { signature, ..Case::default() }.ids();
    assert_eq!(signature(SignatureResult::StatusUnknown), ["07"]);
    for (number, id) in
        [(2, "02"), (3, "03"), (4, "04"), (5, "05"), (6, "06"), (0, "06"), (1, "06"), (77, "06")]
    {
        assert_eq!(signature(SignatureResult::Broken(number)), [id]);
    }
    assert_eq!(forged().ids(), ["08"]);
    let fewer = builder::attribute(builder::RECIPIENT_EMAILS, &[&builder::recipient_email("a@x.de", 1)]);
    assert_eq!(Case { signed_for: fewer.clone(), ..Case::default() }.ids(), ["09"]);
    assert_eq!(Case { certificate: 76, ..Case::default() }.ids(), ["05"], "only C.HCI.OSIG may sign");
    assert_eq!(
        Case { certificate: 76, signature: SignatureResult::Broken(5), ..Case::default() }.ids(),
        ["05"]
    );
    let everything =
        Case { signed_for: fewer, certificate: 73, signature: SignatureResult::Broken(2), ..forged() };
    assert_eq!(everything.ids(), ["02", "05", "08", "09"]);
    assert_eq!(Case { signature: SignatureResult::StatusUnknown, ..forged() }.ids(), ["08"]);
}

/// Spec: gemSpec_PKI 2.14.1, extension Admission; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2129
#[test]
fn the_verdict_says_who_signed_and_in_which_role() {
    let verdict = Case { owner: Some("1-2"), ..Case::default() }.open().verdict;
    assert_eq!(verdict.decryption, DecryptionResult::Decrypted);
    let signer = verdict.signer.unwrap();
    assert_eq!(signer.telematik_id().unwrap().as_str(), "1-2");
    assert_eq!(signer.kind(), CertificateKind::HciOsig);
    let roles: Vec<_> = signer.profession_oids().iter().map(ToString::to_string).collect();
    assert_eq!(roles, ["1.2.276.0.76.4.50"]);
    assert_eq!(signer.issuer_and_serial().serial().as_ref(), [5]);
}

/// A signature that is right proves nothing about the address in From.
#[test]
fn the_signer_owns_the_address_or_does_not_or_nobody_knows() {
    let ids = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect::<Vec<TelematikId>>();
    let owner = |signer, owners: &[&str]| {
        let mut verdict = Case { owner: signer, ..Case::default() }.open().verdict;
        assert_eq!(verdict.owner, Ownership::Unknown, "nobody looked");
        verdict.compare_owner(&ids(owners));
        assert!(verdict.is_intact(), "whoever it is");
        (verdict.owner, verdict.is_trustworthy())
    };
    assert_eq!(owner(Some("1-2"), &["1-2"]), (Ownership::Yes, true));
    assert_eq!(owner(Some("1-2"), &["1-3", "1-2"]), (Ownership::Yes, true));
    assert_eq!(owner(Some("1-2"), &["1-3"]), (Ownership::No, false));
    assert_eq!(owner(Some("1-2"), &[]), (Ownership::Unknown, false), "the address is not in the directory");
    assert_eq!(owner(None, &["1-2"]), (Ownership::Unknown, false), "the certificate names nobody");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06 (07 apart from 01)
#[test]
fn a_certificate_of_unknown_status_is_intact_and_not_trustworthy() {
    let verdict = |signature| {
        let mut verdict = Case { owner: Some("1-2"), signature, ..Case::default() }.open().verdict;
        verdict.compare_owner(&["1-2".parse().unwrap()]);
        (verdict.integrity.clone(), verdict.is_intact(), verdict.is_trustworthy())
    };
    assert_eq!(verdict(SignatureResult::Valid), (vec![IntegrityId::Valid], true, true));
    assert_eq!(verdict(SignatureResult::StatusUnknown), (vec![IntegrityId::StatusUnknown], true, false));
    assert_eq!(verdict(SignatureResult::Broken(5)), (vec![IntegrityId::Certificate], false, false));
    assert!(!forged().open().verdict.is_intact());
}

/// Spec: none — deltas Q20
#[test]
fn q20_x_kim_auth_is_seen_and_kept_and_changes_nothing() {
    let auth = format!("X-KIM-Auth: not.a.jwt\r\n{INNER}");
    let opened = Case { inner: auth.leak(), ..Case::default() }.open();
    assert!(opened.verdict.kim_auth_present && opened.verdict.is_intact());
    let mail = String::from_utf8(delivered(&opened, IntegrityMode::Embed).to_vec()).unwrap();
    assert!(mail.contains("\r\nX-KIM-Auth: not.a.jwt\r\n"));
    assert!(!Case::default().open().verdict.kim_auth_present);
    let outer = format!("X-KIM-Auth: not.a.jwt\r\n{OUTER}");
    let outside = Case { outer: outer.leak(), ..Case::default() }.open();
    assert!(!outside.verdict.kim_auth_present, "outside it is nobody's");
}

#[test]
fn another_owner_of_the_signers_key_is_a_warning() {
    let owned =
        |id| Certificate::from_der(builder::certificate(5, &[&builder::admission(id)]).into()).unwrap();
    let mut verdict = Case { owner: Some("1-2"), ..Case::default() }.open().verdict;
    verdict.owner = Ownership::Yes;
    verdict.compare_keys(&[owned("1-2")]);
    assert!(verdict.shared_keys.is_empty() && verdict.is_trustworthy());
    verdict.compare_keys(&[owned("1-2"), owned("1-3")]);
    assert_eq!(verdict.shared_keys.len(), 1);
    assert!(verdict.is_intact() && !verdict.is_trustworthy());
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06, A_21236, A_20628
#[test]
fn an_intact_mail_is_delivered_with_results_and_its_body_untouched() {
    for mode in [IntegrityMode::Embed, IntegrityMode::Replace, IntegrityMode::Deliver] {
        let expected = format!(
            "{WAY}{RESULTS}01\r\nReceived: inner\r\nFrom: Karl <karl@x.de>\r\nTo: a@x.de\r\nSubject: geheim\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n{BODY}"
        );
        assert_eq!(delivered(&Case::default().open(), mode), expected);
    }
    let unknown = Case { signature: SignatureResult::StatusUnknown, ..Case::default() }.open();
    let mail = delivered(&unknown, IntegrityMode::Embed);
    assert!(mail.starts_with(format!("{WAY}{RESULTS}07\r\nReceived: inner\r\n").as_bytes()));
    assert!(mail.ends_with(BODY.as_bytes()));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
#[test]
fn q7_embed_answers_to_nobody_and_loses_nothing() {
    let mail = delivered(&forged().open(), IntegrityMode::Embed);
    let header = Header::split(&mail, &HeaderLimits::default()).unwrap().0;
    let all = |name: &str| header.all(name).map(|field| field.text()).collect::<Vec<_>>();
    assert_eq!((all("From"), all("To")), (vec!["a@x.de".to_owned()], vec!["a@x.de".to_owned()]));
    for name in ["Reply-To", "Sender", "Cc", "Bcc", "Return-Path"] {
        assert!(header.first(name).is_none(), "{name}");
    }
    assert_eq!(all("X-KIM-DecryptionResult"), ["00"]);
    assert_eq!(all("X-KIM-IntegrityCheckResult"), ["08"]);
    assert_eq!(all("X-KIM-Fehlermeldung"), ["4014"]);
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.subject(), Some("KIM: Integritätsprüfung fehlgeschlagen"));
    assert_eq!(
        parsed.body_text(0).unwrap(),
        "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. Dies kann eine technisches Ursache \
         haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem Schutz wurde der Inhalt dieser \
         Nachricht durch diesen Text ausgetauscht. Bitte kontaktieren Sie den Absender und/oder Ihren Administrator. Die \
         entschlüsselte Nachricht wurde in diese Fehlernachricht eingebettet und kann, abhängig vom verwendeten \
         E-Mail-Client, in eigener Verantwortung eingesehen bzw. verarbeitet werden."
    );
    let embedded = "Content-Type: message/rfc822\r\n\r\nReturn-Path: <forged@x.de>\r\nReceived: inner\r\n\
                    From: Karl <karl@x.de>\r\nTo: a@x.de\r\nSubject: geheim\r\nMIME-Version: 1.0\r\n\
                    Content-Type: text/html\r\n\r\n<b>Befund</b>\r\n\r\n--=_";
    assert!(mail.windows(embedded.len()).any(|window| window == embedded.as_bytes()));
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
#[test]
fn replace_shows_a_warning_in_place_of_the_body() {
    let mail = delivered(&forged().open(), IntegrityMode::Replace);
    assert!(!mail.windows(6).any(|window| window == b"Befund"));
    let parsed = MessageParser::new().parse(&mail).unwrap();
    assert_eq!(parsed.subject(), Some("geheim"));
    assert_eq!(
        parsed.body_text(0).unwrap(),
        "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. Dies kann eine technisches Ursache \
         haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem Schutz wurde der Inhalt dieser \
         Nachricht durch diesen Text ausgetauscht. Bitte kontaktieren Sie den Absender und/oder Ihren Administrator."
    );
    assert_eq!(parsed.parts.len(), 1);
    let header = Header::split(&mail, &HeaderLimits::default()).unwrap().0;
    assert_eq!(header.all("Content-Type").count(), 1);
    assert_eq!(header.only("X-KIM-IntegrityCheckResult").unwrap().text(), "08");
    assert_eq!(header.only("X-KIM-Fehlermeldung").unwrap().text(), "4014");
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
#[test]
fn deliver_gives_the_mail_with_the_negative_results() {
    let mail = delivered(&forged().open(), IntegrityMode::Deliver);
    assert!(mail.starts_with(format!("{RESULTS}08\r\nReceived: inner\r\n").as_bytes()));
    assert!(mail.ends_with(BODY.as_bytes()));
}

/// It has no signature of its own: its hash is signed with the small mail.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374; deltas Q5
#[test]
fn q5_the_mail_from_the_kas_takes_the_place_of_the_pointer_and_must_fit() {
    let unpacked = |text: &str| Case::default().open().unpacked(header(text), "large".into());
    let fits = unpacked("From: Karl <karl@x.de>\r\nTo: a@x.de\r\nSubject: groß\r\n");
    assert_eq!(fits.verdict.integrity, [IntegrityId::Valid]);
    let mail = delivered(&fits, IntegrityMode::Embed);
    assert!(mail.starts_with(format!("{WAY}{RESULTS}01\r\nFrom: Karl").as_bytes()));
    assert!(mail.ends_with("Subject: groß\r\n\r\nlarge".as_bytes()));
    let id = "From: Karl <karl@x.de>\r\nTo: a@x.de\r\nMessage-ID: <2>\r\n";
    assert_eq!(unpacked(id).verdict.integrity, [IntegrityId::Header]);
    assert_eq!(unpacked("From: x@x.de\r\nTo: a@x.de\r\n").verdict.integrity, [IntegrityId::Header]);
}

/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369, A_19371, A_19372, A_20650
#[test]
fn what_the_kas_does_not_give_is_explained_in_place_of_the_body() {
    let hash = "Beim Empfang dieser KIM-Nachricht wurde eine Sicherheitsverletzung erkannt. Dies kann eine technisches \
                Ursache haben oder auf eine missbräuchliche Nutzung des KIM-Dienstes hinweisen. Zu Ihrem Schutz wurde der \
                Inhalt dieser Nachricht durch diesen Text ausgetauscht. Bitte antworten Sie nicht auf diese Nachricht. Sie \
                können diese Nachricht löschen.";
    let provider = KasFailure::Hash { provider_text: "Hotline 0800".to_owned() };
    let table = [
        (
            KasFailure::Ambiguous,
            "Nachricht konnte aufgrund uneindeutiger Informationen nicht abgerufen werden".to_owned(),
            "X69",
        ),
        (
            KasFailure::Decryption,
            "Abgerufene E-Mail-Daten konnten nicht entschlüsselt werden".to_owned(),
            "4007",
        ),
        (KasFailure::Hash { provider_text: String::new() }, hash.to_owned(), "4012"),
        (provider, format!("{hash}\r\n\r\nHotline 0800"), "4012"),
    ];
    for (failure, text, code) in table {
        let mail = Case::default().open().kas_failure(&failure).to_bytes();
        let parsed = MessageParser::new().parse(&mail).unwrap();
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text.replace("\r\n", "\n"));
        let header = Header::split(&mail, &HeaderLimits::default()).unwrap().0;
        assert_eq!(header.only("X-KIM-Fehlermeldung").unwrap().text(), code);
        assert_eq!(header.only("Subject").unwrap().text(), "geheim");
        assert!(!mail.windows(6).any(|window| window == b"Befund"));
    }
}

#[test]
fn a_result_that_is_no_doubt_beside_a_positive_one_is_not_intact() {
    let marked = |id: IntegrityId| {
        let mut verdict = Case::default().open().verdict;
        verdict.mark(id);
        assert_eq!(verdict.integrity, [IntegrityId::Valid, id]);
        verdict.is_intact()
    };
    assert!(marked(IntegrityId::Owner) && marked(IntegrityId::SharedKey));
    for id in [IntegrityId::Modified, IntegrityId::Certificate, IntegrityId::Header, IntegrityId::Recipients]
    {
        assert!(!marked(id), "{id:?}");
    }
}

/// Spec: deltas Q20
#[test]
fn q20_of_a_mail_from_the_kas_it_is_its_own_jwt_that_counts() {
    let text = "From: Karl <karl@x.de>\r\nTo: a@x.de\r\n";
    let with_jwt = format!("{text}X-KIM-Auth: jwt\r\n");
    let small = |inner: &str| Case { inner: inner.to_owned().leak(), ..Case::default() }.open();
    let present =
        |inner, data: &str| small(inner).unpacked(header(data), "large".into()).verdict.kim_auth_present;
    assert!(present(text, &with_jwt) && !present(&with_jwt, text));
}

#[test]
fn nothing_of_the_mail_is_printed() {
    let opened = forged().open();
    let printed = format!("{opened:?} {:#?}", opened.verdict);
    for secret in ["Karl", "karl", "emil", "geheim", "Befund"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
