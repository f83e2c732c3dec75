//! A practice that answers what the flow asks: a directory, a Konnektor and an attachment service in memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_fachdienst::{KasReference, Limits};
use kim_flow::send::{self, Step};
use kim_flow::{
    Call, Content, Encrypt, FromKonnektor, LookUp, LookUpError, Protected, Refused, Rules, Run, Sign, Upload,
    UploadError, Uploaded,
};
use kim_konnektor::{
    Card, CardKind, CertificateResult, CertificateVerdict, Error, ErrorType, Fault, PinResult, PinStatus,
    Severity, Trace,
};
use kim_testbed::cms::{self, Form, SignatureRequest};
use kim_testbed::pki::{CertificateType, Holder, Identity, KeyType, Pki};
use kim_types::{Address, Delivery, Envelope, Octets, Pii, Recipient, Reply, Secret};
use kim_vzd::Listing;

/// Everybody's mails come from here.
pub(crate) const SENDER: &str = "Praxis@a.kim.telematik";
/// 15 January 2027.
pub(crate) const NOW: Duration = Duration::from_secs(1_800_000_000);

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A certificate of the test PKI, and the key for it; the same arguments give the same one.
pub(crate) fn issued(kind: CertificateType, key: KeyType, holder: &Holder) -> Identity {
    static PKI: OnceLock<Pki> = OnceLock::new();
    let identity = PKI.get_or_init(|| Pki::new(7)).issue(kind, key, holder);
    known().lock().unwrap().insert(identity.certificate_der(), identity.clone());
    identity
}

/// All certificates that were issued.
fn known() -> &'static Mutex<HashMap<Vec<u8>, Identity>> {
    static KNOWN: OnceLock<Mutex<HashMap<Vec<u8>, Identity>>> = OnceLock::new();
    KNOWN.get_or_init(Mutex::default)
}

/// The same certificate and key in the name of another owner; nobody here checks who signed it.
pub(crate) fn renamed(identity: &Identity, from: &str, to: &str) -> Bytes {
    assert_eq!(from.len(), to.len());
    let mut der = identity.certificate_der();
    while let Some(at) = der.windows(from.len()).position(|octets| octets == from.as_bytes()) {
        der[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    let key = identity.key.private_key_to_pem_pkcs8().unwrap();
    let renamed = Identity::from_key_and_certificate(&key, &der).unwrap();
    known().lock().unwrap().insert(der.clone(), renamed);
    der.into()
}

pub(crate) fn institution(id: &str) -> Holder {
    Holder::institution(&format!("Praxis {id}"), id.parse().unwrap())
}

/// The encryption certificate of an institution, with an ECC key.
pub(crate) fn ecc(id: &str) -> Bytes {
    issued(CertificateType::HciEnc, KeyType::Brainpool, &institution(id)).certificate_der().into()
}

/// The encryption certificate of an institution, with an RSA key.
pub(crate) fn rsa(id: &str) -> Bytes {
    issued(CertificateType::HciEnc, KeyType::Rsa, &institution(id)).certificate_der().into()
}

pub(crate) fn listing(id: &str, version: &str, certificates: impl IntoIterator<Item = Bytes>) -> Listing {
    Listing {
        certificates: certificates.into_iter().collect(),
        version: version.parse().unwrap(),
        telematik_ids: vec![id.parse().unwrap()],
        entries: 1,
    }
}

/// A fault of the Konnektor with one trace.
pub(crate) fn fault(code: u32) -> Error {
    let trace = Trace {
        code,
        severity: Severity::Error,
        error_type: ErrorType::Technical,
        text: Pii("Fehler".to_owned()),
        detail: None,
    };
    Error::Fault(Fault { code, traces: vec![trace] })
}

pub(crate) fn card(handle: &str) -> Card {
    Card { handle: handle.parse().unwrap(), kind: CardKind::Smb, iccsn: None, holder: None, expires: None }
}

pub(crate) struct Practice {
    pub(crate) run: Run,
    pub(crate) directory: HashMap<Address, Listing>,
    /// What the driver's cache has, where that is something else.
    pub(crate) cached: HashMap<Address, Listing>,
    pub(crate) directory_down: bool,
    pub(crate) limits: Option<Limits>,
    pub(crate) cards: FromKonnektor<Vec<Card>>,
    /// The signature certificates of each card, and what else ReadCardCertificate answers.
    pub(crate) signers: HashMap<String, Bytes>,
    pub(crate) unread: HashMap<String, Error>,
    pub(crate) pin: FromKonnektor<PinStatus>,
    pub(crate) typed: FromKonnektor<PinResult>,
    /// What SignDocument and EncryptDocument answer first.
    pub(crate) sign_faults: VecDeque<Error>,
    pub(crate) encrypt_faults: VecDeque<Error>,
    /// Certificates the Konnektor does not encrypt for, and what it finds when it checks them.
    pub(crate) refused: HashMap<Bytes, CertificateResult>,
    /// What VerifyCertificate answers to everything.
    pub(crate) check_fault: Option<Error>,
    /// What VerifyCertificate answers to single certificates, which the Konnektor does not encrypt for either.
    pub(crate) check_faults: HashMap<Bytes, Error>,
    /// What uploads answer first.
    pub(crate) upload_faults: VecDeque<UploadError>,
    /// Where uploads lie.
    pub(crate) kas: &'static str,
    pub(crate) notice_due: bool,

    /// The names of the calls, in order.
    pub(crate) asked: Vec<&'static str>,
    pub(crate) looked_up: Vec<LookUp>,
    pub(crate) signed: Vec<Sign>,
    pub(crate) encrypted: Vec<Encrypt>,
    pub(crate) uploads: Vec<Upload>,
    /// The links at the attachment service that were not removed.
    pub(crate) stored: HashSet<String>,
}

impl Default for Practice {
    /// A sender, and recipients `b` (1.5), `large` (1.5+) and `c` (1.0) at `b.kim.telematik`, all with ECC certificates.
    fn default() -> Self {
        let directory = [(SENDER, "1-A", "1.5"), ("b@b.kim.telematik", "1-B", "1.5")];
        let more = [("large@b.kim.telematik", "1-L", "1.5+"), ("c@b.kim.telematik", "1-C", "1.0")];
        let directory = directory.into_iter().chain(more);
        Self {
            run: Run {
                rules: Arc::new(Rules { product_version: "TESTV_1.0.0".to_owned(), ..Rules::default() }),
                account: address(SENDER),
                now: UNIX_EPOCH + NOW,
                unique: [0xab; 16],
            },
            directory: directory
                .map(|(mail, id, version)| (address(mail), listing(id, version, [ecc(id)])))
                .collect(),
            cached: HashMap::new(),
            directory_down: false,
            limits: None,
            cards: Ok(vec![card("card")]),
            signers: HashMap::new(),
            unread: HashMap::new(),
            pin: Ok(PinStatus::Verified),
            typed: Ok(PinResult::Ok),
            sign_faults: VecDeque::new(),
            encrypt_faults: VecDeque::new(),
            refused: HashMap::new(),
            check_fault: None,
            check_faults: HashMap::new(),
            upload_faults: VecDeque::new(),
            kas: "https://kas.a.kim.telematik",
            notice_due: true,
            asked: Vec::new(),
            looked_up: Vec::new(),
            signed: Vec::new(),
            encrypted: Vec::new(),
            uploads: Vec::new(),
            stored: HashSet::new(),
        }
    }
}

impl Practice {
    pub(crate) fn rules(&mut self, change: impl FnOnce(&mut Rules)) {
        change(Arc::make_mut(&mut self.run.rules));
    }

    pub(crate) fn send(
        &mut self,
        envelope: Envelope,
        mail: impl Into<Content>,
    ) -> Result<Box<Protected>, Refused> {
        let mut step = send::start(self.run.clone(), envelope, mail.into());
        loop {
            step = match step {
                Step::Call(call) => self.answer(call),
                Step::Protected(protected) => return Ok(protected),
                Step::Refused(refused) => return Err(refused),
            }
        }
    }

    /// Sends a small mail to these addresses.
    pub(crate) fn send_to(&mut self, to: &[&str]) -> Result<Box<Protected>, Refused> {
        self.send(envelope(to), mail(&to.join(", "), "Text\r\n"))
    }

    pub(crate) fn answer(&mut self, call: Call<Step>) -> Step {
        self.asked.push(name(&call));
        let shown = format!("{call:?}");
        let leak = ["kim.telematik", "Praxis", "pvs.example"].iter().find(|word| shown.contains(*word));
        assert_eq!(leak, None, "{} is shown in a log", name(&call));
        match call {
            Call::LookUp(ask) => {
                let question = ask.question().clone();
                let listings =
                    question.addresses.iter().map(|address| self.listing(address, question.cache)).collect();
                self.looked_up.push(question);
                ask.answer(listings)
            }
            Call::Limits(ask) => ask.answer(self.limits),
            Call::Cards(ask) => ask.answer(self.cards.clone()),
            Call::CardCertificates(ask) => {
                let card = ask.question().card.to_string();
                ask.answer(match self.unread.get(&card) {
                    Some(error) => Err(error.clone()),
                    None => Ok(self.signers.get(&card).cloned().into_iter().collect()),
                })
            }
            Call::PinStatus(ask) => ask.answer(self.pin.clone()),
            Call::VerifyPin(ask) => ask.answer(self.typed.clone()),
            Call::Sign(ask) => {
                let question = ask.question().clone();
                let cms = self.sign_faults.pop_front().map_or_else(|| Ok(sign(&question)), Err);
                self.signed.push(question);
                ask.answer(cms)
            }
            Call::Encrypt(ask) => {
                let question = ask.question().clone();
                let cms = self.encrypt(&question);
                self.encrypted.push(question);
                ask.answer(cms)
            }
            Call::CheckCertificates(ask) => ask.answer_with(|certificates| {
                let verdict = |certificate| {
                    if let Some(fault) = self.check_fault.as_ref().or(self.check_faults.get(certificate)) {
                        return Err(fault.clone());
                    }
                    let result = self.refused.get(certificate).copied().unwrap_or(CertificateResult::Valid);
                    Ok(CertificateVerdict { result, roles: Vec::new(), codes: Vec::new() })
                };
                certificates.0.iter().map(verdict).collect()
            }),
            Call::Upload(ask) => {
                let question = ask.question().clone();
                let answer = self.upload_faults.pop_front().map_or_else(|| Ok(self.store(&question)), Err);
                self.uploads.push(question);
                ask.answer(answer)
            }
            Call::RemoveUpload(ask) => {
                assert!(
                    self.stored.remove(&ask.question().0),
                    "something that is not there is to be removed"
                );
                ask.answer(())
            }
            Call::NoticeDue(ask) => ask.answer(self.notice_due),
            Call::KnownCard(_)
            | Call::RememberCard(_)
            | Call::Decrypt(_)
            | Call::Verify(_)
            | Call::Download(_) => {
                panic!("a question of receiving")
            }
        }
    }

    fn listing(&self, address: &Address, cache: bool) -> Result<Listing, LookUpError> {
        match self.cached.get(address).filter(|_| cache) {
            Some(listing) => Ok(listing.clone()),
            None if self.directory_down => Err(LookUpError::Unavailable),
            None => Ok(self.directory.get(address).cloned().unwrap_or_default()),
        }
    }

    fn encrypt(&mut self, question: &Encrypt) -> FromKonnektor<Bytes> {
        if let Some(fault) = self.encrypt_faults.pop_front() {
            return Err(fault);
        }
        let refused = |one| self.refused.contains_key(one) || self.check_faults.contains_key(one);
        if question.certificates.iter().any(refused) {
            return Err(fault(4105));
        }
        let known = known().lock().unwrap();
        let certificates: Vec<_> =
            question.certificates.iter().map(|der| known[der.as_ref()].certificate.clone()).collect();
        let document = question.document.to_bytes();
        Ok(cms::encrypt(&document, &certificates, &[question.attribute.to_vec()], Form::Indefinite)
            .unwrap()
            .into())
    }

    fn store(&mut self, upload: &Upload) -> Uploaded {
        let link = format!("{}/attachment/{}", self.kas, self.uploads.len());
        self.stored.insert(link.clone());
        let size = upload.mail.len();
        let reference = KasReference { link, key: Secret::new(vec![7; 32]), hash: [9; 32], size };
        Uploaded { reference, enc_size: size + 28 }
    }

    /// The mail that was signed last, with its header.
    pub(crate) fn inner(&self) -> String {
        let document = self.signed.last().unwrap().document.to_bytes();
        let document = String::from_utf8_lossy(&document).into_owned();
        document.strip_prefix("Content-Type: message/rfc822\r\n\r\n").unwrap().to_owned()
    }
}

fn sign(question: &Sign) -> Bytes {
    let signer = issued(CertificateType::HciOsig, KeyType::Brainpool, &institution("1-A"));
    let content = question.document.to_bytes();
    let request = SignatureRequest {
        content: &content,
        include_content: true,
        attributes: &[question.attribute.to_vec()],
        time: (UNIX_EPOCH + NOW).into(),
        form: Form::Indefinite,
    };
    cms::sign(&signer, &request).unwrap().into()
}

pub(crate) fn name<S>(call: &Call<S>) -> &'static str {
    match call {
        Call::LookUp(_) => "LookUp",
        Call::Limits(_) => "Limits",
        Call::Cards(_) => "Cards",
        Call::CardCertificates(_) => "CardCertificates",
        Call::PinStatus(_) => "PinStatus",
        Call::VerifyPin(_) => "VerifyPin",
        Call::Sign(_) => "Sign",
        Call::Encrypt(_) => "Encrypt",
        Call::CheckCertificates(_) => "CheckCertificates",
        Call::KnownCard(_) => "KnownCard",
        Call::RememberCard(_) => "RememberCard",
        Call::Decrypt(_) => "Decrypt",
        Call::Verify(_) => "Verify",
        Call::Upload(_) => "Upload",
        Call::RemoveUpload(_) => "RemoveUpload",
        Call::Download(_) => "Download",
        Call::NoticeDue(_) => "NoticeDue",
    }
}

pub(crate) fn envelope(to: &[&str]) -> Envelope {
    let recipients = to.iter().map(|to| Recipient::new(address(to))).collect();
    Envelope { sender: address(SENDER), ret: None, envid: None, recipients }
}

pub(crate) fn mail(to: &str, body: &str) -> Octets {
    let mail = format!(
        "From: Dr. Anna A <{SENDER}>\r\nTo: {to}\r\nSubject: Befund\r\nDate: Fri, 15 Jan 2027 09:00:00 +0100\r\n\
         Message-ID: <1@pvs.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    Octets::from(mail.into_bytes())
}

/// The message for the MTA as text.
pub(crate) fn outer(protected: &Protected) -> String {
    let message = protected.message.clone().whole().unwrap().to_bytes();
    String::from_utf8(message.to_vec()).unwrap()
}

/// The reply to a refused mail, as text.
pub(crate) fn reply(result: Result<Box<Protected>, Refused>) -> String {
    let refused = result.expect_err("the mail should be refused");
    String::from_utf8(refused.reply.wire().to_vec()).unwrap()
}

/// What the MTA says: to each recipient, then to the message.
pub(crate) fn delivery(
    protected: &Protected,
    rcpt: impl Fn(&Address) -> Option<Reply>,
    end: Reply,
) -> Delivery {
    let recipients = &protected.envelope.recipients;
    let refused: Vec<_> =
        recipients.iter().filter_map(|to| Some((to.address.clone(), rcpt(&to.address)?))).collect();
    match refused.last() {
        Some((_, reply)) if refused.len() == recipients.len() => {
            Delivery { reply: reply.clone(), accepted: false, in_doubt: false, refused }
        }
        _ => Delivery { accepted: end.is_positive(), in_doubt: false, reply: end, refused },
    }
}

/// The MTA takes the message for everybody.
pub(crate) fn delivered(protected: &Protected) -> Delivery {
    delivery(protected, |_| None, Reply::new(250, "2.0.0 queued"))
}

/// The report as text.
pub(crate) fn text(report: &kim_flow::Report) -> String {
    String::from_utf8(report.mail.to_bytes().to_vec()).unwrap()
}

pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + NOW
}
