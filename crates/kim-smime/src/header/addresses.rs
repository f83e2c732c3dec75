//! The addresses in a header.

use std::fmt;

use bytes::Bytes;
use mail_parser::{Address, HeaderValue, MessageParser};

use super::{Field, Header};

/// How far behind its beginning an encoded word has to end, in octets. RFC 2047 allows 75; the parser would look for the end
/// in the whole field, from every beginning anew.
const MAX_WORD: usize = 1024;

/// An address with the name shown for it.
///
/// `Debug` prints `[redacted]`.
///
/// Spec: RFC 5322 §3.4.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name, encoded words decoded.
    pub name: Option<String>,
    /// The address as it stands there: any text.
    pub address: String,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Header {
    /// The addresses in all fields of that name, in order, those of groups included.
    ///
    /// Spec: RFC 5322 §3.4; RFC 2047.
    pub fn addresses(&self, name: &str) -> Vec<Mailbox> {
        self.all(name).flat_map(|field| field.groups()).flat_map(|(_, mailboxes)| mailboxes).collect()
    }

    /// Removes the addresses that are not to be kept from all fields of that name.
    ///
    /// A field that loses nothing stays octet for octet. One that loses something is written anew with what it keeps, each
    /// address in the octets it had and groups without their names; one that loses everything is removed, and so is one
    /// whose broken syntax shows another address after all. What is no address cannot be checked and counts as one not to be
    /// kept.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174.
    pub fn retain_addresses(&mut self, name: &str, keep: impl Fn(&str) -> bool) {
        self.fields = std::mem::take(&mut self.fields)
            .into_iter()
            .filter_map(|raw| {
                let field = Field { raw: &raw };
                if !field.is(name) {
                    return Some(raw);
                }
                let value = field.value();
                let pieces: Vec<&[u8]> =
                    pieces(&value).into_iter().filter(|piece| !is_blank(piece)).collect();
                let kept: Vec<&[u8]> =
                    pieces.iter().copied().filter(|piece| all_kept(piece, &keep)).collect();
                let left: Bytes = match kept.len() {
                    len if len == pieces.len() => raw,
                    0 => return None,
                    _ => {
                        [field.name().as_bytes(), b": ", &kept.join(&b",\r\n "[..]), b"\r\n"].concat().into()
                    }
                };
                // Readers see the field, not its pieces: broken syntax can make other addresses of them.
                let seen = Field { raw: &left }.groups();
                let mut seen = seen.iter().flat_map(|(_, mailboxes)| mailboxes);
                seen.all(|mailbox| keep(&mailbox.address)).then_some(left)
            })
            .collect();
    }
}

impl Field<'_> {
    /// The addresses of the field: those of each group with its name.
    pub(crate) fn groups(&self) -> Vec<(Option<String>, Vec<Mailbox>)> {
        groups(&self.value())
    }
}

fn groups(value: &[u8]) -> Vec<(Option<String>, Vec<Mailbox>)> {
    // The parser reads fields, not values; which one does not matter as long as it has addresses.
    let mut field = [b"To: ", value, b"\r\n\r\n"].concat();
    without_endless_words(&mut field);
    let Some(message) = MessageParser::new().parse_headers(&field) else { return Vec::new() };
    let mut found: Vec<(_, Vec<Mailbox>)> = Vec::new();
    for header in message.headers() {
        let HeaderValue::Address(addresses) = header.value() else { continue };
        match addresses {
            Address::List(list) => found.push((None, list.iter().map(mailbox).collect())),
            Address::Group(groups) => found.extend(groups.iter().map(|group| {
                let name = group.name.as_ref().map(|name| name.to_string());
                (name, group.addresses.iter().map(mailbox).collect())
            })),
        }
    }
    found.retain(|(_, mailboxes)| !mailboxes.is_empty());
    found
}

/// Makes a text of every encoded word that does not end soon: the `?` at its beginning becomes a NUL, which no header has.
fn without_endless_words(field: &mut [u8]) {
    let mut end = field.len();
    for at in (0..field.len()).rev() {
        match field.get_mut(at..) {
            Some([b'?', b'=', ..]) => end = at,
            Some([b'=', mark @ b'?', ..]) if end.saturating_sub(at) > MAX_WORD => *mark = 0,
            _ => {}
        }
    }
}

fn mailbox(address: &mail_parser::Addr<'_>) -> Mailbox {
    match (address.name(), address.address()) {
        (name, Some(address)) => Mailbox { name: name.map(str::to_owned), address: address.to_owned() },
        // A word alone: it stands where an address should, and is compared and checked as one.
        (name, None) => Mailbox { name: None, address: name.unwrap_or_default().to_owned() },
    }
}

/// Whether a piece is nothing but addresses to keep.
fn all_kept(piece: &[u8], keep: impl Fn(&str) -> bool) -> bool {
    let found = groups(piece);
    let mut mailboxes = found.iter().flat_map(|(_, mailboxes)| mailboxes);
    !found.is_empty() && mailboxes.all(|mailbox| keep(&mailbox.address))
}

fn is_blank(piece: &[u8]) -> bool {
    piece.iter().all(u8::is_ascii_whitespace)
}

/// Divides an address list at the commas between addresses; the syntax of groups is left out.
///
/// Commas within quotes, comments and angle brackets do not divide.
fn pieces(value: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped, mut comments, mut angle) = (0usize, false, false, 0usize, false);
    for (at, octet) in value.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match octet {
            b'\\' if quoted || comments > 0 => escaped = true,
            b'"' if comments == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => comments = comments.saturating_add(1),
            b')' => comments = comments.saturating_sub(1),
            _ if comments > 0 => {}
            b'<' => angle = true,
            b'>' => angle = false,
            _ if angle => {}
            b',' | b';' | b':' => {
                if *octet != b':' {
                    pieces.push(value.get(start..at).unwrap_or_default().trim_ascii());
                }
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    pieces.push(value.get(start..).unwrap_or_default().trim_ascii());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderLimits;

    fn header(text: &'static str) -> Header {
        Header::split(&Bytes::from_static(text.as_bytes()), &HeaderLimits::default()).unwrap().0
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, A_23174
    #[test]
    fn keeps_what_is_to_be_kept_and_leaves_the_rest_untouched() {
        let table = [
            ("To: a@x.de\r\n", "To: a@x.de\r\n"),
            ("To:a@x.de ,A@X.DE\r\n", "To:a@x.de ,A@X.DE\r\n"),
            ("To: Anna\r\n <a@x.de>,\r\n\tB <b@x.de>\r\n", "To: Anna <a@x.de>\r\n"),
            ("To: b@x.de\r\n", ""),
            ("To: \"Doe, A\" <a@x.de>, c@x.de\r\n", "To: \"Doe, A\" <a@x.de>\r\n"),
            ("To: a@x.de (b@x.de, c)\r\n", "To: a@x.de (b@x.de, c)\r\n"),
            ("To: Team: a@x.de, b@x.de;, a@x.de\r\n", "To: a@x.de,\r\n a@x.de\r\n"),
            ("To: Team: b@x.de, c@x.de;\r\n", ""),
            ("To: undisclosed-recipients:;\r\n", "To: undisclosed-recipients:;\r\n"),
            ("To: \"a@x.de\" <b@x.de>\r\n", ""),
            ("To: a@x.de <b@x.de>\r\n", ""),
            ("To: a@x.de, nobody\r\n", "To: a@x.de\r\n"),
            (
                "To: =?utf-8?q?J=C3=B6rg=2C?= <a@x.de>,,b@x.de\r\n",
                "To: =?utf-8?q?J=C3=B6rg=2C?= <a@x.de>\r\n",
            ),
            ("To: \"open, a@x.de, b@x.de\r\n", ""),
            ("To:\r\n", "To:\r\n"),
            ("Cc: b@x.de\r\nto: b@x.de\r\nTo: a@x.de\r\n", "Cc: b@x.de\r\nTo: a@x.de\r\n"),
        ];
        for (before, after) in table {
            let mut header = header(before);
            header.retain_addresses("To", |address| address.eq_ignore_ascii_case("a@x.de"));
            assert_eq!(header.to_octets().to_bytes(), after, "{before}");
        }
    }

    /// The pieces of this field give addresses to keep, the whole of it another one. A fuzzer found it.
    #[test]
    fn a_field_that_reads_otherwise_than_its_pieces_is_removed() {
        let field = b"To: =?utfrom: \"Prax A\" <Praxis\x87\x87\x87\x87\x87\x87\x87\x87\x87\x87f-8?q?P\x0eaxis_B_=C3=A4?=\r\n \
            <Praxis.B@om: \"\x82Praxis A\" <Praxis.A@testbed.kim.telematik-test>\r\n";
        let (mut header, _) = Header::split(&Bytes::from_static(field), &HeaderLimits::default()).unwrap();
        let even = |address: &str| address.len().is_multiple_of(2);
        assert!(!header.addresses("To").iter().all(|mailbox| even(&mailbox.address)));
        header.retain_addresses("To", even);
        assert_eq!(header.to_octets().to_bytes(), "");
    }

    #[test]
    fn addresses_of_groups_and_encoded_names_are_read() {
        let header = header("To: Team: =?utf-8?q?J=C3=B6rg?= <a@x.de>, b@x.de;\r\nTo: \"C, c\" <c@x.de>\r\n");
        let found = header.addresses("to");
        let found: Vec<_> =
            found.iter().map(|found| (found.name.as_deref(), found.address.as_str())).collect();
        assert_eq!(found, [(Some("Jörg"), "a@x.de"), (None, "b@x.de"), (Some("C, c"), "c@x.de")]);
    }

    /// Each of them took minutes.
    #[test]
    fn words_without_end_are_text_however_many() {
        let mebibyte = |piece: &str| piece.repeat((1 << 20) / piece.len());
        for piece in ["=?ab?q? ", "=?ab?q?=3F ", "=?ab?b? ", "=?=ab?q? "] {
            let field = Bytes::from(format!("To: {}, a@x.de\r\n", mebibyte(piece)));
            let limits = HeaderLimits { octets: 2 << 20, ..HeaderLimits::default() };
            let (mut header, _) = Header::split(&field, &limits).unwrap();
            assert_eq!(header.addresses("To").last().unwrap().address, "a@x.de");
            header.retain_addresses("To", |address| address == "a@x.de");
            assert_eq!(header.to_octets().to_bytes(), "To: a@x.de\r\n", "{piece}");
        }
    }

    /// Each address had a copy of it, gigabytes in all.
    #[test]
    fn the_name_of_a_group_is_kept_once() {
        let field = format!("To: {}: {};\r\n", "g".repeat(400_000), "a@b, ".repeat(100_000));
        let (header, _) = Header::split(&field.into(), &HeaderLimits::default()).unwrap();
        assert_eq!(header.addresses("To").len(), 100_000);
        let [(name, mailboxes)] = header.first("To").unwrap().groups().try_into().unwrap();
        assert_eq!((name.unwrap().len(), mailboxes.len()), (400_000, 100_000));
    }

    #[test]
    fn a_long_word_that_ends_is_a_name_and_one_without_end_is_shown_as_it_is() {
        let long = format!("=?utf-8?q?{}?=", "J=C3=B6rg".repeat(100));
        let open = format!("=?utf-8?q?{}", "x".repeat(MAX_WORD));
        let table = [(&long, "Jörg".repeat(100)), (&open, open.replacen('?', "\0", 1))];
        for (written, name) in table {
            let field = format!("To: {written} <a@x.de>\r\n");
            let (header, _) = Header::split(&field.into(), &HeaderLimits::default()).unwrap();
            let [found] = header.addresses("To").try_into().unwrap();
            assert_eq!((found.name, found.address), (Some(name), "a@x.de".to_owned()));
        }
    }

    #[test]
    fn no_address_is_printed() {
        assert_eq!(format!("{:?}", header("To: a@x.de\r\n").addresses("To")), "[[redacted]]");
    }
}
