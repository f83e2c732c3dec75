//! The form of an upload: [`Form`].

use bytes::Bytes;

/// The parts of a `multipart/form-data` body.
pub(super) struct Form {
    pub(super) message_id: String,
    pub(super) recipients: Vec<String>,
    pub(super) expires: String,
    pub(super) data: Bytes,
}

impl Form {
    /// Reads a form; `None` unless it has everything the service wants, each `Content-Length` right.
    pub(super) fn parse(content_type: Option<&str>, body: &Bytes) -> Option<Self> {
        let boundary = content_type?.strip_prefix("multipart/form-data; boundary=")?;
        let (opening, separator) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
        let mut rest = body.strip_prefix(opening.as_bytes())?;
        let (mut message_id, mut expires, mut data) = (None, None, None);
        let mut recipients = Vec::new();
        loop {
            let (head, content) = split(rest, b"\r\n\r\n")?;
            let head = std::str::from_utf8(head).ok()?;
            let (content, after) = match length(head) {
                // Mail data is large: its end is known, not looked for.
                Some(len) => {
                    let (content, after) = content.split_at_checked(len)?;
                    (content, after.strip_prefix(separator.as_bytes())?)
                }
                None => split(content, separator.as_bytes())?,
            };
            let text = || String::from_utf8(content.to_vec()).ok();
            match parameter(head, "name")? {
                "messageID" => message_id = Some(text()?),
                "recipients" => recipients.push(text()?),
                "expires" => expires = Some(text()?),
                "attachment" => data = Some(length(head).map(|_| body.slice_ref(content))?),
                _ => {}
            }
            match after.strip_prefix(b"\r\n") {
                Some(next) => rest = next,
                None if after.starts_with(b"--") => break,
                None => return None,
            }
        }
        let complete = !recipients.is_empty();
        let form = Self { message_id: message_id?, recipients, expires: expires?, data: data? };
        complete.then_some(form)
    }

    /// The length of the encrypted mail in octets.
    pub(super) fn size(&self) -> u64 {
        self.data.len() as u64
    }
}

/// What stands before and after the first `separator`.
fn split<'a>(octets: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(octets, separator)?;
    let (before, rest) = octets.split_at_checked(at)?;
    Some((before, rest.strip_prefix(separator)?))
}

fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}

/// The length that a part says it has.
fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()
}

/// The value of a quoted parameter of `Content-Disposition`.
fn parameter<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find(|line| line.starts_with("Content-Disposition: form-data;"))?;
    let (_, value) = line.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}
