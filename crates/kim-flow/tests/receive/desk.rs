//! Where messages are opened: [`Desk`] answers what a flow asks, unless a test does.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kim_flow::receive::{self, Delivered, Outcome, Step};
use kim_flow::{
    Call, CardPin, Content, DownloadError, Downloaded, FromKonnektor, Kept, LookUp, Recipe, Rules, Run,
};
use kim_konnektor::{
    Card, CardKind, Error, ErrorType, Fault, HighLevelResult, PinResult, PinStatus, Reason, Severity, Trace,
    Verification,
};
use kim_smime::{Measure, Verdict, outer_version};
use kim_testbed::cms::decrypt;
use kim_testbed::pki::CertificateType;
use kim_types::{CardHandle, Octets, Pii};
use kim_vzd::{Entry, Listing};

use crate::letter::{A, B, C, RECEIVED, certificate, key, telematik_id};

/// The octets of the header that a driver keeps at hand of what is elsewhere.
const HEAD: usize = 1024;

/// A practice with one SM-B in its Konnektor, a directory and an attachment service.
pub(crate) struct Desk {
    pub(crate) rules: Rules,
    /// Who fetches.
    pub(crate) user: &'static str,
    /// The cards that the Konnektor shows, by the names of their owners.
    pub(crate) cards: Vec<&'static str>,
    /// The version in the directory of who fetches.
    pub(crate) version: &'static str,
    /// What the attachment service holds.
    pub(crate) data: Bytes,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { rules: Rules::default(), user: B, cards: vec!["B"], version: "1.5+", data: Bytes::new() }
    }

    pub(crate) fn with_rules(rules: Rules) -> Self {
        Self { rules, ..Self::new() }
    }

    pub(crate) fn run(&self) -> Run {
        Run {
            rules: Arc::new(self.rules.clone()),
            account: self.user.parse().unwrap(),
            now: now(),
            unique: [7; 16],
        }
    }

    /// Opens a message, everything being as usual.
    pub(crate) fn open(&self, message: &Bytes) -> Seen {
        self.open_with(message, Err)
    }

    /// Opens a message; what `answer` gives back is answered as usual.
    pub(crate) fn open_with(
        &self,
        message: &Bytes,
        answer: impl FnMut(Call<Step>) -> Result<Step, Call<Step>>,
    ) -> Seen {
        let content = Content::Whole(message.clone().into());
        self.drive(content, message, answer)
    }

    /// Opens a message that is kept elsewhere.
    pub(crate) fn open_kept(&self, message: &Bytes) -> Seen {
        let mut measure = Measure::new();
        measure.push(message);
        let head = message.slice(..message.len().min(HEAD)).into();
        self.drive(Content::Kept(Kept { head, measure }), message, Err)
    }

    fn drive(
        &self,
        content: Content,
        message: &Bytes,
        mut answer: impl FnMut(Call<Step>) -> Result<Step, Call<Step>>,
    ) -> Seen {
        let (mut calls, mut downloaded) = (Vec::new(), false);
        let mut step = receive::start(self.run(), content);
        loop {
            step = match step {
                Step::Call(call) => {
                    calls.push(call.name());
                    downloaded |= matches!(call, Call::Download(_));
                    assert!(calls.len() < 100, "the flow does not end: {calls:?}");
                    answer(call).unwrap_or_else(|call| self.usual(call))
                }
                Step::Done(delivered) => {
                    let kept = if downloaded { &self.data } else { message };
                    let seen = Seen::new(*delivered, calls, kept);
                    self.begins_early(message, &seen.mail);
                    return seen;
                }
            }
        }
    }

    /// Whatever becomes of a message, the mail begins with what may have been shown before.
    fn begins_early(&self, message: &Bytes, mail: &Bytes) {
        let early = receive::early_header(&self.rules, &message.slice(..message.len().min(HEAD))).to_bytes();
        assert!(mail.starts_with(&early), "{}", String::from_utf8_lossy(mail));
        let expected = if self.rules.early_header && matches!(outer_version(message), Ok(Some(_))) {
            RECEIVED
        } else {
            ""
        };
        assert_eq!(early, expected);
    }

    /// The usual answer.
    pub(crate) fn usual(&self, call: Call<Step>) -> Step {
        match call {
            Call::LookUp(ask) => {
                let listings =
                    ask.question().addresses.iter().map(|address| Ok(self.listing(address.as_str())));
                let listings = listings.collect();
                ask.answer(listings)
            }
            Call::KnownCard(ask) => ask.answer(None),
            Call::RememberCard(ask) => ask.answer(()),
            Call::Cards(ask) => ask.answer(Ok(self.cards.iter().map(|name| card(name)).collect())),
            Call::CardCertificates(ask) => ask.answer_with(|question| Ok(vec![enc(&question.card)])),
            Call::PinStatus(ask) => ask.answer(Ok(PinStatus::Verified)),
            Call::VerifyPin(ask) => ask.answer(Ok(PinResult::Ok)),
            Call::Decrypt(ask) => ask.answer_with(|question| {
                let key = key(question.card.as_str(), CertificateType::HciEnc);
                let plain = decrypt(&question.document.to_bytes(), [&key]);
                plain.map(|plain| plain.content.into()).map_err(|_| fault(4106))
            }),
            Call::Verify(ask) => ask.answer(Ok(verification(HighLevelResult::Valid))),
            Call::Download(ask) => ask.answer(Ok(self.downloaded())),
            other => panic!("receiving does not ask for {}", other.name()),
        }
    }

    /// What the driver says of the data that it fetched and keeps.
    pub(crate) fn downloaded(&self) -> Downloaded {
        let head = self.data.slice(..self.data.len().min(HEAD)).into();
        Downloaded { head, size: self.data.len() as u64 }
    }

    fn listing(&self, address: &str) -> Listing {
        let name = match address {
            A => "A",
            B => "B",
            C => "C",
            _ => return Listing::default(),
        };
        let version = if address == self.user { self.version } else { "1.0" };
        listing(
            address,
            version,
            &[key(name, CertificateType::HciEnc).certificate_der()],
            &telematik_id(name),
        )
    }
}

/// What the directory has for an address.
pub(crate) fn listing(address: &str, version: &str, certificates: &[Vec<u8>], telematik_id: &str) -> Listing {
    let text = |name: &str, value: String| (name.to_owned(), vec![value.into_bytes()]);
    let entry = Entry {
        attributes: vec![
            text("mail", address.to_owned()),
            text("telematikID", telematik_id.to_owned()),
            text("komLeData", format!("{version},{address}")),
            ("userCertificate;binary".to_owned(), certificates.to_vec()),
        ],
    };
    Listing::from_entries(&address.parse().unwrap(), &[entry])
}

/// The card of an institution; its handle is the name of its owner.
pub(crate) fn card(name: &str) -> Card {
    Card {
        handle: name.parse().unwrap(),
        kind: CardKind::Smb,
        iccsn: Some(iccsn(name)),
        holder: None,
        expires: None,
    }
}

pub(crate) fn iccsn(name: &str) -> kim_types::Iccsn {
    format!("802768831100000{:05}", u32::from(name.as_bytes()[0])).parse().unwrap()
}

/// The encryption certificate of the card with that handle.
pub(crate) fn enc(card: &CardHandle) -> Bytes {
    certificate(&key(card.as_str(), CertificateType::HciEnc)).der().clone()
}

pub(crate) fn verification(result: HighLevelResult) -> Verification {
    Verification { result, codes: Vec::new(), details: Vec::new() }
}

pub(crate) fn fault(code: u32) -> Error {
    let trace = Trace {
        code,
        severity: Severity::Error,
        error_type: ErrorType::Technical,
        text: Pii("Kartenhandle ungültig".to_owned()),
        detail: None,
    };
    Error::Fault(Fault { code, traces: vec![trace] })
}

pub(crate) fn silence() -> Error {
    Error::Unavailable { reason: Reason::Timeout }
}

/// The time of all tests.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// What a user gets of a message.
pub(crate) struct Seen {
    pub(crate) mail: Bytes,
    pub(crate) recipe: Recipe,
    pub(crate) outcome: Outcome,
    /// The names of the questions, in order.
    pub(crate) calls: Vec<&'static str>,
}

impl Seen {
    fn new(delivered: Delivered, calls: Vec<&'static str>, kept: &Bytes) -> Self {
        let Delivered { mail: recipe, outcome } = delivered;
        let range = usize::try_from(recipe.kept.start).unwrap()..usize::try_from(recipe.kept.end).unwrap();
        let middle = Octets::from(kept.slice(range));
        let mail =
            [recipe.head.clone(), middle, recipe.tail.clone()].into_iter().collect::<Octets>().to_bytes();
        assert_eq!(mail.len() as u64, recipe.len());
        Self { mail, recipe, outcome, calls }
    }

    /// The values of a field of the mail's own header.
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let (header, _) = kim_smime::Header::split(&self.mail, &kim_smime::HeaderLimits::default()).unwrap();
        header.all(name).map(|field| field.text()).collect()
    }

    pub(crate) fn contains(&self, octets: &[u8]) -> bool {
        self.mail.windows(octets.len()).any(|part| part == octets)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.mail).into_owned()
    }

    /// Whether a text is in it, wherever quoted-printable broke the lines.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.text().replace("=\r\n", "").contains(text)
    }

    pub(crate) fn verdict(&self) -> &Verdict {
        match &self.outcome {
            Outcome::Opened(verdict) => verdict,
            other => panic!("{other:?}"),
        }
    }

    /// How often something was asked.
    pub(crate) fn asked(&self, name: &str) -> usize {
        self.calls.iter().filter(|call| **call == name).count()
    }

    /// The mail is the one with this code, and what was received is in it.
    pub(crate) fn is_substitute(&self, code: &str, decryption: &[&str], received: &Bytes) {
        assert_eq!(self.values("X-KIM-Fehlermeldung"), [code], "{:?} {}", self.outcome, self.text());
        assert_eq!(self.values("X-KIM-DecryptionResult"), decryption, "{:?}", self.outcome);
        assert_eq!(self.values("X-KIM-IntegrityCheckResult"), [""; 0], "{:?}", self.outcome);
        assert!(matches!(self.outcome, Outcome::Substituted(_)), "{:?}", self.outcome);
        assert!(self.contains(received), "{:?}: the message is lost", self.outcome);
    }
}

/// Answers the first call of a kind, and leaves all others to the desk.
pub(crate) fn once<'a>(
    name: &'static str,
    answer: impl FnOnce(Call<Step>) -> Step + 'a,
) -> impl FnMut(Call<Step>) -> Result<Step, Call<Step>> + 'a {
    let mut answer = Some(answer);
    move |call| match answer.take_if(|_| call.name() == name) {
        Some(answer) => Ok(answer(call)),
        None => Err(call),
    }
}

/// Answers a call of the Konnektor with an error, whichever it is; others are given back.
pub(crate) fn refuse(call: Call<Step>, error: &Error) -> Result<Step, Call<Step>> {
    fn no<T>(error: &Error) -> FromKonnektor<T> {
        Err(error.clone())
    }
    match call {
        Call::Cards(ask) => Ok(ask.answer(no(error))),
        Call::CardCertificates(ask) => Ok(ask.answer(no(error))),
        Call::PinStatus(ask) => Ok(ask.answer(no(error))),
        Call::VerifyPin(ask) => Ok(ask.answer(no(error))),
        Call::Decrypt(ask) => Ok(ask.answer(no(error))),
        Call::Verify(ask) => Ok(ask.answer(no(error))),
        other => Err(other),
    }
}

/// The question of a look-up, the card of a PIN, the reason of a download.
pub(crate) fn look_up(call: &Call<Step>) -> Option<&LookUp> {
    match call {
        Call::LookUp(ask) => Some(ask.question()),
        _ => None,
    }
}

pub(crate) fn pin(call: &Call<Step>) -> Option<&CardPin> {
    match call {
        Call::PinStatus(ask) => Some(ask.question()),
        Call::VerifyPin(ask) => Some(ask.question()),
        _ => None,
    }
}

pub(crate) fn fails(error: DownloadError) -> impl FnMut(Call<Step>) -> Result<Step, Call<Step>> {
    once("download", move |call| match call {
        Call::Download(ask) => ask.answer(Err(error)),
        other => panic!("{}", other.name()),
    })
}
