//! An opened message, and what its reader gets of it.

use std::time::SystemTime;

use kim_types::{Address, Octets};

use crate::certificate::CertificateKind;
use crate::comparison::{agree, header_differences};
use crate::header::Header;
use crate::mail_frame::MailFrame;
use crate::multipart::{MailText, has_eight_bit, text_entity};
use crate::normalise::ERROR_CODE;
use crate::received::VerifyRequest;
use crate::texts;
use crate::verdict::{DecryptionResult, IntegrityId, Ownership, SignatureResult, Verdict};

/// What a reader gets when the integrity check failed.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165; api-kim FAQ; deltas Q7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntegrityMode {
    /// A mail from the user to himself with a warning, and the decrypted mail in it. Nothing is lost, and an answer goes to
    /// nobody.
    #[default]
    Embed,
    /// The decrypted mail with a warning in place of its body.
    Replace,
    /// The decrypted mail with the negative results in its header: for systems that show them (Basis-Consumer).
    Deliver,
}

/// Why the mail data on the KAS did not become a mail: the text that takes the place of the body.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369, A_19371, A_19372.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KasFailure {
    /// There is more than one description of where the data is (vendor code X69).
    Ambiguous,
    /// The data could not be decrypted (4007).
    Decryption,
    /// The data has another hash (4012); a text of the provider may follow the prescribed one.
    Hash {
        /// The text of the provider, empty if there is none.
        provider_text: String,
    },
}

/// A message that was decrypted and checked. Look at the [`Verdict`] before believing what it says.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01, KOM-LE-A_2050-06, A_23165.
#[derive(Debug, Clone)]
pub struct Opened {
    /// What is known about the message.
    pub verdict: Verdict,
    outer: Header,
    inner: Header,
    body: Octets,
}

impl Opened {
    pub(crate) fn new(request: VerifyRequest, signature: SignatureResult) -> Self {
        let VerifyRequest { outer, encrypted_for, signed, inner, body, .. } = request;
        let mut verdict = Verdict {
            decryption: DecryptionResult::Decrypted,
            signature,
            integrity: vec![IntegrityId::from(signature)],
            signer: signed.as_ref().ok().map(|signed| signed.signer().clone()),
            owner: Ownership::Unknown,
            shared_keys: Vec::new(),
            kim_auth_present: inner.first("X-KIM-Auth").is_some(),
        };
        match &signed {
            Ok(signed) if signed.signer().kind() != CertificateKind::HciOsig => {
                verdict.refuse(IntegrityId::Certificate);
            }
            Ok(_) => {}
            Err(flaw) => verdict.refuse(IntegrityId::from(flaw)),
        }
        if header_differences(&outer, &inner).next().is_some() {
            verdict.refuse(IntegrityId::Header);
        }
        if signed.as_ref().is_ok_and(|signed| !signed.recipient_emails().same_as(&encrypted_for)) {
            verdict.refuse(IntegrityId::Recipients);
        }
        Self { verdict, outer, inner, body: body.into() }
    }

    /// The header of the mail, as it was signed.
    pub fn header(&self) -> &Header {
        &self.inner
    }

    /// The body of the mail, octet for octet.
    pub fn body(&self) -> &Octets {
        &self.body
    }

    /// The header of the message the mail came in, which nobody signed.
    pub fn outer_header(&self) -> &Header {
        &self.outer
    }

    /// Puts the mail from the KAS in the place of the small mail that pointed to it.
    ///
    /// The addresses and the Message-ID of the two must agree, otherwise that is a result `08`. Give no body if it is too
    /// large to be kept and goes to the reader behind [`Opened::delivered_header`].
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19374; flows L7.
    #[must_use]
    pub fn unpacked(self, header: Header, body: Octets) -> Self {
        let Self { mut verdict, outer, inner, .. } = self;
        if header_differences(&inner, &header).next().is_some() || !agree(&inner, &header, "Message-ID") {
            verdict.refuse(IntegrityId::Header);
        }
        verdict.kim_auth_present = header.first("X-KIM-Auth").is_some();
        Self { verdict, outer, inner: header, body }
    }

    /// The same with another mail in it, which says the same.
    pub(crate) fn with_mail(self, inner: Header, body: Octets) -> Self {
        Self { inner, body, ..self }
    }

    /// What the user gets: the mail, or what `mode` says if the integrity check failed.
    ///
    /// `user` is who fetched it; `unique` are octets used for nothing else, `now` is the time.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06, A_23165.
    pub fn deliver(&self, mode: IntegrityMode, user: &Address, unique: [u8; 16], now: SystemTime) -> Octets {
        self.frame(has_eight_bit(&self.body), mode, user, unique, now).around(self.body.clone())
    }

    /// As [`Opened::deliver`], around a body that somebody else keeps.
    ///
    /// `eight_bit` says whether an octet of the body is outside ASCII; yes if nobody knows.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050-06, A_23165, A_19374.
    pub fn frame(
        &self,
        eight_bit: bool,
        mode: IntegrityMode,
        user: &Address,
        unique: [u8; 16],
        now: SystemTime,
    ) -> MailFrame {
        match mode {
            IntegrityMode::Replace if !self.verdict.is_intact() => {
                let fields = self.verdict.error_fields().collect();
                let mail = self.with_text(texts::INTEGRITY_REPLACED, fields);
                MailFrame { head: mail, content: false, tail: Octets::new() }
            }
            IntegrityMode::Embed if !self.verdict.is_intact() => self.embedded(eight_bit, user, unique, now),
            _ => {
                let head = self.delivered_header().with_body(Octets::new());
                MailFrame { head, content: true, tail: Octets::new() }
            }
        }
    }

    /// The mail that came with a pointer to the KAS, a text in place of the pointer.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19369, A_19371, A_19372, A_20650.
    pub fn kas_failure(&self, failure: &KasFailure) -> Octets {
        let (text, code) = match failure {
            KasFailure::Ambiguous => (texts::KAS_AMBIGUOUS.to_owned(), "X69"),
            KasFailure::Decryption => (texts::KAS_DECRYPTION.to_owned(), "4007"),
            KasFailure::Hash { provider_text } if provider_text.is_empty() => {
                (texts::KAS_HASH.to_owned(), "4012")
            }
            KasFailure::Hash { provider_text } => {
                (format!("{}\r\n\r\n{provider_text}", texts::KAS_HASH), "4012")
            }
        };
        self.with_text(&text, vec![(ERROR_CODE, code)])
    }

    /// The header of the delivered mail: the way the message took, the results, and the inner header.
    ///
    /// All Received and the Return-Path of the outer header come first; a Return-Path that was inside is removed, and so are
    /// results that the sender put in. What the sender wrote comes last, each field as
    /// [`Field::canonical`](crate::Field::canonical) gives it, so that nothing in it can forge or hide a result.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06, A_21236, A_20628.
    pub fn delivered_header(&self) -> Header {
        self.header_with(Vec::new())
    }

    /// The header of the delivered mail with further fields after the results.
    fn header_with(&self, more: Vec<(&'static str, &'static str)>) -> Header {
        let mut delivered = Header::default();
        for field in ["Received", "Return-Path"].into_iter().flat_map(|name| self.outer.all(name)) {
            delivered.push_field(field);
        }
        self.verdict.result_fields().chain(more).for_each(|(name, value)| delivered.push_known(name, value));
        let mut inner = self.inner_without_results();
        inner.remove("Return-Path");
        inner.fields().for_each(|field| delivered.push_field(field));
        delivered
    }

    fn inner_without_results(&self) -> Header {
        let mut inner = Header::default();
        self.inner.fields().for_each(|field| inner.push_field(field));
        inner.remove_results();
        inner
    }

    fn with_text(&self, text: &str, fields: Vec<(&'static str, &'static str)>) -> Octets {
        let mut header = self.header_with(fields);
        header.remove_where(is_about_body);
        header.push_known("MIME-Version", "1.0");
        [header.to_octets(), text_entity(text)].into_iter().collect()
    }

    fn embedded(&self, eight_bit: bool, user: &Address, unique: [u8; 16], now: SystemTime) -> MailFrame {
        let inner = self.inner_without_results().with_body(Octets::new());
        let fields: Vec<_> = self.verdict.result_fields().chain(self.verdict.error_fields()).collect();
        let mail = MailText {
            subject: texts::SUBJECT_INTEGRITY,
            text: texts::INTEGRITY_EMBEDDED.to_owned(),
            fields,
        };
        // No address of the outer header, not even Return-Path: an answer would go to whoever forged it.
        let eight_bit = eight_bit || has_eight_bit(&inner);
        let MailFrame { mut head, content, tail } =
            mail.frame(&self.outer, &Header::default(), user, unique, now, eight_bit);
        head.append(inner);
        MailFrame { head, content, tail }
    }
}

fn is_about_body(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"))
        || name.eq_ignore_ascii_case("MIME-Version")
}
