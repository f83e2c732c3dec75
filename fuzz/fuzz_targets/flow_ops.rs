#![no_main]
//! The rules of sending and receiving with any answers: there is always an end, nothing leaves that was not encrypted, nothing is
//! shown as checked that was not, and nothing of a mail is shown that must not be.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use kim_fachdienst::KasReference;
use kim_flow::receive::{self, Outcome, Trouble};
use kim_flow::{Call, DownloadError, Downloaded, LookUpError, Rules, Run, UploadError, Uploaded, send};
use kim_fuzz::{records, sings, text};
use kim_konnektor::{
    Card, CardKind, CertificateResult, CertificateVerdict, Error, GetJobNumber, HighLevelResult, Limits,
    Operation, PinResult, PinStatus, Reason, ResponseReader, Verification,
};
use kim_smime::{Header, IntegrityMode};
use kim_types::{Address, Delivery, Envelope, Octets, Recipient, Reply, Secret};
use kim_vzd::{Entry, Listing};
use libfuzzer_sys::fuzz_target;

/// More calls than any mail can need.
const MANY: usize = 200;

/// Konnektor, directory and attachment service: what they answer, in this order, whatever they are asked.
struct World<'a> {
    certificates: Vec<&'a [u8]>,
    answers: std::vec::IntoIter<(u8, &'a [u8])>,
    /// What a Konnektor said last about a signature, if it said anything about it.
    verification: Option<Verification>,
    calls: usize,
}

/// Codes whose classes the flows tell apart.
const CODES: [u32; 12] = [4000, 4004, 4085, 4101, 4105, 4106, 4112, 4115, 4127, 4206, 4264, 4299];

/// Those of them with which no signature is right, whatever is said beside them (Tab_Verm_Sig_Prüf).
const BROKEN: [u32; 3] = [4112, 4115, 4206];

fn fault(choice: u8) -> Error {
    if choice % 16 >= 12 {
        return Error::Unavailable { reason: Reason::Timeout };
    }
    let xml = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Server</faultcode>\
         <faultstring>x</faultstring><detail><e:Error xmlns:e='http://ws.gematik.de/tel/error/v2.0'><e:MessageID>1</e:MessageID>\
         <e:Timestamp>2026-01-01T00:00:00Z</e:Timestamp><e:Trace><e:EventID>1</e:EventID><e:Instance>x</e:Instance>\
         <e:LogReference>1</e:LogReference><e:CompType>Konnektor</e:CompType><e:Code>{}</e:Code><e:Severity>Error</e:Severity>\
         <e:ErrorType>Technical</e:ErrorType><e:ErrorText>x</e:ErrorText></e:Trace></e:Error></detail></s:Fault></s:Body>\
         </s:Envelope>",
        CODES[usize::from(choice % 16) % CODES.len()]
    );
    let mut reader = ResponseReader::new(Limits::default());
    let document = reader.push(xml.as_bytes()).and_then(|()| reader.finish(500));
    match document.map(|document| GetJobNumber.response(document)) {
        Ok(Err(error)) | Err(error) => error,
        Ok(Ok(_)) => unreachable!("a fault is no job number"),
    }
}

impl<'a> World<'a> {
    /// An answer of the Konnektor, or a fault.
    fn konnektor<T>(&mut self, answer: impl FnOnce(u8, &[u8]) -> T) -> Result<T, Error> {
        let (choice, octets) = self.next();
        if choice % 4 == 3 { Err(fault(choice / 4)) } else { Ok(answer(choice / 4, octets)) }
    }

    /// When there are no answers left, nothing works any more.
    fn next(&mut self) -> (u8, &'a [u8]) {
        self.answers.next().unwrap_or((0xff, &[]))
    }

    fn certificate(&self, index: usize) -> Option<&'a [u8]> {
        self.certificates.get(index % self.certificates.len().max(1)).copied()
    }

    fn listing(&self, index: usize, address: &Address, choice: u8) -> Result<Listing, LookUpError> {
        if choice % 8 == 7 {
            return Err(LookUpError::Unavailable);
        }
        let mail = address.as_str().as_bytes().to_vec();
        let mut attributes = vec![("mail".to_owned(), vec![mail])];
        if choice % 8 < 6 {
            let certificates = self.certificate(index).into_iter().map(<[u8]>::to_vec).collect();
            attributes.push(("userCertificate;binary".to_owned(), certificates));
        }
        if choice / 8 % 2 == 1 {
            attributes.push(("komLeData".to_owned(), vec![format!("1.5+,{address}").into_bytes()]));
        }
        Ok(Listing::from_entries(address, &[Entry { attributes }]))
    }

    fn answer<S>(&mut self, call: Call<S>) -> S {
        self.calls += 1;
        assert!(self.calls < MANY, "a mail without end");
        match call {
            Call::LookUp(ask) => {
                let (choice, octets) = self.next();
                let choice_of = |index: usize| octets.get(index).copied().unwrap_or(choice);
                let addresses = ask.question().addresses.clone();
                let find =
                    |(index, address): (usize, &Address)| self.listing(index, address, choice_of(index));
                let mut listings: Vec<_> = addresses.iter().enumerate().map(find).collect();
                if choice == 0xfe {
                    listings.pop();
                }
                ask.answer(listings)
            }
            Call::Limits(ask) => {
                let (_, octets) = self.next();
                ask.answer(kim_fachdienst::Limits::from_response(200, octets).ok())
            }
            Call::Cards(ask) => {
                let cards = self.konnektor(|choice, _| {
                    let card = |number: u8| Card {
                        handle: format!("card-{number}").parse().expect("a handle"),
                        kind: if choice / 8 % 2 == 0 { CardKind::Smb } else { CardKind::Hba },
                        iccsn: format!("8027688311000000000{number}").parse().ok(),
                        holder: None,
                        expires: None,
                    };
                    (0..=choice % 3).map(card).collect()
                });
                ask.answer(cards)
            }
            Call::CardCertificates(ask) => {
                let all: Vec<_> = self.certificates.iter().map(|der| Bytes::copy_from_slice(der)).collect();
                ask.answer(self.konnektor(|choice, _| if choice % 4 == 3 { Vec::new() } else { all }))
            }
            Call::PinStatus(ask) => ask.answer(self.konnektor(|choice, _| match choice % 4 {
                0 => PinStatus::Verified,
                1 => PinStatus::Verifiable,
                2 => PinStatus::Blocked,
                _ => PinStatus::TransportPin,
            })),
            Call::VerifyPin(ask) => ask.answer(self.konnektor(|choice, _| match choice % 2 {
                0 => PinResult::Ok,
                _ => PinResult::NowBlocked,
            })),
            Call::Sign(ask) => ask.answer(self.konnektor(|_, octets| Bytes::copy_from_slice(octets))),
            Call::Encrypt(ask) => ask.answer(self.konnektor(|_, octets| Bytes::copy_from_slice(octets))),
            Call::CheckCertificates(ask) => {
                let count = ask.question().0.len();
                let verdict = |choice: u8| CertificateVerdict {
                    result: if choice % 2 == 0 {
                        CertificateResult::Valid
                    } else {
                        CertificateResult::Invalid
                    },
                    roles: Vec::new(),
                    codes: Vec::new(),
                };
                ask.answer((0..count).map(|_| self.konnektor(|choice, _| verdict(choice))).collect())
            }
            Call::KnownCard(ask) => {
                let (choice, _) = self.next();
                ask.answer((choice % 2 == 1).then(|| "80276883110000000000".parse().ok()).flatten())
            }
            Call::RememberCard(ask) => {
                self.next();
                ask.answer(())
            }
            Call::Decrypt(ask) => ask.answer(self.konnektor(|_, octets| Bytes::copy_from_slice(octets))),
            Call::Verify(ask) => {
                let verification = self.konnektor(|choice, _| Verification {
                    result: match choice % 3 {
                        0 => HighLevelResult::Valid,
                        1 => HighLevelResult::Inconclusive,
                        _ => HighLevelResult::Invalid,
                    },
                    codes: (choice / 3 % 4 == 1)
                        .then(|| CODES[usize::from(choice / 12) % CODES.len()])
                        .into_iter()
                        .collect(),
                    details: Vec::new(),
                });
                self.verification = verification.as_ref().ok().cloned();
                ask.answer(verification)
            }
            Call::Upload(ask) => {
                let size = ask.question().mail.len();
                let (choice, octets) = self.next();
                let reference = KasReference {
                    link: format!("https://kas.b.kim.telematik/{}", octets.len()),
                    key: Secret::new(vec![7; 32]),
                    hash: [7; 32],
                    size,
                };
                ask.answer(match choice % 4 {
                    0 | 1 => Ok(Uploaded { reference, enc_size: size + 28 }),
                    2 => Err(UploadError::Full),
                    _ => Err(UploadError::Failed),
                })
            }
            Call::RemoveUpload(ask) => {
                self.next();
                ask.answer(())
            }
            Call::NoticeDue(ask) => {
                let (choice, _) = self.next();
                ask.answer(choice % 2 == 0)
            }
            Call::Download(ask) => {
                let (choice, octets) = self.next();
                ask.answer(match choice % 9 {
                    0..3 => Ok(Downloaded { head: octets.to_vec().into(), size: octets.len() as u64 }),
                    3 => Err(DownloadError::TooOften),
                    4 => Err(DownloadError::Gone),
                    5 => Err(DownloadError::Failed),
                    6 => Err(DownloadError::Decryption),
                    7 => Err(DownloadError::TooLarge),
                    _ => Err(DownloadError::Hash),
                })
            }
        }
    }
}

fn protect(run: Run, mail: &[u8], recipients: &[Address], world: &mut World<'_>) {
    let account = run.account.clone();
    let recipients = recipients.iter().cloned().map(Recipient::new).collect();
    let envelope = Envelope { sender: account.clone(), ret: None, envid: None, recipients };
    let before = envelope.recipients.clone();
    let mut step = send::start(run, envelope, Octets::from(mail.to_vec()).into());
    let protected = loop {
        step = match step {
            send::Step::Call(call) => world.answer(call),
            send::Step::Refused(refused) => {
                return assert!(
                    (400..600).contains(&refused.reply.code()),
                    "refused with {:?}",
                    refused.reply
                );
            }
            send::Step::Protected(protected) => break protected,
        };
    };
    assert!(!protected.envelope.recipients.is_empty());
    assert!(protected.envelope.recipients.iter().all(|one| before.contains(one)), "a recipient nobody named");
    if let Some(message) = protected.message.clone().whole() {
        assert_eq!(protected.message.len(), message.len() as u64, "SIZE");
        let octets = message.to_bytes();
        // What is sent again goes as it came, also with a header nobody can read.
        if matches!(protected.message, kim_flow::Message::Protected(_)) {
            let (outer, body) = Header::split(&octets, &Default::default()).expect("a message has a header");
            let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=\r\n".contains(octet);
            assert!(body.iter().all(is_base64), "something in the clear");
            let is_left = |address: &str| {
                protected
                    .envelope
                    .recipients
                    .iter()
                    .any(|one| one.address.as_str().eq_ignore_ascii_case(address))
            };
            for name in ["To", "Cc", "Bcc"] {
                assert!(
                    outer.addresses(name).iter().all(|mailbox| is_left(&mailbox.address)),
                    "{name} names others"
                );
            }
        }
    }
    let delivery =
        Delivery { reply: Reply::new(250, "OK"), accepted: true, in_doubt: false, refused: Vec::new() };
    let dropped = protected.dropped().len();
    let conclusion = protected.delivered(delivery);
    assert!(dropped == 0 || conclusion.report.is_some(), "somebody was left out in silence");
    if let Some(report) = conclusion.report {
        assert!(!sings(&report.mail.to_bytes()), "a report has something of the mail");
        assert!(report.envelope.recipients.iter().all(|one| one.address == account));
    }
}

fn open(run: Run, message: &[u8], world: &mut World<'_>) {
    let (account, rules) = (run.account.clone(), run.rules.clone());
    let mut step = receive::start(run, Octets::from(message.to_vec()).into());
    let delivered = loop {
        step = match step {
            receive::Step::Call(call) => world.answer(call),
            receive::Step::Done(delivered) => break delivered,
        };
    };
    if matches!(delivered.outcome, Outcome::Plain) {
        return assert!(*delivered.mail.head.to_bytes() == *message, "not as it came");
    }
    let early = receive::early_header(&rules, &Bytes::copy_from_slice(message)).to_bytes();
    let (head, tail) = (delivered.mail.head.to_bytes(), delivered.mail.tail.to_bytes());
    assert!(head.starts_with(&early), "other fields were sent early");
    let (header, rest) = Header::split(&head, &Default::default()).expect("a mail has a header");
    let texts = |name: &str| header.all(name).map(|field| field.text()).collect::<Vec<_>>();
    let integrity = texts("X-KIM-IntegrityCheckResult");
    let is_intact = ["01", "07"].iter().any(|code| integrity.iter().any(|text| text == code));
    if is_intact {
        let [only] = integrity.as_slice() else { panic!("a doubt beside a positive result: {integrity:?}") };
        let verification = world.verification.as_ref().expect("shown as checked without a check");
        assert!(!verification.codes.iter().any(|code| BROKEN.contains(code)), "{verification:?}");
        match verification.result {
            HighLevelResult::Valid => {
                assert!(only == "07" || verification.codes.is_empty(), "{verification:?}")
            }
            HighLevelResult::Inconclusive => assert_eq!(only, "07"),
            HighLevelResult::Invalid => panic!("shown as {only}"),
        }
    }
    // What the sender wrote for everybody to read is no secret.
    let is_hidden = !sings(message);
    let without_body =
        |why| assert!(!(is_hidden && (sings(&rest) || sings(&tail))), "a body is shown: {why}");
    match &delivered.outcome {
        Outcome::Opened(verdict) => {
            assert_eq!(texts("X-KIM-DecryptionResult"), ["00"], "one result, and not the sender's");
            assert_eq!(is_intact, verdict.is_intact(), "{integrity:?}");
            let codes: Vec<_> = verdict.integrity.iter().map(|id| id.code()).collect();
            assert_eq!(integrity, codes, "the verdict and the header differ");
            match rules.on_integrity_failure {
                IntegrityMode::Embed if !is_intact => assert_answers_nobody(&header, &account),
                IntegrityMode::Replace if !is_intact => {
                    assert!(delivered.mail.kept.is_empty(), "mail data is shown");
                    without_body("the check failed");
                }
                _ => {}
            }
        }
        // The decrypted mail, whose data cannot be had: its header is shown, a text is its body.
        Outcome::Substituted(Trouble::Ambiguous)
        | Outcome::Substituted(Trouble::Download(DownloadError::Decryption | DownloadError::Hash)) => {
            assert!(delivered.mail.kept.is_empty(), "mail data is shown");
            assert!(world.verification.is_some(), "shown without a check");
            without_body("its data is missing");
        }
        _ => {
            assert!(integrity.is_empty(), "nothing was checked: {integrity:?}");
            assert!(!(is_hidden && (sings(&head) || sings(&tail))), "something decrypted is in a substitute");
        }
    }
}

fn assert_answers_nobody(header: &Header, account: &Address) {
    for name in ["From", "To"] {
        let addresses = header.addresses(name);
        assert!(addresses.iter().all(|one| one.address.eq_ignore_ascii_case(account.as_str())), "{name}");
    }
    assert!(["Reply-To", "Sender", "Cc"].iter().all(|name| header.first(name).is_none()));
}

// The first record is the mail, to be sent ('s') or opened ('r'). Then 'a' is an address, the first one the user's, 'c' a
// certificate, 'l' the octet from which a mail is large, 'e' how a failed check is shown; all others are answers.
fuzz_target!(|octets: &[u8]| {
    let records = records(octets);
    let Some(((what, mail), rest)) = records.split_first() else { return };
    let (mut addresses, mut certificates, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let mut rules = Rules { product_version: "FUZZ_1.0.0".to_owned(), ..Rules::default() };
    for (kind, octets) in rest.iter().take(MANY) {
        match kind {
            b'a' => addresses.extend(text(octets).parse::<Address>()),
            b'c' => certificates.push(*octets),
            b'l' => rules.large_threshold = octets.len() as u64 * 16,
            b'e' => {
                rules.on_integrity_failure = match octets.len() % 3 {
                    0 => IntegrityMode::Embed,
                    1 => IntegrityMode::Replace,
                    _ => IntegrityMode::Deliver,
                }
            }
            _ => answers.push((*kind, *octets)),
        }
    }
    let Some(account) = addresses.first().cloned() else { return };
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let run = Run { rules: Arc::new(rules), account, now, unique: [7; 16] };
    let mut world = World { certificates, answers: answers.into_iter(), verification: None, calls: 0 };
    if *what == b'r' {
        open(run, mail, &mut world);
    } else {
        let all = addresses.clone();
        let recipients = if addresses.len() > 1 { &addresses[1..] } else { &all };
        protect(run, mail, recipients, &mut world);
    }
});
