//! Why there is no room for a mail: [`SpoolError`].

use kim_flow::Advice;
use thiserror::Error;

/// Why content could not be kept or read again.
///
/// Spec: none — own rule: the mail is refused (451, or 552 if it is too large) or replaced by an error mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// The content is larger than allowed.
    #[error("the content has more than {limit} octets")]
    TooLarge {
        /// The greatest length allowed.
        limit: u64,
    },
    /// No temporary file can be created: look at the directory and its rights.
    #[error("no temporary file can be created ({0})")]
    Create(std::io::ErrorKind),
    /// The disk, or what the user may use of it, is full.
    #[error("there is no room for the temporary file")]
    Full,
    /// The file cannot be written.
    #[error("the temporary file cannot be written ({0})")]
    Write(std::io::ErrorKind),
    /// The file cannot be read again, or is shorter than what was written.
    #[error("the temporary file cannot be read ({0})")]
    Read(std::io::ErrorKind),
    /// The file is not what was written.
    #[error("the temporary file was changed")]
    Changed,
    /// The cryptographic library fails.
    #[error("the temporary file cannot be encrypted")]
    Encryption,
    /// The work was not finished: the runtime ends, or there was a panic.
    #[error("the work on the temporary file was interrupted")]
    Interrupted,
}

impl SpoolError {
    /// What can be done about it: for the log, under a code that stays.
    ///
    /// Spec: none — see [`Advice`].
    pub fn advice(&self) -> Advice {
        let (code, text) = match self {
            Self::TooLarge { .. } => (
                "spool-too-large",
                "Die Nachricht ist größer als jede zulässige KIM-Nachricht; bitte wenden Sie sich an den Absender.",
            ),
            Self::Full => (
                "spool-full",
                "Für große Nachrichten ist kein Platz mehr; bitte schaffen Sie Platz auf dem Datenträger von spool_dir.",
            ),
            Self::Create(_) | Self::Write(_) | Self::Read(_) | Self::Changed => (
                "spool-disk",
                "Große Nachrichten können nicht zwischengespeichert werden; bitte prüfen Sie den Ordner spool_dir, seine \
                 Rechte und seinen Datenträger.",
            ),
            Self::Encryption | Self::Interrupted => (
                "spool-interrupted",
                "Die Arbeit an der Nachricht wurde unterbrochen; bitte versuchen Sie es erneut.",
            ),
        };
        Advice { code, text }
    }
}
