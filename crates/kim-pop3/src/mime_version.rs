//! Leaves MIME-Version out of the answer to TOP: [`MimeVersionFilter`].
//!
//! Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2041 (hint, not normative).

const NAME: &[u8] = b"MIME-Version:";

/// Passes a header on as it comes, except the field MIME-Version.
#[derive(Debug, Default)]
pub(crate) struct MimeVersionFilter {
    place: Place,
    /// The start of a line that may become the name of the field.
    held: Vec<u8>,
}

/// What the next octet belongs to.
#[derive(Debug, Default, Clone, Copy)]
enum Place {
    /// A new line.
    #[default]
    LineStart,
    /// A new line, which continues the dropped field if it begins with a blank.
    AfterField,
    /// What may be the name of the field.
    Name,
    /// The dropped field.
    Field,
    /// A line that is passed on.
    Line,
    /// What may be the empty line at the end of the header.
    EmptyLine,
    /// What follows the header.
    Body,
}

impl MimeVersionFilter {
    /// Appends to `client` what is left of `header`.
    pub(crate) fn pass(&mut self, header: &[u8], client: &mut Vec<u8>) {
        for &octet in header {
            self.place = self.next(octet, client);
        }
    }

    fn next(&mut self, octet: u8, client: &mut Vec<u8>) -> Place {
        match (self.place, octet) {
            (Place::Field, b'\n') => return Place::AfterField,
            (Place::Field, _) | (Place::AfterField, b' ' | b'\t') => return Place::Field,
            _ => self.held.push(octet),
        }
        let name = NAME.get(..self.held.len()).is_some_and(|name| name.eq_ignore_ascii_case(&self.held));
        if name && matches!(self.place, Place::LineStart | Place::AfterField | Place::Name) {
            if self.held.len() < NAME.len() {
                return Place::Name;
            }
            self.held.clear();
            return Place::Field;
        }
        client.append(&mut self.held);
        match (self.place, octet) {
            (Place::Body, _) | (Place::EmptyLine, b'\n') => Place::Body,
            (Place::LineStart | Place::AfterField, b'\r') => Place::EmptyLine,
            (_, b'\n') => Place::LineStart,
            _ => Place::Line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(wire: &str) -> String {
        let whole = {
            let (mut filter, mut client) = (MimeVersionFilter::default(), Vec::new());
            filter.pass(wire.as_bytes(), &mut client);
            client
        };
        let (mut filter, mut client) = (MimeVersionFilter::default(), Vec::new());
        wire.as_bytes().chunks(1).for_each(|piece| filter.pass(piece, &mut client));
        assert_eq!(client, whole);
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn the_field_goes_in_any_spelling_and_with_its_folded_lines() {
        assert_eq!(
            filter("A: 1\r\nmime-VERSION:\r\n 1.0\r\n\t(x)\r\nB: 2\r\n b\r\n\r\n.\r\n"),
            "A: 1\r\nB: 2\r\n b\r\n\r\n.\r\n"
        );
        assert_eq!(filter("MIME-Version: 1.0\r\nMIME-Version: 1.0\r\n.\r\n"), ".\r\n");
        assert_eq!(filter("MIME-Version: 1.0\r\n\r\n.\r\n"), "\r\n.\r\n");
    }

    #[test]
    fn everything_else_stays() {
        for wire in [
            "",
            ".\r\n",
            "MIME-Versions: 1\r\nMIME\r\n\r\n.\r\n",
            "A: MIME-Version: 1.0\r\n MIME-Version: 1.0\r\n.\r\n",
            "A: 1\r\n\r\nMIME-Version: 1.0\r\n.\r\n",
            "\rMIME\r\n\n.\r\n",
        ] {
            assert_eq!(filter(wire), wire);
        }
    }
}
