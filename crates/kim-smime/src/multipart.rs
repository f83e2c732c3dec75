//! Mails that the module writes itself: a text, and untouched octets after it.

use std::time::SystemTime;

use kim_types::{Address, Octets};
use mail_builder::headers::Header as _;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;

use crate::date::rfc5322_date;
use crate::header::Header;
use crate::mail_frame::MailFrame;
use crate::normalise::{hex, message_id};

/// Fields that tell the reader from whom and to whom the message in the mail was.
const ORIGINATOR: [&str; 6] = ["Date", "From", "Sender", "Reply-To", "To", "Cc"];

/// What a mail of the module says.
pub(crate) struct MailText {
    pub(crate) subject: &'static str,
    pub(crate) text: String,
    /// Further fields of the header.
    pub(crate) fields: Vec<(&'static str, &'static str)>,
}

impl MailText {
    /// A multipart/mixed mail of the text and a message.
    ///
    /// It came the way `outer` says. Date and addresses are those of `originator`, as
    /// [`Field::canonical`](crate::Field::canonical) gives them. What it lacks is the
    /// time, and the user, who then writes to himself.
    ///
    /// Spec: gemSpec_CM_KOMLE 1.16.0, KOM-LE-A_2046-02 (orig-date, from, sender, reply-to, to, cc), A_20628.
    pub(crate) fn frame(
        &self,
        outer: &Header,
        originator: &Header,
        user: &Address,
        unique: [u8; 16],
        now: SystemTime,
        eight_bit: bool,
    ) -> MailFrame {
        let mut header = Header::default();
        outer.all("Received").for_each(|field| header.push_field(field));
        for field in originator.fields().filter(|field| ORIGINATOR.iter().any(|name| field.is(name))) {
            header.push_field(field);
        }
        let boundary = format!("=_{}", hex(unique));
        for (name, value) in
            [("Date", rfc5322_date(now)), ("From", user.to_string()), ("To", user.to_string())]
        {
            if header.first(name).is_none() {
                header.push_known(name, &value);
            }
        }
        header.push_known("Message-ID", &message_id(unique, user));
        header.push_raw(encoded("Subject", self.subject).into());
        self.fields.iter().for_each(|(name, value)| header.push_known(name, value));
        header.push_known("MIME-Version", "1.0");
        header.push_known("Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
        let encoding = if eight_bit {
            header.push_known("Content-Transfer-Encoding", "8bit");
            "Content-Transfer-Encoding: 8bit\r\n"
        } else {
            ""
        };
        let head = [
            header.to_octets(),
            format!("\r\n--{boundary}\r\n").into_bytes().into(),
            text_entity(&self.text),
            format!("\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n{encoding}\r\n").into_bytes().into(),
        ];
        MailFrame {
            head: head.into_iter().collect(),
            content: true,
            tail: format!("\r\n--{boundary}--\r\n").into_bytes().into(),
        }
    }
}

/// Whether there is an octet outside ASCII.
pub(crate) fn has_eight_bit(octets: &Octets) -> bool {
    !octets.pieces().iter().all(|piece| piece.is_ascii())
}

/// A text/plain entity in UTF-8 with its own header fields, encoded as its characters need.
pub(crate) fn text_entity(text: &str) -> Octets {
    let mut entity = Vec::new();
    MimePart::new("text/plain", text).write_part(&mut entity);
    entity.into()
}

/// A field whose value may need encoded words.
///
/// Spec: RFC 2047 §5.
fn encoded(name: &str, value: &str) -> Vec<u8> {
    let mut field = format!("{name}: ").into_bytes();
    Text::new(value).write_header(&mut field, name.len().saturating_add(2));
    field
}
