//! Fields as every reader takes them for the same.

use bytes::Bytes;

use super::{Field, Header};

impl Field<'_> {
    /// The field with CRLF at the ends of its lines and nothing else that ends a line, and its name next to the colon; `None`
    /// if the line is no field. One that is so already comes octet for octet.
    ///
    /// Programs differ in what ends a line (some take a CR or LF on its own for an end) and what ends the header (some take
    /// a line that is no field for the first one of the body). Whoever wrote a mail must not choose what its reader's
    /// program sees of the fields of others. A CR on its own becomes a blank.
    ///
    /// ```
    /// use kim_smime::{Header, HeaderLimits};
    ///
    /// let mail = "X-A: a\rFrom: b\n c\r\nno field\r\n\r\n".into();
    /// let (header, _) = Header::split(&mail, &HeaderLimits::default())?;
    /// let fields: Vec<_> = header.fields().map(|field| field.canonical()).collect();
    /// assert_eq!(fields, [Some("X-A: a From: b\r\n c\r\n".into()), None]);
    /// # Ok::<(), kim_smime::HeaderError>(())
    /// ```
    ///
    /// Spec: RFC 5322 §2.1, §2.2; RFC 5321 §2.3.8.
    pub fn canonical(&self) -> Option<Bytes> {
        let name = self.name();
        if name.is_empty() {
            return None;
        }
        let stray = |pair: &[u8]| matches!(pair, [before, after] if (*before == b'\r') != (*after == b'\n'));
        if self.raw.get(name.len()) == Some(&b':') && !self.raw.windows(2).any(stray) {
            return Some(self.raw.clone());
        }
        let mut field = [name.as_bytes(), b":"].concat();
        for line in self.raw_value().split_inclusive(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            field.extend(line.iter().map(|octet| if *octet == b'\r' { b' ' } else { *octet }));
            field.extend_from_slice(b"\r\n");
        }
        Some(field.into())
    }
}

impl Header {
    /// Appends a field as every reader takes it, and nothing if it is none.
    pub(crate) fn push_field(&mut self, field: Field<'_>) {
        self.fields.extend(field.canonical());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderLimits;

    #[test]
    fn lines_end_in_crlf_and_names_in_a_colon_and_what_is_no_field_goes() {
        let table: [(&[u8], &[u8]); 9] = [
            (b"A: 1\r\n\t2 \xe4\r\n", b"A: 1\r\n\t2 \xe4\r\n"),
            (b"A:1", b"A:1\r\n"),
            (b"A: 1\n 2\n", b"A: 1\r\n 2\r\n"),
            (b"A: 1\rB: 2\r\r\n", b"A: 1 B: 2 \r\n"),
            (b"A: 1\r\r\n 2\r\n", b"A: 1 \r\n 2\r\n"),
            (b"A \t: 1\r\n", b"A: 1\r\n"),
            (b"A\r: 1\r\n", b"A: 1\r\n"),
            (b"no field\r\n: 1\r\nFrom x: 1\r\n\r\r\n\xe4: 1\r\n", b""),
            (b" A: 1\r\n", b""),
        ];
        for (before, after) in table {
            let (header, _) = Header::split(&Bytes::from_static(before), &HeaderLimits::default()).unwrap();
            let mut canonical = Header::default();
            header.fields().for_each(|field| canonical.push_field(field));
            assert_eq!(canonical.to_octets().to_bytes(), after, "{before:?}");
        }
    }
}
