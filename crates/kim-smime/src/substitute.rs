//! What a user gets in place of a message that could not be opened.

use std::time::SystemTime;

use bytes::Bytes;
use kim_types::{Address, Octets};

use crate::header::{Header, HeaderLimits};
use crate::mail_frame::MailFrame;
use crate::multipart::MailText;
use crate::normalise::{DECRYPTION_RESULT, ERROR_CODE};
use crate::texts;
use crate::verdict::DecryptionResult;
use crate::version::version_of;

/// Why a message was not opened: each reason has its own error mail.
///
/// The mail has the received message in it, unchanged, so that nothing is lost and forwarding it to oneself repeats the
/// attempt. It has nothing of what the message hides.
///
/// ```
/// use kim_smime::Substitute;
/// use kim_types::Address;
///
/// let user: Address = "praxis@elefant.kim.telematik".parse()?;
/// let received = "From: a@x.de\r\nX-KOM-LE-Version: 1.0\r\n\r\nnot a CMS\r\n".into();
/// let mail = Substitute::Format.mail(&received, &user, [7; 16], std::time::UNIX_EPOCH).to_bytes();
/// assert!(mail.starts_with(b"From: a@x.de\r\n"));
/// # Ok::<(), kim_types::AddressError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, KOM-LE-A_2047-02, A_19370, A_21391, A_22412, A_23512, A_20650.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Substitute {
    /// The version of the message is not supported (4008). A_21391.
    Version,
    /// The message is large, and the user did not ask for large ones (4018). A_23512.
    Large,
    /// The key was not found (01, 4009). KOM-LE-A_2047-02.
    Key,
    /// The message does not follow the profile (02, 4010). KOM-LE-A_2047-02.
    Format,
    /// The Konnektor does not answer (03, 4011). KOM-LE-A_2047-02.
    Konnektor,
    /// The data on the KAS could not be fetched (4006). A_19370.
    KasDownload,
    /// The data on the KAS is not there, or not for this user (4006, with one more sentence). A_19370, deltas Q15.
    KasGone,
    /// The KAS refuses because of too many requests (4013). A_22412.
    KasTooOften,
}

/// What one kind of error mail says.
struct Form {
    subject: &'static str,
    text: &'static str,
    /// X-KIM-DecryptionResult, where the decryption is what failed.
    decryption: Option<DecryptionResult>,
    /// X-KIM-Fehlermeldung.
    code: &'static str,
}

impl Substitute {
    /// The error mail for the user who fetched the message.
    ///
    /// `unique` are octets used for nothing else: Message-ID and boundary are made of them. `now` is the date of a mail
    /// about a message without date. Addresses and date are copied from the message; if its header cannot be read the mail
    /// is from the user.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, A_20650.
    pub fn mail(self, received: &Bytes, user: &Address, unique: [u8; 16], now: SystemTime) -> Octets {
        self.frame(received, !received.is_ascii(), user, unique, now).around(received.clone().into())
    }

    /// The error mail around a message that somebody else keeps.
    ///
    /// `head` are the first octets of the message: its header, at least. `eight_bit` says whether an octet of the message is
    /// outside ASCII. The rest as in [`Substitute::mail`].
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02, A_20650, A_20628.
    pub fn frame(
        self,
        head: &Bytes,
        eight_bit: bool,
        user: &Address,
        unique: [u8; 16],
        now: SystemTime,
    ) -> MailFrame {
        let (header, _) = Header::split(head, &HeaderLimits::default()).unwrap_or_default();
        let form = self.form();
        let version = version_of(&header).map(|version| version.to_string()).unwrap_or_default();
        let text = form.text.replace(texts::ADDRESS, user.as_str()).replace(texts::VERSION, &version);
        let decryption = form.decryption.map(|result| (DECRYPTION_RESULT, result.code()));
        let fields = decryption.into_iter().chain([(ERROR_CODE, form.code)]).collect();
        let mail_text = MailText { subject: form.subject, text, fields };
        mail_text.frame(&header, &header, user, unique, now, eight_bit)
    }

    fn form(self) -> Form {
        let decryption = |result, text, code| Form {
            subject: texts::SUBJECT_DECRYPTION,
            text,
            decryption: Some(result),
            code,
        };
        let other = |subject, text, code| Form { subject, text, decryption: None, code };
        match self {
            Self::Version => other(texts::SUBJECT_VERSION, texts::UNKNOWN_VERSION, "4008"),
            Self::Large => other(texts::SUBJECT_LARGE, texts::LARGE, "4018"),
            Self::Key => decryption(DecryptionResult::NoKey, texts::DECRYPTION_KEY, "4009"),
            Self::Format => decryption(DecryptionResult::Format, texts::DECRYPTION_FORMAT, "4010"),
            Self::Konnektor => decryption(DecryptionResult::Konnektor, texts::DECRYPTION_KONNEKTOR, "4011"),
            Self::KasDownload => other(texts::SUBJECT_KAS, texts::KAS_DOWNLOAD, "4006"),
            Self::KasGone => other(texts::SUBJECT_KAS, texts::KAS_DOWNLOAD_GONE, "4006"),
            Self::KasTooOften => other(texts::SUBJECT_KAS, texts::KAS_TOO_OFTEN, "4013"),
        }
    }
}
