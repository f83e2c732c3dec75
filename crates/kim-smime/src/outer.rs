//! The message that the mail servers see.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use kim_types::Octets;

use crate::date::rfc5322_date;
use crate::encoding::{LINE_OCTETS, base64_lines};
use crate::header::Header;
use crate::normalise::is_reserved;
use crate::texts::SUBJECT_OUTER;
use crate::version::{MessageVersion, VERSION_FIELD};

/// The lines in one piece, which is just below 64 KiB then.
const LINES: usize = 840;
/// The greatest length of a value that comes from outside, in octets.
const MAX_VALUE: usize = 512;

/// The fields of the outer header that copy.
const COPIED: [&str; 8] = ["Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID"];
/// The JWT of the sending module is for the recipient only (deltas Q20).
const NOT_COPIED: &str = "X-KIM-Auth";

/// What the outer header says about the message and the modules it came through.
///
/// Texts are cut after 512 octets and their octets outside printable ASCII become `?`.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388, A_22417, A_23467; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2099, KOM-LE-A_2100-02.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OuterFields {
    /// X-KOM-LE-Version.
    pub version: MessageVersion,
    /// Expires: the time of sending plus the days that the account keeps mail.
    pub expires: Option<SystemTime>,
    /// X-KIM-CMVersion: vendor and version of the module, like `VEND_1.2.3`.
    pub cm_version: String,
    /// X-KIM-PTVersion: the version of the product type, like `1.5.5`.
    pub pt_version: String,
    /// X-KIM-KONVersion: what the Konnektor says of itself, each part in angle brackets.
    pub kon_version: Option<String>,
    /// X-KIM-KAS-Size: the length of the mail data on the KAS in octets, before encryption.
    pub kas_size: Option<u64>,
    /// X-KIM-KAS-EncSize: their length in octets after encryption.
    pub kas_enc_size: Option<u64>,
}

/// A KOM-LE message, written piece by piece.
///
/// The CMS is never there as base64 as a whole. `Debug` prints the length only.
///
/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03 to KOM-LE-A_2104, KOM-LE-A_2299.
#[derive(Clone)]
pub struct OuterMessage {
    head: Octets,
    cms: Bytes,
}

impl OuterMessage {
    pub(crate) fn new(inner: &Header, fields: &OuterFields, cms: Bytes) -> Self {
        let header = outer_header(inner, fields);
        Self { head: header.with_body(Octets::new()), cms }
    }

    /// The exact length in octets: what to announce as SIZE.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23554.
    pub fn len(&self) -> u64 {
        let digits = self.cms.len().div_ceil(3).saturating_mul(4);
        let line_ends = self.cms.len().div_ceil(LINE_OCTETS).saturating_mul(2);
        [self.head.len(), digits, line_ends].into_iter().map(|len| len as u64).fold(0, u64::saturating_add)
    }

    /// Whether there is nothing; there never is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets in pieces of at most 64 KiB, except for header fields that are longer; lines end in CRLF, nothing is
    /// dot-stuffed.
    pub fn chunks(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let block = LINE_OCTETS.saturating_mul(LINES);
        let mut rest = self.cms.clone();
        let lines = std::iter::from_fn(move || {
            let next = rest.split_to(block.min(rest.len()));
            (!next.is_empty()).then(|| base64_lines(&next))
        });
        self.head.pieces().to_vec().into_iter().chain(lines)
    }

    /// All octets at once, for tests and small messages.
    pub fn to_octets(&self) -> Octets {
        self.chunks().map(Octets::from).collect()
    }
}

impl fmt::Debug for OuterMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets]", self.len())
    }
}

fn outer_header(inner: &Header, fields: &OuterFields) -> Header {
    let mut outer = Header::default();
    for field in inner.fields().filter(|field| is_copied(field.name())) {
        outer.push_field(field);
    }
    outer.push_known("Subject", SUBJECT_OUTER);
    outer.push_known(VERSION_FIELD, &fields.version.to_string());
    let mut known = |name, value: Option<String>| {
        if let Some(value) = value {
            outer.push_known(name, &printable(&value));
        }
    };
    known("Expires", fields.expires.map(rfc5322_date));
    known("X-KIM-CMVersion", Some(fields.cm_version.clone()));
    known("X-KIM-PTVersion", Some(fields.pt_version.clone()));
    known("X-KIM-KONVersion", fields.kon_version.clone());
    known("X-KIM-KAS-Size", fields.kas_size.map(|size| size.to_string()));
    known("X-KIM-KAS-EncSize", fields.kas_enc_size.map(|size| size.to_string()));
    outer.push_known("MIME-Version", "1.0");
    outer.push_known(
        "Content-Type",
        "application/pkcs7-mime; smime-type=authenticated-enveloped-data; name=smime.p7m",
    );
    outer.push_known("Content-Transfer-Encoding", "base64");
    outer.push_known("Content-Disposition", "attachment; filename=smime.p7m");
    outer
}

/// Spec: gemSMIME_KOMLE 1.7.0, KOM-LE-A_2098-03, KOM-LE-A_2101-01.
fn is_copied(name: &str) -> bool {
    let kim = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-KIM-"));
    COPIED.iter().any(|copied| copied.eq_ignore_ascii_case(name))
        || (kim && !is_reserved(name) && !name.eq_ignore_ascii_case(NOT_COPIED))
}

/// Whether a text may stand in X-KIM-CMVersion: one to five letters, digits or `_` for the vendor, `_`, and a version.
///
/// ```
/// assert!(kim_smime::is_cm_version("VEND_1.2.3") && kim_smime::is_cm_version("A_1_10.0.12-255"));
/// assert!(!kim_smime::is_cm_version("1.2.3") && !kim_smime::is_cm_version("VENDOR_1.2.3"));
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01.
pub fn is_cm_version(text: &str) -> bool {
    let of_vendor = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    text.rsplit_once('_').is_some_and(|(vendor, version)| {
        (1..=5).contains(&vendor.len()) && vendor.bytes().all(of_vendor) && is_pt_version(version)
    })
}

/// Whether a text may stand in X-KIM-PTVersion: three numbers of one or two digits, and a fourth up to 255 behind a `-`.
///
/// ```
/// assert!(kim_smime::is_pt_version("1.5.5") && kim_smime::is_pt_version("1.16.0-3"));
/// assert!(!kim_smime::is_pt_version("1.5") && !kim_smime::is_pt_version("1.5.5-256"));
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01.
pub fn is_pt_version(text: &str) -> bool {
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit())
    };
    let (numbers, build) =
        text.split_once('-').map_or((text, None), |(numbers, build)| (numbers, Some(build)));
    numbers.split('.').count() == 3
        && numbers.split('.').all(|part| digits(part, 2))
        && build.is_none_or(|build| digits(build, 3) && build.parse::<u8>().is_ok())
}

fn printable(value: &str) -> String {
    value.chars().take(MAX_VALUE).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388-01
    #[test]
    fn versions_of_the_product_have_a_pattern() {
        for text in ["1.5.5", "01.16.99", "1.0.0-0", "1.0.0-007", "1.0.0-199", "1.0.0-249", "1.0.0-255"] {
            assert!(is_pt_version(text), "{text}");
            for vendor in ["A", "VEND5", "a_b_c", "_", "1.2.3"] {
                assert_eq!(is_cm_version(&format!("{vendor}_{text}")), vendor != "1.2.3", "{vendor} {text}");
            }
        }
        for text in [
            "",
            "1",
            "1.5",
            "1.5.5.5",
            "1..5",
            "1.5.",
            "100.5.5",
            "1.5.5-",
            "1.5.5-256",
            "1.5.5-1000",
            "1.5.5-0001",
            "1.5.5-+1",
            "1.5.5-1-1",
            "1.5.5+",
            "v1.5.5",
            "1.5.5 ",
            "1.5.\u{661}",
        ] {
            assert!(!is_pt_version(text) && !is_cm_version(&format!("VEND_{text}")), "{text:?}");
        }
        for text in
            ["1.5.5", "_1.5.5", "VENDOR_1.5.5", "V-D_1.5.5", "V D_1.5.5", "\u{e4}_1.5.5", "VEND-1.5.5"]
        {
            assert!(!is_cm_version(text), "{text:?}");
        }
    }
}
