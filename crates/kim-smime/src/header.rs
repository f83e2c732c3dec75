//! The header of a mail as fields of raw octets.

mod addresses;
mod canonical;
mod fold;

use std::fmt;

use bytes::Bytes;
use kim_types::Octets;
use thiserror::Error;

pub use addresses::Mailbox;

/// How much header is read.
///
/// Spec: none — bounds the work for hostile input; RFC 5322 knows no limit on the number of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLimits {
    /// The greatest length of the header in octets, without the blank line; default 1 MiB.
    pub octets: usize,
    /// The greatest number of fields; default 10,000.
    pub fields: usize,
}

impl Default for HeaderLimits {
    fn default() -> Self {
        Self { octets: 1024 * 1024, fields: 10_000 }
    }
}

/// Why there is no header, or not the field that was wanted.
///
/// Spec: none — the errors of reading and writing a header.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Longer than [`HeaderLimits::octets`].
    #[error("the header is longer than {max} octets")]
    TooLong {
        /// The greatest length in octets.
        max: usize,
    },
    /// More fields than [`HeaderLimits::fields`].
    #[error("the header has more than {max} fields")]
    TooManyFields {
        /// The greatest number.
        max: usize,
    },
    /// A NUL, which some programs take for the end of the text and others do not.
    #[error("the header has a NUL at octet {at}")]
    Nul {
        /// The offset of the NUL in octets.
        at: usize,
    },
    /// The name of a field to be written is empty or has a character that names do not have.
    #[error("a field cannot have that name")]
    Name,
    /// The value of a field to be written has a character that would end the field or is no printable ASCII.
    #[error("the value of a field has a forbidden character at octet {at}")]
    Value {
        /// The offset of the character in octets.
        at: usize,
    },
    /// The value of a field to be written has a word that fits in no line.
    #[error("the value of a field cannot be folded into lines of {max} octets")]
    Word {
        /// The greatest length of a line in octets.
        max: usize,
    },
}

/// The header of a mail: its fields in order, each as the octets that were received.
///
/// Cheap to clone: the octets are shared. What is not changed comes out octet for octet. `Debug` prints the number of
/// fields only.
///
/// Read tolerantly, because whatever a peer sends must become something a user can see: LF ends a line with or without
/// CR before it, and a line that is no field stays where it is, as a field without a name.
///
/// ```
/// use bytes::Bytes;
/// use kim_smime::{Header, HeaderLimits};
///
/// let mail = Bytes::from("Subject: Befund\r\nTo: a@x.de,\r\n b@x.de\r\n\r\nText");
/// let (mut header, body) = Header::split(&mail, &HeaderLimits::default())?;
/// assert_eq!(body, "Text");
/// assert_eq!(header.first("to").map(|field| field.text()), Some("a@x.de, b@x.de".to_owned()));
///
/// header.remove("Subject");
/// header.push("X-KIM-DecryptionResult", "00")?;
/// assert_eq!(header.to_octets().to_bytes(), "To: a@x.de,\r\n b@x.de\r\nX-KIM-DecryptionResult: 00\r\n");
/// # Ok::<(), kim_smime::HeaderError>(())
/// ```
///
/// Spec: RFC 5322 §2.2, §3.5.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Never empty ones, and all end in LF.
    fields: Vec<Bytes>,
}

/// One field of a [`Header`].
///
/// `Debug` prints the name only.
///
/// Spec: RFC 5322 §2.2.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    raw: &'a Bytes,
}

impl Header {
    /// Divides a mail into header and body, without copying.
    ///
    /// The body is what follows the blank line. Without a blank line everything is header, and a line end that is missing
    /// is added.
    ///
    /// # Errors
    /// [`HeaderError::TooLong`], [`HeaderError::TooManyFields`] and [`HeaderError::Nul`].
    ///
    /// Spec: RFC 5322 §2.1.
    pub fn split(mail: &Bytes, limits: &HeaderLimits) -> Result<(Self, Bytes), HeaderError> {
        let mut fields = Vec::new();
        let mut rest = mail.clone();
        loop {
            let (field, end) = next_field(&mut rest, limits.octets.saturating_add(2));
            let read = mail.len().saturating_sub(rest.len());
            if read.saturating_sub(end.len()) > limits.octets {
                return Err(HeaderError::TooLong { max: limits.octets });
            }
            if let Some(at) = field.iter().position(|octet| *octet == 0) {
                let before = read.saturating_sub(end.len()).saturating_sub(field.len());
                return Err(HeaderError::Nul { at: before.saturating_add(at) });
            }
            if !field.is_empty() {
                fields.push(with_line_end(field));
            }
            if fields.len() > limits.fields {
                return Err(HeaderError::TooManyFields { max: limits.fields });
            }
            if !end.is_empty() || rest.is_empty() {
                return Ok((Self { fields }, rest));
            }
        }
    }

    /// A copy that shares nothing, so that whoever keeps the header does not keep the mail it was in.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { fields: self.fields.iter().map(|raw| Bytes::copy_from_slice(raw)).collect() }
    }

    /// The fields in order.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field<'_>> {
        self.fields.iter().map(|raw| Field { raw })
    }

    /// The fields of that name, compared without case, in order.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = Field<'_>> {
        self.fields().filter(move |field| field.is(name))
    }

    /// The first field of that name, compared without case.
    pub fn first(&self, name: &str) -> Option<Field<'_>> {
        self.all(name).next()
    }

    /// The field of that name if there is exactly one.
    ///
    /// Programs differ in which of several fields they believe.
    pub fn only(&self, name: &str) -> Option<Field<'_>> {
        let mut all = self.all(name);
        all.next().filter(|_| all.next().is_none())
    }

    /// Removes the fields of that name, compared without case.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|raw| !Field { raw }.is(name));
    }

    /// Removes the fields whose name the function says.
    pub fn remove_where(&mut self, remove: impl Fn(&str) -> bool) {
        self.fields.retain(|raw| !remove(Field { raw }.name()));
    }

    /// Appends a field, folded at blanks into lines of at most 78 octets where there are blanks to fold at.
    ///
    /// # Errors
    /// [`HeaderError::Name`], [`HeaderError::Value`] and [`HeaderError::Word`]: nothing but printable ASCII is written, so
    /// that no value can become a second field.
    ///
    /// Spec: RFC 5322 §2.1.1, §2.2.3.
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        self.fields.push(fold::field(name, value)?);
        Ok(())
    }

    /// Puts a field in the place of the first of its name, and removes the others; appends it if there is none.
    ///
    /// # Errors
    /// As [`Header::push`]; the header is unchanged then.
    pub fn replace(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        let field = fold::field(name, value)?;
        let place = self.fields().position(|field| field.is(name));
        self.remove(name);
        self.fields.insert(place.unwrap_or(self.fields.len()).min(self.fields.len()), field);
        Ok(())
    }

    /// The header without the blank line, sharing the octets of its fields.
    pub fn to_octets(&self) -> Octets {
        self.fields.iter().cloned().map(Octets::from).collect()
    }

    /// A whole mail: this header, a blank line, that body.
    pub fn with_body(&self, body: Octets) -> Octets {
        [self.to_octets(), "\r\n".into(), body].into_iter().collect()
    }

    /// Puts other octets in the place of each field; they are a field too.
    pub(crate) fn map_raw(&mut self, change: impl Fn(&Bytes) -> Bytes) {
        self.fields.iter_mut().for_each(|raw| *raw = change(raw));
    }

    /// Appends a field that is one already, octet for octet.
    pub(crate) fn push_raw(&mut self, field: Bytes) {
        self.fields.push(field);
    }

    /// Appends a field, or leaves it out if [`Header::push`] refuses it.
    ///
    /// For values that come from this crate or were made printable before.
    pub(crate) fn push_known(&mut self, name: &str, value: &str) {
        let pushed = self.push(name, value);
        debug_assert!(pushed.is_ok(), "own fields are well-formed");
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} fields]", self.fields.len())
    }
}

impl<'a> Field<'a> {
    /// The name as it was received; empty if the line is no field.
    pub fn name(&self) -> &'a str {
        let name = self.raw.iter().position(|octet| *octet == b':').and_then(|colon| self.raw.get(..colon));
        let name = name.unwrap_or_default().trim_ascii_end();
        match std::str::from_utf8(name) {
            Ok(name) if name.bytes().all(|octet| octet.is_ascii_graphic()) => name,
            _ => "",
        }
    }

    /// Whether it has that name, compared without case.
    pub fn is(&self, name: &str) -> bool {
        !name.is_empty() && self.name().eq_ignore_ascii_case(name)
    }

    /// The field as it was received, with its line ends.
    pub fn raw(&self) -> &'a Bytes {
        self.raw
    }

    /// The octets after the colon, with their line ends; all octets if the line is no field.
    pub(crate) fn raw_value(&self) -> &'a [u8] {
        let start = if self.name().is_empty() {
            None
        } else {
            self.raw.iter().position(|octet| *octet == b':').map(|colon| colon.saturating_add(1))
        };
        self.raw.get(start.unwrap_or_default()..).unwrap_or_default()
    }

    /// The value unfolded: without line ends, and without blanks at its ends. All other octets are there.
    ///
    /// Spec: RFC 5322 §2.2.3.
    pub fn value(&self) -> Vec<u8> {
        let lines = self.raw_value().split(|octet| *octet == b'\n');
        let unfolded: Vec<u8> =
            lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect::<Vec<_>>().concat();
        unfolded.trim_ascii().to_vec()
    }

    /// The value unfolded, as text; octets that are no UTF-8 are shown as U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.value()).into_owned()
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Takes the next field off, and the blank line if it follows; stops searching after that many octets.
fn next_field(rest: &mut Bytes, max: usize) -> (Bytes, Bytes) {
    let mut len = 0usize;
    loop {
        let following = rest.get(len..).unwrap_or_default();
        let end = blank_line(following);
        let continued = len == 0 || matches!(following.first(), Some(b' ' | b'\t'));
        if end > 0 || !continued || following.is_empty() || len > max {
            let field = rest.split_to(len.min(rest.len()));
            return (field, rest.split_to(end.min(rest.len())));
        }
        let line = following.iter().position(|octet| *octet == b'\n');
        len = len.saturating_add(line.map_or(following.len(), |line| line.saturating_add(1)));
    }
}

fn blank_line(octets: &[u8]) -> usize {
    match octets {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => 0,
    }
}

fn with_line_end(field: Bytes) -> Bytes {
    match field.as_ref() {
        [.., b'\n'] => field,
        [text @ .., b'\r'] => [text, b"\r\n"].concat().into(),
        text => [text, b"\r\n"].concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &'static str) -> Header {
        Header::split(&Bytes::from_static(text.as_bytes()), &HeaderLimits::default()).unwrap().0
    }

    fn split(mail: &'static [u8]) -> (Vec<Vec<u8>>, Bytes) {
        let (header, body) = Header::split(&Bytes::from_static(mail), &HeaderLimits::default()).unwrap();
        (header.fields().map(|field| field.raw().to_vec()).collect(), body)
    }

    #[test]
    fn splits_at_the_blank_line_whatever_ends_lines() {
        let two = vec![b"A: 1\r\n".to_vec(), b"B: 2\r\n x\r\n".to_vec()];
        assert_eq!(split(b"A: 1\r\nB: 2\r\n x\r\n\r\nbody"), (two, "body".into()));
        let two = vec![b"A: 1\n".to_vec(), b"B: 2\n".to_vec()];
        assert_eq!(split(b"A: 1\nB: 2\n\nbody"), (two, "body".into()));
        assert_eq!(split(b"\r\nbody"), (vec![], "body".into()));
        assert_eq!(split(b""), (vec![], "".into()));
        assert_eq!(split(b"A: 1"), (vec![b"A: 1\r\n".to_vec()], "".into()));
        assert_eq!(split(b"A: 1\r"), (vec![b"A: 1\r\n".to_vec()], "".into()));
        assert_eq!(split(b" A: 1\r\n"), (vec![b" A: 1\r\n".to_vec()], "".into()));
        assert_eq!(
            split(b"A: 1\r\n \r\nB: 2\r\n\r\n").0.len(),
            2,
            "a line of blanks does not end the header"
        );
    }

    #[test]
    fn limits_and_nul_are_errors_with_the_place() {
        let limits = HeaderLimits { octets: 12, fields: 2 };
        let split =
            |mail: &'static str| Header::split(&Bytes::from_static(mail.as_bytes()), &limits).map(|_| ());
        assert_eq!(split("A: 1\r\nB: 2\r\n\r\na long body"), Ok(()));
        assert_eq!(split("A: 1\r\nB: 23\r\n\r\n"), Err(HeaderError::TooLong { max: 12 }));
        assert_eq!(split("A: 1234567890123456"), Err(HeaderError::TooLong { max: 12 }));
        assert_eq!(split("A:\nB:\nC:\n"), Err(HeaderError::TooManyFields { max: 2 }));
        assert_eq!(split("A: 1\r\nB: \0\r\n"), Err(HeaderError::Nul { at: 9 }));
        assert_eq!(split("A: 1\r\n\r\n\0"), Ok(()), "the body may have anything");
    }

    #[test]
    fn names_are_compared_without_case_and_garbage_has_none() {
        let header = header("Subject : x\r\nsubject: y\r\ngarbage\r\nno name: z\r\n: w\r\n");
        assert_eq!(header.all("SUBJECT").map(|field| field.text()).collect::<Vec<_>>(), ["x", "y"]);
        assert!(header.only("Subject").is_none());
        assert_eq!(
            header.fields().map(|field| field.name()).collect::<Vec<_>>(),
            ["Subject", "subject", "", "", ""]
        );
        assert!(header.first("").is_none());
    }

    #[test]
    fn unfolding_removes_line_ends_and_nothing_else() {
        assert_eq!(header("A: x\r\n\ty \r\n  zä \r\n").first("A").unwrap().text(), "x\ty   zä");
        assert_eq!(header("A:\r\n").first("A").unwrap().value(), b"");
    }

    #[test]
    fn replacing_keeps_the_place() {
        let mut header = header("A: 1\r\nB: 2\r\nC: 3\r\nb: 4\r\n");
        header.replace("B", "5").unwrap();
        header.replace("D", "6").unwrap();
        assert_eq!(header.to_octets().to_bytes(), "A: 1\r\nB: 5\r\nC: 3\r\nD: 6\r\n");
    }

    #[test]
    fn nothing_of_a_header_is_printed() {
        let header = header("Subject: geheim\r\n");
        assert_eq!(format!("{header:?} {:?}", header.first("Subject")), "[1 fields] Some(Subject)");
    }
}
