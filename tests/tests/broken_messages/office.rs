//! Who writes and reads the messages of the corpus: [`Office`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kim_examples::Blocking;
use kim_flow::Rules;
use kim_flow::receive::Delivered;
use kim_smime::{IntegrityMode, RecipientEmail, RecipientEmails};
use kim_testbed::cms::{Form, SignatureRequest, encrypt, sign};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType};
use kim_testbed::{Account, World};

/// Stands in every mail, and nowhere else.
const HIDDEN: &str = "Geheimer-Befund-4711";
/// What announces an encrypted message.
pub(crate) const ANNOUNCED: &str = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=authenticated-enveloped-data; \
     name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n";
/// What announces a signature.
pub(crate) const SIGNED: &str = "MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; \
     smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n";

/// Practice A writes, practice B reads. All keys are ECC ones.
pub(crate) struct Office {
    pub(crate) world: World,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self { world: World::new(1) }
    }

    pub(crate) fn account(&self, name: &str) -> &Account {
        self.world.account(name).unwrap()
    }

    /// A key of a practice.
    pub(crate) fn key(&self, name: &str, kind: CertificateType) -> Identity {
        self.world.pki().issue(kind, KeyType::Brainpool, &self.holder(name))
    }

    pub(crate) fn holder(&self, name: &str) -> Holder {
        Holder::institution(&format!("Praxis {name}"), self.account(name).telematik_id.clone())
    }

    /// The attribute recipient-emails with the encryption certificates of these owners, each for an address.
    pub(crate) fn attribute(&self, entries: &[(&str, &str)]) -> Vec<u8> {
        let entries = entries.iter().map(|(owner, address)| {
            let certificate = self.key(owner, CertificateType::HciEnc).certificate_der();
            let certificate = kim_smime::Certificate::from_der(certificate.into()).unwrap();
            RecipientEmail::new(&address.parse().unwrap(), certificate.issuer_and_serial().clone())
        });
        RecipientEmails::new(entries).unwrap().to_attribute().to_vec()
    }

    /// That of a right message.
    pub(crate) fn right_attribute(&self) -> Vec<u8> {
        self.attribute(&[
            ("A", self.account("A").address.as_str()),
            ("B", self.account("B").address.as_str()),
        ])
    }

    /// The header of a right mail that is seen from outside.
    pub(crate) fn header(&self) -> String {
        let (from, to) = (&self.account("A").address, &self.account("B").address);
        format!(
            "From: \"Praxis A\" <{from}>\r\nSender: <{from}>\r\nReply-To: <{from}>\r\nTo: Praxis B <{to}>\r\n\
             Cc: <{from}>\r\nMessage-ID: <1@{}>\r\n",
            from.domain()
        )
    }

    /// What is signed in a right message.
    pub(crate) fn mail(&self) -> Vec<u8> {
        format!("Content-Type: message/rfc822\r\n\r\n{}Subject: Befund\r\n\r\n{HIDDEN}\r\n", self.header())
            .into_bytes()
    }

    pub(crate) fn sign(&self, content: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
        self.sign_as(&self.key("A", CertificateType::HciOsig), content, attributes)
    }

    pub(crate) fn sign_as(&self, signer: &Identity, content: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
        let request = SignatureRequest {
            content,
            include_content: true,
            attributes,
            time: now().into(),
            form: Form::Definite,
        };
        sign(signer, &request).unwrap()
    }

    /// The signature of a right message.
    pub(crate) fn signature(&self) -> Vec<u8> {
        self.sign(&self.mail(), &[self.right_attribute()])
    }

    /// Encrypts what may be no signature for both practices.
    pub(crate) fn encrypt(&self, document: &[u8]) -> Vec<u8> {
        let certificates = ["A", "B"].map(|name| self.key(name, CertificateType::HciEnc).certificate);
        encrypt(document, &certificates, &[self.right_attribute()], Form::Definite).unwrap()
    }

    /// A message with this signature.
    pub(crate) fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        self.with_cms(&self.encrypt(&[SIGNED.as_bytes(), signature].concat()))
    }

    /// A message with this encrypted content, whatever it is.
    pub(crate) fn with_cms(&self, cms: &[u8]) -> Vec<u8> {
        self.with_header(&self.header(), cms)
    }

    pub(crate) fn with_header(&self, header: &str, cms: &[u8]) -> Vec<u8> {
        let base64 = openssl::base64::encode_block(cms);
        let head = format!("X-KOM-LE-Version: 1.0\r\n{header}Subject: KOM-LE-Nachricht\r\n{ANNOUNCED}\r\n");
        let lines = base64.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat());
        head.into_bytes().into_iter().chain(lines).collect()
    }

    /// The encrypted content of a right message.
    pub(crate) fn right_cms(&self) -> Vec<u8> {
        self.encrypt(&[SIGNED.as_bytes(), &self.signature()].concat())
    }

    /// What practice B gets of a message.
    pub(crate) fn open(&self, message: &[u8], mode: IntegrityMode) -> Seen {
        let rules = Rules { on_integrity_failure: mode, ..Rules::default() };
        let driver = Blocking::new(&self.world, self.account("B"), rules, now()).unwrap();
        Seen::new(driver.open(message.to_vec().into(), [7; 16]))
    }

    /// The message is not decrypted: an error mail with this result, and nothing of what it hides.
    pub(crate) fn refuses(&self, name: &str, message: &[u8], result: &str) {
        let seen = self.open(message, IntegrityMode::Embed);
        let code = match result {
            "01" => "4009",
            "02" => "4010",
            _ => "4011",
        };
        assert_eq!(seen.values("X-KIM-DecryptionResult"), [result], "{name}: {}", seen.outcome);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), [""; 0], "{name}");
        assert_eq!(seen.values("X-KIM-Fehlermeldung"), [code], "{name}");
        assert!(seen.mail.windows(message.len()).any(|part| part == message), "{name}: the message is lost");
        assert!(!seen.shows_hidden(), "{name}: the text is shown");
    }

    /// The message is decrypted and its integrity is doubted with exactly these results.
    pub(crate) fn doubts(&self, name: &str, message: &[u8], results: &[&str]) {
        let seen = self.open(message, IntegrityMode::Embed);
        assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"], "{name}: {}", seen.outcome);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), results, "{name}");
        let codes: Vec<&str> = results.iter().map(|result| code(result)).collect();
        assert_eq!(seen.values("X-KIM-Fehlermeldung"), codes, "{name}");
        let user = self.account("B").address.to_string();
        assert_eq!(seen.values("From"), [user.as_str()], "{name}: an answer goes to somebody else");
        assert_eq!(seen.values("To"), [user.as_str()], "{name}");
        for field in ["Reply-To", "Sender", "Cc"] {
            assert_eq!(seen.values(field), [""; 0], "{name}");
        }
        assert!(seen.shows_hidden(), "{name}: the mail is lost");

        let replaced = self.open(message, IntegrityMode::Replace);
        assert_eq!(replaced.values("X-KIM-IntegrityCheckResult"), results, "{name}");
        assert!(!replaced.shows_hidden(), "{name}: the text is shown");
    }

    /// The message is delivered as it was sent.
    pub(crate) fn delivers(&self, name: &str, message: &[u8]) {
        let seen = self.open(message, IntegrityMode::Embed);
        assert_eq!(seen.values("X-KIM-DecryptionResult"), ["00"], "{name}: {}", seen.outcome);
        assert_eq!(seen.values("X-KIM-IntegrityCheckResult"), ["01"], "{name}");
        assert!(seen.is_as_sent(), "{name}");
    }
}

/// What a user gets of a message.
pub(crate) struct Seen {
    pub(crate) mail: Vec<u8>,
    /// How it came about, as a log would show it.
    pub(crate) outcome: String,
}

impl Seen {
    fn new(delivered: Delivered) -> Self {
        Self {
            mail: delivered.mail.whole().unwrap().to_bytes().to_vec(),
            outcome: format!("{:?}", delivered.outcome),
        }
    }

    /// The values of a field of the mail's own header.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let mail = String::from_utf8_lossy(&self.mail);
        let (header, _) = mail.split_once("\r\n\r\n").unwrap();
        let lines = header.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).collect()
    }

    pub(crate) fn shows_hidden(&self) -> bool {
        let mail = String::from_utf8_lossy(&self.mail);
        assert!(!self.outcome.contains(HIDDEN), "a log shows the text");
        mail.contains(HIDDEN)
    }

    /// Whether the text is the one that was sent, in a mail that is not in another.
    pub(crate) fn is_as_sent(&self) -> bool {
        self.mail.ends_with(format!("\r\n\r\n{HIDDEN}\r\n").as_bytes())
    }
}

/// X-KIM-Fehlermeldung for a result of the integrity check.
fn code(result: &str) -> &'static str {
    match result {
        "02" => "X02",
        "03" => "X03",
        "04" => "X04",
        "05" => "X05",
        "06" => "X06",
        "08" => "4014",
        "09" => "4015",
        _ => panic!("{result} is no negative result"),
    }
}

/// The time of all tests.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}
