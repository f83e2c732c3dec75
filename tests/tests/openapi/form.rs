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
    let body = String::from_utf8(body.to_vec()).map_err(|_| "no text")?;
    let opening = format!("--{boundary}\r\n");
    let inner = body.strip_prefix(&opening).ok_or("the boundary is missing")?;
    let inner =
        inner.strip_suffix(&format!("\r\n--{boundary}--\r\n")).ok_or("the last boundary is missing")?;
    inner.split(&format!("\r\n--{boundary}\r\n")).map(part).collect()
}

fn part(text: &str) -> Result<Part, String> {
    let (head, content) = text.split_once("\r\n\r\n").ok_or("a part has no empty line")?;
    let fields = head.split("\r\n").map(|line| {
        let (name, value) = line.split_once(": ").ok_or("a part has no header")?;
        Ok((name.to_ascii_lowercase(), value.to_owned()))
    });
    let fields: Vec<(String, String)> = fields.collect::<Result<_, &str>>()?;
    let disposition =
        fields.iter().find(|(name, _)| name == "content-disposition").ok_or("Content-Disposition")?;
    let name = disposition.1.strip_prefix("form-data; name=\"").and_then(|rest| rest.split('"').next());
    Ok(Part {
        name: name.ok_or("a part has no name")?.to_owned(),
        content: content.as_bytes().to_vec(),
        fields,
    })
}
