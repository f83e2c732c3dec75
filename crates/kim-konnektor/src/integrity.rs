//! [`Verification`] and [`Integrity`]: what the Konnektor says about a signature, and what KIM makes of it.

use crate::{Class, Fault};

/// What the Konnektor says about a signature.
///
/// Spec: gemSpec_Kon 5.18.0, TAB_KON_754
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The overall result.
    pub result: HighLevelResult,
    /// Codes of a warning or a fault.
    pub codes: Vec<u32>,
    /// The detailed results of a verification report, if there is one: the ends of the URIs, as in
    /// `IncorrectSignature`.
    pub details: Vec<String>,
}

/// The overall result of a signature check.
///
/// Spec: gemSpec_Kon 5.18.0, TAB_KON_754
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HighLevelResult {
    /// Valid.
    Valid,
    /// What could be checked was right; something could not be checked.
    Inconclusive,
    /// Not valid, or the check failed.
    Invalid,
}

/// The result of the integrity check as KIM reports it.
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050 and A_23165 (Tab_Verm_Sig_Prüf)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Integrity {
    /// The signature is valid: id 01.
    Valid,
    /// The signature is right, the status of the certificate could not be checked: id 07.
    StatusUnknown,
    /// The signature is not valid or could not be checked: id 02 to 06.
    Broken(u8),
}

impl Integrity {
    /// The id in X-KIM-IntegrityCheckResult, to be written with two digits.
    pub fn id(self) -> u8 {
        match self {
            Self::Valid => 1,
            Self::StatusUnknown => 7,
            Self::Broken(id) => id,
        }
    }
}

impl Verification {
    /// The result a fault of VerifyDocument stands for, if it is about the document.
    ///
    /// Faults about the signature, the data or of unknown meaning are; those about configuration, card or the
    /// Konnektor's own state say nothing about the mail.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050 and A_23165 (Tab_Verm_Sig_Prüf)
    pub fn from_fault(fault: &Fault) -> Option<Self> {
        let about_document = fault.codes().any(|code| id_of(code).is_some())
            || matches!(fault.class(), Class::Data | Class::Unknown);
        about_document.then(|| Self {
            result: HighLevelResult::Invalid,
            codes: fault.codes().collect(),
            details: Vec::new(),
        })
    }

    /// What KIM makes of it.
    ///
    /// A code or detail that says "broken" wins over any overall result; a valid result with an unexplained
    /// warning counts as status unknown.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050 and A_23165 (Tab_Verm_Sig_Prüf)
    pub fn integrity(&self) -> Integrity {
        let codes = self.codes.iter().filter_map(|code| id_of(*code));
        let details = self.details.iter().filter_map(|detail| id_of_detail(detail));
        if let Some(id) = codes.chain(details).min() {
            return Integrity::Broken(id);
        }
        // The Konnektor could not embed revocation data, which nobody asked for.
        let harmless = |code: &u32| *code == 4261;
        match self.result {
            HighLevelResult::Valid if self.codes.iter().all(harmless) => Integrity::Valid,
            HighLevelResult::Valid | HighLevelResult::Inconclusive => Integrity::StatusUnknown,
            HighLevelResult::Invalid => Integrity::Broken(6),
        }
    }
}

/// The id of a code that says what is wrong with the signature.
fn id_of(code: u32) -> Option<u8> {
    match code {
        4115 => Some(2),
        4253 => Some(3),
        4112 => Some(4),
        4206 => Some(5),
        4262 => Some(6),
        _ => None,
    }
}

/// The id of a detailed result that says what is wrong with the signature.
fn id_of_detail(detail: &str) -> Option<u8> {
    match detail {
        "IncorrectSignature" => Some(2),
        "CertificateChainNotComplete" => Some(5),
        "InvalidSignatureTimestamp" | "RequesterError" | "ResponderError" => Some(6),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integrity(result: HighLevelResult, codes: &[u32], details: &[&str]) -> Integrity {
        let details = details.iter().map(|detail| (*detail).to_owned()).collect();
        Verification { result, codes: codes.to_vec(), details }.integrity()
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2050
    #[test]
    fn only_valid_without_warning_is_01() {
        use HighLevelResult::{Inconclusive, Invalid, Valid};
        assert_eq!(integrity(Valid, &[], &[]).id(), 1);
        assert_eq!(integrity(Valid, &[4261], &[]).id(), 1);
        assert_eq!(integrity(Valid, &[4264], &[]).id(), 7);
        assert_eq!(integrity(Valid, &[9999], &[]).id(), 7);
        assert_eq!(integrity(Inconclusive, &[], &["OcspNotAvailiable"]).id(), 7);
        assert_eq!(integrity(Inconclusive, &[4264], &[]).id(), 7);
        assert_eq!(integrity(Invalid, &[4264], &[]).id(), 6);
        assert_eq!(integrity(Valid, &[4115], &[]).id(), 2);
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23165
    #[test]
    fn every_broken_signature_has_its_id() {
        use HighLevelResult::Invalid;
        for (code, id) in [(4115, 2), (4253, 3), (4112, 4), (4206, 5), (4262, 6), (4711, 6)] {
            assert_eq!(integrity(Invalid, &[10_001, code], &[]), Integrity::Broken(id), "{code}");
        }
        assert_eq!(integrity(Invalid, &[], &[]), Integrity::Broken(6));
        assert_eq!(integrity(Invalid, &[], &["IncorrectSignature"]), Integrity::Broken(2));
        assert_eq!(integrity(Invalid, &[], &["CertificateChainNotComplete"]), Integrity::Broken(5));
        assert_eq!(integrity(Invalid, &[], &["RequesterError"]), Integrity::Broken(6));
    }
}
