//! A mail around content that somebody else keeps: [`MailFrame`].

use kim_types::Octets;

/// What stands before and after content that is not at hand: a message or a body too large for memory.
///
/// Spec: none — how content of up to 500 MiB is shown without being copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailFrame {
    /// What comes first.
    pub head: Octets,
    /// Whether the content follows; not if a text takes its place.
    pub content: bool,
    /// What comes last.
    pub tail: Octets,
}

impl MailFrame {
    /// The mail with its content.
    pub fn around(self, content: Octets) -> Octets {
        let content = if self.content { content } else { Octets::new() };
        [self.head, content, self.tail].into_iter().collect()
    }
}
