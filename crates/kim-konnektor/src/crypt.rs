//! [`Crypt`]: which kind of keys an operation uses.

/// The kind of keys an operation uses.
///
/// Spec: gemSpec_Kon 5.18.0, TAB_KON_900
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crypt {
    /// RSA with 2048 bits.
    Rsa,
    /// Elliptic curves.
    Ecc,
    /// One of both: elliptic curves where the card has such keys, else RSA.
    RsaEcc,
}

impl Crypt {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ecc => "ECC",
            Self::RsaEcc => "RSA_ECC",
        }
    }
}
