//! What the module changes in the header of a client's mail before it is signed.

use std::time::SystemTime;

use kim_types::Address;

use crate::date::rfc5322_date;
use crate::header::{Header, HeaderError};

/// The names of fields that only a Clientmodul writes, except those that begin with [`RESERVED_PREFIX`].
const RESERVED: [&str; 9] = [
    "X-KIM-CMVersion",
    "X-KIM-PTVersion",
    "X-KIM-KONVersion",
    DECRYPTION_RESULT,
    INTEGRITY_RESULT,
    ERROR_CODE,
    "X-KOM-LE-Version",
    "Expires",
    "Return-Path",
];
const RESERVED_PREFIX: &str = "X-KIM-KAS-";

pub(crate) const DECRYPTION_RESULT: &str = "X-KIM-DecryptionResult";
pub(crate) const INTEGRITY_RESULT: &str = "X-KIM-IntegrityCheckResult";
pub(crate) const ERROR_CODE: &str = "X-KIM-Fehlermeldung";

/// The service of a mail whose client names none.
const DEFAULT_SERVICE: &str = "KIM-Mail;Default;V1.0";

impl Header {
    /// Removes the fields that only a Clientmodul, a mail server or a reader may write.
    ///
    /// These are X-KIM-CMVersion, X-KIM-PTVersion, X-KIM-KONVersion, X-KIM-KAS-*, X-KIM-DecryptionResult,
    /// X-KIM-IntegrityCheckResult, X-KIM-Fehlermeldung, X-KOM-LE-Version, Expires and Return-Path: a client that sends one
    /// would have the recipient believe that his own module said so.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388, A_22417, A_23467, KOM-LE-A_2179-02, A_23165; deltas Q26.
    pub fn remove_reserved(&mut self) {
        self.remove_where(is_reserved);
    }

    /// Removes the results of decryption and integrity check that a sender put in.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, A_23165 (the results are those of the receiving module).
    pub fn remove_results(&mut self) {
        [DECRYPTION_RESULT, INTEGRITY_RESULT, ERROR_CODE].into_iter().for_each(|name| self.remove(name));
    }

    /// Adds what every KIM mail has and a client may have left out: X-KIM-Dienstkennung, Message-ID and Date.
    ///
    /// A Message-ID is made of `unique`, used for nothing else, and of the domain of the account; it tells nothing about
    /// the computer.
    ///
    /// # Errors
    /// [`HeaderError`] as [`Header::push`].
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488; gemSMIME_KOMLE 1.7.0, KOM-LE-A_2101-01.
    pub fn complete(
        &mut self,
        account: &Address,
        unique: [u8; 16],
        now: SystemTime,
    ) -> Result<(), HeaderError> {
        let mut add =
            |name: &str, value: String| match self.first(name).is_some_and(|field| !field.value().is_empty())
            {
                true => Ok(()),
                false => self.replace(name, &value),
            };
        add("X-KIM-Dienstkennung", DEFAULT_SERVICE.to_owned())?;
        add("Message-ID", message_id(unique, account))?;
        add("Date", rfc5322_date(now))
    }
}

/// Whether only a Clientmodul may write a field of that name.
pub(crate) fn is_reserved(name: &str) -> bool {
    let prefix = name.get(..RESERVED_PREFIX.len());
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
        || prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(RESERVED_PREFIX))
}

/// A Message-ID from octets that are used once.
pub(crate) fn message_id(unique: [u8; 16], account: &Address) -> String {
    format!("<{}@{}>", hex(unique), account.domain())
}

/// Octets as 32 digits.
pub(crate) fn hex(unique: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(unique))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::header::HeaderLimits;

    fn header(text: &'static str) -> Header {
        Header::split(&Bytes::from_static(text.as_bytes()), &HeaderLimits::default()).unwrap().0
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_19488
    #[test]
    fn only_what_is_missing_is_added() {
        let account: Address = "praxis@elefant.kim.telematik".parse().unwrap();
        let mut bare = header("Subject: x\r\ndate:\r\n");
        bare.complete(&account, [0xab; 16], SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(
            bare.to_octets().to_bytes(),
            "Subject: x\r\nDate: Thu, 01 Jan 1970 00:00:00 +0000\r\nX-KIM-Dienstkennung: KIM-Mail;Default;V1.0\r\n\
             Message-ID: <abababababababababababababababab@elefant.kim.telematik>\r\n"
        );
        let text = "x-kim-dienstkennung: eAU;X;1\r\nMESSAGE-ID: <1>\r\nDate: yesterday\r\n";
        let mut full = header(text);
        full.complete(&account, [0; 16], SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(full.to_octets().to_bytes(), text);
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_21388, A_23467, KOM-LE-A_2179-02, A_23165
    #[test]
    fn reserved_fields_are_removed_and_those_of_the_client_stay() {
        let mut header = header(
            "X-KIM-CMVersion: 1\r\nx-kim-ptversion: 1\r\nX-KIM-KONVersion: 1\r\nX-KIM-KAS-Size: 1\r\nX-Kim-Kas-New: 1\r\n\
             X-KIM-DecryptionResult: 00\r\nX-KIM-IntegrityCheckResult: 01\r\nX-KIM-Fehlermeldung: 4001\r\n\
             X-KOM-LE-Version: 1.0\r\nExpires: now\r\nReturn-Path: <>\r\nX-KIM-Sendersystem: PVS\r\nX-KIM-KAS: 1\r\n",
        );
        header.remove_reserved();
        assert_eq!(header.to_octets().to_bytes(), "X-KIM-Sendersystem: PVS\r\nX-KIM-KAS: 1\r\n");
    }
}
