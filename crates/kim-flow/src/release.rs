//! What differs between releases of KIM: [`Release`].

/// The release of KIM whose rules count where they differ from those of others.
///
/// | rule | 1.5.2 | 1.5.3, 1.5.4, 1.5.5 |
/// |---|---|---|
/// | an opened mail says in its text that it was decrypted and verified | yes | no, in its header only |
///
/// What the module calls itself to others is [`Rules::product_type_version`](crate::Rules::product_type_version).
///
/// Spec: api-kim, ReleaseNotes 1.5.3; gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-02, KOM-LE-A_2050-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Release {
    /// KIM 1.5.2 with its hotfixes.
    V1_5_2,
    /// KIM 1.5.3 with its hotfixes.
    V1_5_3,
    /// KIM 1.5.4.
    V1_5_4,
    /// KIM 1.5.5.
    #[default]
    V1_5_5,
}

/// One row for each release.
pub(crate) struct Differences {
    /// Whether an opened mail says in its text that it was decrypted and verified. Mail data of a large mail, which the driver
    /// keeps, never does.
    pub(crate) notes_in_text: bool,
}

impl Release {
    pub(crate) fn differences(self) -> &'static Differences {
        match self {
            Self::V1_5_2 => &Differences { notes_in_text: true },
            Self::V1_5_3 | Self::V1_5_4 | Self::V1_5_5 => &Differences { notes_in_text: false },
        }
    }
}
