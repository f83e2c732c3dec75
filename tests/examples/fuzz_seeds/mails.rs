//! A mail on its way, with everything that is in it, and the flows that sent and received it.

use bytes::Bytes;
use kim_examples::Blocking;
use kim_flow::{Call, Decrypt, Encrypt, FromKonnektor, Rules, Sign, receive, send};
use kim_konnektor::{Crypt, DecryptDocument, EncryptDocument, GetJobNumber, SignDocument};
use kim_smime::RecipientEmails;
use kim_testbed::cms::{Form, decrypt, encrypt};
use kim_testbed::pki::{CertificateType, KeyType};
use kim_testbed::{Account, World};
use kim_types::{Envelope, Octets, Recipient};

use super::{CANARY, Result, Seeds, account, entries, holder, now, record, text};

/// Ways to receive the mail: how a failed check is shown, and what the check says, as `flow_ops` reads both.
const VERIFICATIONS: [(&str, &[u8], u8); 6] = [
    ("receive", b"", 0),
    ("receive-status-unknown", b"", 4),
    ("receive-invalid-embed", b"", 8),
    ("receive-invalid-replace", b"x", 8),
    ("receive-invalid-deliver", b"xx", 8),
    ("receive-fault", b"x", 3),
];

impl Seeds {
    /// A mail on its way, with everything that is in it.
    pub(super) fn mails(&self, world: &World) -> Result {
        let (from, to) = (account(world, "A")?, account(world, "B")?);
        let mail = format!(
            "From: \"Praxis A\" <{}>\r\nTo: =?utf-8?q?Praxis_B_=C3=A4?=\r\n <{}>\r\nSubject: Befund\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n{CANARY}\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
             Subject: y\r\n\r\nz\r\n--x--\r\n",
            from.address, to.address
        );
        self.put("mime_header", "mail", &mail)?;
        self.put(
            "mime_header_inverse",
            "fields",
            [record(7, b"SubjectBefund"), record(4, b"FromA <a@b>")].concat(),
        )?;
        let envelope = Envelope {
            sender: from.address.clone(),
            ret: None,
            envid: None,
            recipients: vec![Recipient::new(to.address.clone())],
        };
        let driver = Blocking::new(world, from, Rules::default(), now())?;
        // The first mail also asks for the PINs, which `flow_ops` does not when it is answered 0.
        driver
            .protect(envelope.clone(), Octets::from(mail.clone().into_bytes()), [7; 16])
            .map_err(|it| it.cause)?;
        let mut flow = flow_head(world, b's', &[from, to], mail.as_bytes())?;
        let mut step = send::start(driver.run([7; 16]), envelope, Octets::from(mail.into_bytes()).into());
        let protected = loop {
            step = match step {
                send::Step::Call(call) => recorded(&driver, call, 0, &mut flow),
                send::Step::Protected(protected) => break protected,
                send::Step::Refused(refused) => return Err(refused.cause.into()),
            }
        };
        self.put("flow_ops", "send", flow)?;
        let message = protected.message.whole().ok_or("a message")?.to_bytes();
        Blocking::new(world, to, Rules::default(), now())?.open(message.clone(), [7; 16]);
        for (name, mode, verification) in VERIFICATIONS {
            let driver = Blocking::new(world, to, Rules::default(), now())?;
            let mut flow = flow_head(world, b'r', &[to], &message)?;
            flow.extend(record(b'e', mode));
            let mut step = receive::start(driver.run([7; 16]), Octets::from(message.clone()).into());
            while let receive::Step::Call(call) = step {
                step = recorded(&driver, call, verification, &mut flow);
            }
            self.put("flow_ops", name, flow)?;
        }
        self.put("mime_header", "message", &message)?;
        let (_, base64) = text(&message)
            .split_once("\r\n\r\n")
            .map(|(head, body)| (head.to_owned(), body.to_owned()))
            .ok_or("a body")?;
        let cms = openssl::base64::decode_block(&base64.replace("\r\n", ""))?;
        self.put("cms_enveloped", "indefinite", &cms)?;
        let keys = [KeyType::Brainpool, KeyType::Rsa]
            .map(|key| world.pki().issue(CertificateType::HciEnc, key, &holder(from)));
        let opened = decrypt(&cms, keys.iter()).map_err(|error| format!("{error:?}"))?;
        for result in [0, 1, 2] {
            let input = [record(b'm', &message), record(result, &opened.content)].concat();
            self.put("outer_message", &format!("message-{result}"), input)?;
        }
        let signed = opened.content.windows(4).position(|end| end == b"\r\n\r\n").ok_or("a signature")?;
        self.put("cms_signed", "signed", opened.content.get(signed.saturating_add(4)..).unwrap_or_default())?;

        let entries = entries(world, [from, to])?;
        let inverse = entries.iter().flat_map(|entry| {
            [record(0, entry.address.0.as_bytes()), record(1, &entry.certificate.to_der())].concat()
        });
        self.put("recipient_emails_inverse", "two", inverse.collect::<Vec<u8>>())?;
        let attribute = RecipientEmails::new(entries)?.to_attribute();
        self.put("recipient_emails", "two", &attribute)?;
        let definite = encrypt(
            &opened.content,
            keys.map(|key| key.certificate).as_slice(),
            &[attribute.to_vec()],
            Form::Definite,
        )?;
        self.put("cms_enveloped", "definite", definite)
    }
}

/// How an input of `flow_ops` begins: what to do with what, for whom, and the certificates the directory has.
fn flow_head(world: &World, what: u8, accounts: &[&Account], mail: &[u8]) -> Result<Vec<u8>> {
    let mut head = record(what, mail);
    accounts.iter().for_each(|account| head.extend(record(b'a', account.address.as_str().as_bytes())));
    for name in ["A", "B"] {
        let holder = holder(account(world, name)?);
        let certificate = world.pki().issue(CertificateType::HciEnc, KeyType::Brainpool, &holder);
        head.extend(record(b'c', &certificate.certificate_der()));
    }
    Ok(head)
}

/// Answers a call as the testbed does and keeps what `flow_ops` needs to do the same.
///
/// `verification` is what `flow_ops` takes for what the Konnektor says about a signature.
fn recorded<S>(driver: &Blocking<'_>, call: Call<S>, verification: u8, flow: &mut Vec<u8>) -> S {
    let mut keep =
        |answer: &FromKonnektor<Bytes>| flow.extend(record(0, answer.as_deref().unwrap_or_default()));
    match call {
        Call::Sign(ask) => ask.answer_with(|question| {
            let job = driver.call(&GetJobNumber)?;
            let Sign { card, document, attribute } = question.clone();
            let operation = SignDocument { card, crypt: Crypt::RsaEcc, job, document, attribute };
            let answer = driver.call(&operation).map(|signed| signed.cms);
            keep(&answer);
            answer
        }),
        Call::Encrypt(ask) => ask.answer_with(|question| {
            let Encrypt { document, certificates, attribute } = question.clone();
            let answer = driver.call(&EncryptDocument { document, certificates, attribute });
            keep(&answer);
            answer
        }),
        Call::Decrypt(ask) => ask.answer_with(|question| {
            let Decrypt { card, document } = question.clone();
            let answer = driver.call(&DecryptDocument { card, document });
            keep(&answer);
            answer
        }),
        other => {
            flow.extend(record(if matches!(other, Call::Verify(_)) { verification } else { 0 }, &[]));
            driver.answer(other)
        }
    }
}
