//! The transfer encodings that are written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// The octets that one line of base64 encodes.
pub(crate) const LINE_OCTETS: usize = 57;
/// The digits of such a line.
const LINE_DIGITS: usize = 76;
/// The greatest length of a line of quoted-printable, without the `=` that lets it go on.
const LINE_QUOTED: usize = 75;

/// Base64 in lines that end in CRLF.
///
/// Spec: RFC 2045 §6.8.
pub(crate) fn base64_lines(octets: &[u8]) -> Bytes {
    let lines = octets.chunks(LINE_OCTETS);
    let digits = octets.len().div_ceil(3).saturating_mul(4);
    let mut out = vec![0; digits.saturating_add(lines.len().saturating_mul(2))];
    for (line, place) in lines.zip(out.chunks_mut(LINE_DIGITS.saturating_add(2))) {
        // There is room for each line and its end.
        let written = STANDARD.encode_slice(line, place).unwrap_or_default();
        if let Some([cr, lf]) = place.get_mut(written..) {
            (*cr, *lf) = (b'\r', b'\n');
        }
    }
    out.into()
}

/// Quoted-printable that decodes to exactly these octets: CRLF stays a line end, a CR or LF alone is escaped.
///
/// Spec: RFC 2045 §6.7.
pub(crate) fn quoted_printable(octets: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(octets.len().saturating_add(octets.len() / 4));
    let mut column = 0usize;
    let mut rest = octets;
    while let [octet, after @ ..] = rest {
        rest = after;
        if let (b'\r', [b'\n', after @ ..]) = (octet, after) {
            out.extend_from_slice(b"\r\n");
            (rest, column) = (after, 0);
            continue;
        }
        let ends_line = after.is_empty() || after.starts_with(b"\r\n");
        let escape;
        let written: &[u8] = match octet {
            b'!'..=b'<' | b'>'..=b'~' => std::slice::from_ref(octet),
            b' ' | b'\t' if !ends_line => std::slice::from_ref(octet),
            _ => {
                escape = format!("={octet:02X}");
                escape.as_bytes()
            }
        };
        if column.saturating_add(written.len()) > LINE_QUOTED {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        out.extend_from_slice(written);
        column = column.saturating_add(written.len());
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_lines_of_76_digits() {
        let lines = |octets: usize| String::from_utf8(base64_lines(&vec![0; octets]).to_vec()).unwrap();
        assert_eq!(lines(0), "");
        assert_eq!(lines(1), "AA==\r\n");
        assert_eq!(lines(57), format!("{}\r\n", "A".repeat(76)));
        assert_eq!(lines(115), format!("{0}\r\n{0}\r\nAA==\r\n", "A".repeat(76)));
    }

    #[test]
    fn quoted_printable_keeps_lines_and_escapes_the_rest() {
        let quoted = |text: &[u8]| String::from_utf8(quoted_printable(text).to_vec()).unwrap();
        assert_eq!(quoted(b"a=b \xe4\r\n\tc \r\nd\n\re\t"), "a=3Db =E4\r\n\tc=20\r\nd=0A=0De=09");
        let long = quoted(&[0xe4; 200]);
        assert!(long.split("\r\n").all(|line| line.len() <= 76));
        assert_eq!(long.replace("=\r\n", ""), "=E4".repeat(200));
        assert_eq!(quoted("x".repeat(76).as_bytes()), format!("{}=\r\nx", "x".repeat(75)));
    }
}
