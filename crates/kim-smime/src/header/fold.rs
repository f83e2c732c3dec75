//! Writing a field: nothing but printable ASCII, in lines of sensible length.

use bytes::Bytes;

use super::HeaderError;

/// The length of a line that is aimed at, in octets without its end.
const AIM: usize = 78;
/// The greatest length of a line in octets without its end.
const MAX: usize = 998;

/// A whole field with its line end.
pub(super) fn field(name: &str, value: &str) -> Result<Bytes, HeaderError> {
    if name.is_empty() || !name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':') {
        return Err(HeaderError::Name);
    }
    if let Some(at) = value.bytes().position(|octet| !matches!(octet, b' '..=b'~')) {
        return Err(HeaderError::Value { at });
    }
    let mut field = format!("{name}:");
    let mut column = field.len();
    for word in value.split(' ').filter(|word| !word.is_empty()) {
        let width = word.len().saturating_add(1);
        // Never right after the name: some programs take a first line without a value for an empty field.
        let first = column == name.len().saturating_add(1);
        if column.saturating_add(width) > AIM && !first {
            field.push_str("\r\n");
            column = 0;
        }
        column = column.saturating_add(width);
        if column > MAX {
            return Err(HeaderError::Word { max: MAX });
        }
        field.push(' ');
        field.push_str(word);
    }
    field.push_str("\r\n");
    Ok(field.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_at_blanks() {
        assert_eq!(field("A", "b c").unwrap(), "A: b c\r\n");
        assert_eq!(field("A", "").unwrap(), "A:\r\n");
        let long = field("X-KIM-KONVersion", &"word ".repeat(40)).unwrap();
        assert!(long.split(|octet| *octet == b'\n').all(|line| line.len() <= AIM + 1));
        assert!(long.windows(3).filter(|window| window == b"\r\n ").count() > 1);
        let word = "w".repeat(200);
        assert_eq!(field("A", &word).unwrap(), format!("A: {word}\r\n"));
    }

    #[test]
    fn no_value_becomes_a_second_field() {
        assert_eq!(field("A", "b\r\nBcc: evil@x.de"), Err(HeaderError::Value { at: 1 }));
        assert_eq!(field("A", "b\nc"), Err(HeaderError::Value { at: 1 }));
        assert_eq!(field("A", "b\0"), Err(HeaderError::Value { at: 1 }));
        assert_eq!(field("A", "ä"), Err(HeaderError::Value { at: 0 }));
        assert_eq!(field("A: b\r\nB", "c"), Err(HeaderError::Name));
        assert_eq!(field("", "c"), Err(HeaderError::Name));
        assert_eq!(field("A", &"w".repeat(MAX)), Err(HeaderError::Word { max: MAX }));
    }
}
