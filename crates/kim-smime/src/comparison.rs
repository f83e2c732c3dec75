//! Whether the outer header says what the signed one says.

use crate::header::{Field, Header, Mailbox};

/// The fields that are compared. Date, Subject and Bcc are not (deltas Q10).
const COMPARED: [&str; 5] = ["From", "Sender", "Reply-To", "To", "Cc"];

/// The fields that differ between the outer and the signed inner header; none if all agree.
///
/// A field agrees when its unfolded octets do, or when both are lists of the same addresses with the same names in the same
/// order: names after decoding, addresses without case, groups by name. Mail servers fold and encode anew; they do not
/// change what a user sees. A field that is there on one side only, or more often, differs.
///
/// ```
/// use kim_smime::{Header, HeaderLimits, header_differences};
///
/// let header = |text: &'static str| Header::split(&text.into(), &HeaderLimits::default()).map(|(header, _)| header);
/// let inner = header("From: =?utf-8?q?J=C3=B6rg?= <j@x.de>\r\n")?;
/// let refolded = header("From:\r\n =?UTF-8?B?SsO2cmc=?= <J@x.de>\r\n")?;
/// assert_eq!(header_differences(&refolded, &inner).count(), 0);
///
/// let forged = header("From: =?utf-8?q?J=C3=B6rg?= <j@y.de>\r\n")?;
/// assert_eq!(header_differences(&forged, &inner).collect::<Vec<_>>(), ["From"]);
/// # Ok::<(), kim_smime::HeaderError>(())
/// ```
///
/// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2048-01; gematik api-kim issue 47 (names count); deltas Q10.
pub fn header_differences<'a>(
    outer: &'a Header,
    inner: &'a Header,
) -> impl Iterator<Item = &'static str> + 'a {
    COMPARED.into_iter().filter(|name| !agree(outer, inner, name))
}

/// Whether both headers have the field equally often, and every time with the same value.
pub(crate) fn agree(outer: &Header, inner: &Header, name: &str) -> bool {
    outer.all(name).count() == inner.all(name).count()
        && outer.all(name).zip(inner.all(name)).all(|(outer, inner)| same(outer, inner))
}

fn same(outer: Field<'_>, inner: Field<'_>) -> bool {
    if outer.value() == inner.value() {
        return true;
    }
    let outer = shown(outer);
    !outer.is_empty() && outer == shown(inner)
}

/// What a reader sees of the field: the name of each group, and names and addresses in it.
fn shown(field: Field<'_>) -> Vec<(Option<String>, Vec<Mailbox>)> {
    let shown = |mailbox: Mailbox| Mailbox {
        name: mailbox.name.map(single_blanks),
        address: mailbox.address.to_ascii_lowercase(),
    };
    let groups = field.groups().into_iter();
    groups
        .map(|(name, mailboxes)| (name.map(single_blanks), mailboxes.into_iter().map(shown).collect()))
        .collect()
}

/// Folding may turn one blank into several.
fn single_blanks(name: String) -> String {
    name.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}
