//! [`Class`]: what the caller can do about an error, and the table from fault codes to it.

/// What the caller can do about an error.
///
/// Spec: gemSpec_Kon 5.18.0, fault tables of the operations; the classes are our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Nothing by program: the set-up of Konnektor or client does not fit, an administrator must act.
    Configuration,
    /// Try again later, once or with growing pauses.
    Transient,
    /// The PIN is not verified: GetPinStatus, VerifyPin, then retry exactly once.
    Pin,
    /// A person must act at the card or the terminal (blocked PIN, transport PIN, aborted entry); no automatic
    /// retry, because it would prompt again or burn tries.
    Person,
    /// A handle or subscription is stale: ask for it again (GetCards by ICCSN), then retry once.
    Refresh,
    /// A recipient's certificate is unusable: find out which, replace or drop it, retry without.
    Recipient,
    /// The data is at fault; retrying the same call cannot help.
    Data,
    /// A note on a success.
    Warning,
    /// No usable answer at all: network, TLS, HTTP, or something that is not a Konnektor.
    Unavailable,
    /// A code this crate does not know.
    Unknown,
}

impl Class {
    /// The class of a code from a Konnektor's trace.
    ///
    /// Spec: gemSpec_Kon 5.18.0, fault tables of the operations.
    pub fn of(code: u32) -> Self {
        match code {
            // 4000 says that our request does not fit the service version, whatever the document was.
            4000 | 4003..=4007 | 4009..=4015 | 4019..=4021 => Self::Configuration,
            4053 | 4058 | 4072 | 4078 | 4090 | 4092 | 4126 | 4204 | 4209 | 4221 | 4222 => Self::Configuration,
            4001 | 4002 | 4039 | 4060 | 4093 | 4094 | 4120 | 4123 | 4179 | 4180 | 4252 => Self::Transient,
            4085 => Self::Pin,
            4018 | 4043 | 4049 | 4063 | 4065 => Self::Person,
            4008 | 4101 | 4102 | 4146 => Self::Refresh,
            4105 | 4259 | 4260 | 4282 => Self::Recipient,
            4024 | 4069 | 4106 | 4107 | 4110..=4112 | 4115 | 4147 | 4149 => Self::Data,
            4200 | 4201 | 4206 | 4253 | 4258 | 4262 | 4279..=4281 | 4283 => Self::Data,
            4256 | 4257 | 4261 | 4264 | 4273 => Self::Warning,
            _ => Self::Unknown,
        }
    }
}
