//! The form of an upload: [`Form`].

/// The parts of a `multipart/form-data` body.
pub(super) struct Form {
    pub(super) message_id: String,
    pub(super) recipients: Vec<String>,
    pub(super) expires: String,
    pub(super) data: Vec<u8>,
}

impl Form {
    /// Reads a form; `None` unless it has everything the service wants, each `Content-Length` right.
    pub(super) fn parse(content_type: Option<&str>, body: &[u8]) -> Option<Self> {
        let boundary = content_type?.strip_prefix("multipart/form-data; boundary=")?;
        let (opening, separator) = (format!("--{boundary}\r\n"), format!("\r\n--{boundary}"));
        let mut rest = body.strip_prefix(opening.as_bytes())?;
        let (mut message_id, mut expires, mut data) = (None, None, None);
        let mut recipients = Vec::new();
        loop {
            let (head, content) = split(rest, b"\r\n\r\n")?;
            let head = std::str::from_utf8(head).ok()?;
            let (content, after) = split(content, separator.as_bytes())?;
            let text = || String::from_utf8(content.to_vec()).ok();
            match parameter(head, "name")? {
                "messageID" => message_id = Some(text()?),
                "recipients" => recipients.push(text()?),
                "expires" => expires = Some(text()?),
                "attachment" => {
                    let mut lines = head.lines();
                    let length = lines.find_map(|line| line.strip_prefix("Content-Length: "))?;
                    let announced = length.parse() == Ok(content.len());
                    data = Some(announced.then(|| content.to_vec())?);
                }
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

/// Mail data is large: candidates are found by their first octet.
fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0_usize;
    loop {
        let rest = octets.get(from..)?;
        let at = from.checked_add(rest.iter().position(|octet| octet == first)?)?;
        if octets.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at.checked_add(1)?;
    }
}

/// The value of a quoted parameter of `Content-Disposition`.
fn parameter<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = head.lines().find(|line| line.starts_with("Content-Disposition: form-data;"))?;
    let (_, value) = line.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}
