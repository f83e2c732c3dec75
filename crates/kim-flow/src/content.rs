//! Mail content of any size: [`Content`] goes into a flow, a [`Recipe`] comes out.

use std::ops::Range;

use kim_smime::Measure;
use kim_types::Octets;

/// A mail or message as the driver has it.
///
/// Spec: none — how content of up to 500 MiB passes through a flow that holds a few KiB of it.
#[derive(Debug, Clone)]
pub enum Content {
    /// All of it, in memory: what a Konnektor can take must be.
    Whole(Octets),
    /// The driver keeps it, in a file for example, and goes on keeping it until the flow has ended.
    Kept(Kept),
}

/// Content that the driver keeps.
///
/// Spec: none — see [`Content`].
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its first octets: the header and the empty line after it, at least.
    pub head: Octets,
    /// What was measured of all of it while it came in.
    pub measure: Measure,
}

impl From<Octets> for Content {
    fn from(octets: Octets) -> Self {
        Self::Whole(octets)
    }
}

/// Octets to be sent or shown: `head`, then a range of the content the driver keeps, then `tail`.
///
/// Spec: none — see [`Content`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipe {
    /// What comes first.
    pub head: Octets,
    /// What comes then: these octets of the kept content, which is what the flow was started with or what was downloaded for
    /// it. Empty if nothing is kept.
    pub kept: Range<u64>,
    /// What comes last.
    pub tail: Octets,
}

impl Recipe {
    /// The number of octets.
    pub fn len(&self) -> u64 {
        let kept = self.kept.end.saturating_sub(self.kept.start);
        kept.saturating_add(self.head.len() as u64).saturating_add(self.tail.len() as u64)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All octets, if none of them is kept by the driver.
    pub fn whole(self) -> Option<Octets> {
        self.kept.is_empty().then(|| [self.head, self.tail].into_iter().collect())
    }
}

impl From<Octets> for Recipe {
    fn from(head: Octets) -> Self {
        Self { head, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_whole_only_without_kept_content() {
        let recipe = Recipe { head: "ab".into(), kept: 0..0, tail: "c".into() };
        assert_eq!((recipe.len(), recipe.whole()), (3, Some("abc".into())));
        let recipe = Recipe { head: "ab".into(), kept: 5..9, tail: "c".into() };
        assert_eq!((recipe.len(), recipe.whole()), (7, None));
    }
}
