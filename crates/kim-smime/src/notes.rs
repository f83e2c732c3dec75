//! The notes that KIM up to 1.5.2 put into the text of an opened mail.

use bytes::Bytes;
use kim_types::Octets;

use crate::encoding::{base64_lines, quoted_printable};
use crate::entity::{MediaType, charset, decode, is_of_type, media_type, transfer_encoding};
use crate::header::{Header, HeaderLimits};
use crate::opened::Opened;
use crate::texts;
use crate::utf8::parts;

/// The greatest number of multiparts within each other that is looked into.
const MAX_DEPTH: usize = 32;

impl Opened {
    /// Appends the notes of KIM up to 1.5.2 to the first text of the mail, in its own format.
    ///
    /// A mail that is not intact, one without a text, and one whose text is in a character set other than ASCII, UTF-8 or Latin
    /// stay as they are; attachments are no texts. Newer versions say the same in the header only.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-01, KOM-LE-A_2050-05.
    #[must_use]
    pub fn noted(self) -> Self {
        if !self.verdict.is_intact() {
            return self;
        }
        match with_notes(self.header().clone(), &self.body().to_bytes(), 0) {
            Some((header, body)) => self.with_mail(header, body),
            None => self,
        }
    }
}

fn with_notes(header: Header, body: &Bytes, depth: usize) -> Option<(Header, Octets)> {
    match media_type(&header) {
        // Whoever signed it signed these octets.
        MediaType::Multipart { .. } if is_of_type(&header, "multipart", Some("signed")) => None,
        MediaType::Multipart { boundary } if depth < MAX_DEPTH => {
            parts(body, boundary.as_bytes()).into_iter().find_map(|part| {
                let (part_header, part_body) =
                    Header::split(&body.slice(part.clone()), &HeaderLimits::default()).ok()?;
                let (part_header, part_body) = with_notes(part_header, &part_body, depth.saturating_add(1))?;
                let body = [
                    Octets::from(body.slice(..part.start)),
                    part_header.with_body(part_body),
                    Octets::from(body.slice(part.end..)),
                ];
                Some((header.clone(), body.into_iter().collect()))
            })
        }
        MediaType::Other => text(header, body),
        _ => None,
    }
}

fn text(mut header: Header, body: &Bytes) -> Option<(Header, Octets)> {
    let attached = header.first("Content-Disposition").is_some_and(|field| {
        field.text().split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("attachment"))
    });
    let note = match () {
        () if attached => return None,
        () if is_of_type(&header, "text", Some("html")) => texts::NOTES_HTML.as_bytes().to_vec(),
        () if header.first("Content-Type").is_none() || is_of_type(&header, "text", Some("plain")) => {
            plain_note(&mut header, body)?
        }
        () => return None,
    };
    let encoding = transfer_encoding(&header).ok()?;
    let whole = |body: &[u8]| [body, &note].concat();
    let body: Octets = match encoding.as_str() {
        "base64" => base64_lines(&whole(&decode(body, body.len()).ok()?)).into(),
        "quoted-printable" => {
            [Octets::from(body.clone()), quoted_printable(&note).into()].into_iter().collect()
        }
        "8bit" | "binary" => whole(body).into(),
        "" | "7bit" => {
            header.replace("Content-Transfer-Encoding", "quoted-printable").ok()?;
            quoted_printable(&whole(body)).into()
        }
        _ => return None,
    };
    Some((header, body))
}

/// The notes in the character set of a text/plain, which becomes UTF-8 if it was ASCII.
fn plain_note(header: &mut Header, body: &[u8]) -> Option<Vec<u8>> {
    let notes = texts::NOTES;
    match charset(header).as_deref() {
        Some("utf-8") => Some(notes.as_bytes().to_vec()),
        // The characters of Latin 1 have their octets as numbers.
        Some("iso-8859-1" | "iso-8859-15" | "windows-1252") => {
            notes.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
        }
        None | Some("us-ascii") if body.is_ascii() => {
            let old = header.only("Content-Type").map_or("text/plain".to_owned(), |field| field.text());
            let kept = old.split(';').filter(|part| !part.trim().to_ascii_lowercase().starts_with("charset"));
            let new = kept.chain([" charset=utf-8"]).collect::<Vec<_>>().join(";");
            header.replace("Content-Type", &new).ok()?;
            Some(notes.as_bytes().to_vec())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(mail: &str) -> Option<String> {
        let (header, body) = Header::split(&Bytes::from(mail.to_owned()), &HeaderLimits::default()).unwrap();
        let (header, body) = with_notes(header, &body, 0)?;
        Some(String::from_utf8_lossy(&header.with_body(body).to_bytes()).into_owned())
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-01, KOM-LE-A_2050-05
    #[test]
    fn the_first_text_gets_the_notes_in_its_own_format() {
        let hyphens = "-".repeat(45);
        let quoted = format!(
            "\r\n{hyphens}\r\nDie Nachricht wurde entschl=C3=BCsselt.\r\nDie Signatur wurde erfolgreich gepr=C3=BCft.\r\n"
        );
        assert_eq!(
            noted("Subject: x\r\n\r\nHallo\r\n").unwrap(),
            format!(
                "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\
                 Content-Transfer-Encoding: quoted-printable\r\n\r\nHallo\r\n{quoted}"
            )
        );
        let utf8 = "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: ";
        assert_eq!(
            noted(&format!("{utf8}quoted-printable\r\n\r\nHallo=20\r\n")).unwrap(),
            format!("{utf8}quoted-printable\r\n\r\nHallo=20\r\n{quoted}")
        );
        let plain = format!(
            "\r\n{hyphens}\r\nDie Nachricht wurde entschlüsselt.\r\nDie Signatur wurde erfolgreich geprüft.\r\n"
        );
        assert_eq!(noted(&format!("{utf8}8bit\r\n\r\näh")).unwrap(), format!("{utf8}8bit\r\n\r\näh{plain}"));
        let base64 = noted(&format!("{utf8}base64\r\n\r\nSGFsbG8=\r\n")).unwrap();
        let (_, digits) = base64.split_once("\r\n\r\n").unwrap();
        assert_eq!(decode(digits.as_bytes(), 1000).unwrap(), format!("Hallo{plain}"));
        let latin = noted("Content-Type: text/plain; charset=iso-8859-1\r\n\r\nHallo\r\n").unwrap();
        assert!(latin.contains("entschl=FCsselt"), "{latin}");
    }

    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2179-01
    #[test]
    fn of_many_parts_only_the_first_text_is_changed() {
        let mail = "Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\nContent-Type: application/pdf\r\n\r\nPDF\r\n\
                    --a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\
                    Content-Transfer-Encoding: 8bit\r\n\r\n<p>x</p>\r\n--b\r\n\r\nsecond\r\n--b--\r\n\r\n--a--\r\nend\r\n";
        let html = "<p>x</p><p>---------------------------------------------<br>\r\nDie Nachricht wurde entschl&uuml;sselt.<br>\r\n\
                    Die Signatur wurde erfolgreich gepr&uuml;ft.</p>\r\n";
        assert_eq!(
            noted(mail).unwrap(),
            mail.replace("<p>x</p>", html.trim_end_matches("\r\n")).replacen(
                "</p>\r\n--b",
                "</p>\r\n\r\n--b",
                1
            )
        );
    }

    #[test]
    fn what_is_no_text_or_cannot_be_read_stays_as_it_is() {
        for mail in [
            "Content-Type: application/pdf\r\n\r\nx",
            "Content-Type: text/csv\r\n\r\nx",
            "Content-Type: text/plain\r\nContent-Disposition: Attachment; filename=a\r\n\r\nx",
            "Content-Type: text/plain; charset=utf-16\r\n\r\nx",
            "Content-Type: text/plain\r\n\r\nä",
            "Content-Type: text/plain\r\nContent-Transfer-Encoding: uuencode\r\n\r\nx",
            "Content-Type: multipart/signed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n",
            "Content-Type: message/rfc822\r\n\r\n\r\nx",
            "Content-Type: multipart/mixed; boundary=a\r\n\r\nno part",
        ] {
            assert_eq!(noted(mail), None, "{mail}");
        }
    }
}
