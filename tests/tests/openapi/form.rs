//! `multipart/form-data` (RFC 7578): [`Part`].

/// A part of a form.
pub(crate) struct Part {
    pub(crate) name: String,
    /// Names in lower case, and values.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) content: Vec<u8>,
}

impl Part {
    /// The value of a header field of the part.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The parts of a body whose boundary is in `content_type`.
pub(crate) fn parts(content_type: &str, body: &[u8]) -> Result<Vec<Part>, String> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").ok_or("no form")?;
    let opening = format!("--{boundary}\r\n");
    let mut rest = body.strip_prefix(opening.as_bytes()).ok_or("the boundary is missing")?;
    let last = format!("\r\n--{boundary}--\r\n");
    let between = format!("\r\n--{boundary}\r\n");
    let mut parts = Vec::new();
    while let Some((one, after)) = split_once(rest, between.as_bytes()) {
        parts.push(part(one)?);
        rest = after;
    }
    let one = rest.strip_suffix(last.as_bytes()).ok_or("the last boundary is missing")?;
    parts.push(part(one)?);
    Ok(parts)
}

fn part(octets: &[u8]) -> Result<Part, String> {
    let (head, content) = split_once(octets, b"\r\n\r\n").ok_or("a part has no empty line")?;
    let head = str::from_utf8(head).map_err(|_| "the header of a part is no text")?;
    let fields = head.split("\r\n").map(|line| {
        let (name, value) = line.split_once(": ").ok_or("a part has no header")?;
        Ok((name.to_ascii_lowercase(), value.to_owned()))
    });
    let fields: Vec<(String, String)> = fields.collect::<Result<_, &str>>()?;
    let disposition =
        fields.iter().find(|(name, _)| name == "content-disposition").ok_or("Content-Disposition")?;
    let name = disposition.1.strip_prefix("form-data; name=\"").and_then(|rest| rest.split('"').next());
    Ok(Part { name: name.ok_or("a part has no name")?.to_owned(), content: content.to_vec(), fields })
}

fn split_once<'a>(octets: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let start = octets.windows(at.len()).position(|window| window == at)?;
    Some((octets.get(..start)?, octets.get(start + at.len()..)?))
}
