//! A server made of nothing but an OpenAPI file: [`Generated`].

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::document::Document;
use crate::form;
use crate::schema::{check, example};

/// A request with its body.
pub(crate) struct Request {
    method: String,
    path: String,
    fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The server: it refuses what the file does not allow and answers with what the file promises.
pub(crate) struct Generated {
    root: Value,
    /// What texts without an example are: a link to the first path that takes an id.
    link: String,
    seen: Mutex<Seen>,
}

/// What was asked, and the file of the last form that had one, which is what answers that are no JSON have.
#[derive(Default)]
struct Seen {
    operations: Vec<String>,
    file: Vec<u8>,
}

impl Request {
    pub(crate) fn new<'a>(
        method: &str,
        url: &str,
        fields: impl Iterator<Item = (&'a str, String)>,
        body: Vec<u8>,
    ) -> Self {
        let rest = url.strip_prefix("https://").unwrap();
        let path = rest.split_once('/').map(|(_, path)| format!("/{path}")).unwrap();
        let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Self { method: method.to_ascii_lowercase(), path, fields, body }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| known != name);
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }
}

impl Generated {
    pub(crate) fn new(document: Document, host: &str) -> Self {
        let root = document.root().clone();
        let base = root.pointer("/servers/0/url").and_then(Value::as_str).unwrap().trim_end_matches('/');
        let paths = root.get("paths").and_then(Value::as_object).unwrap();
        let with_id = paths.keys().find(|path| path.contains('{')).map_or("/", |path| path);
        let link = format!("https://{host}{base}{}1", with_id.split('{').next().unwrap_or_default());
        Self { root, link, seen: Mutex::default() }
    }

    /// What was asked, in its order: the name of each operation, or its method if the file names it not.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.seen.lock().unwrap().operations.clone()
    }

    /// Where the file has the service.
    pub(crate) fn base(&self) -> &str {
        self.root.pointer("/servers/0/url").and_then(Value::as_str).unwrap().trim_end_matches('/')
    }

    /// Answers a request.
    ///
    /// # Errors
    /// What the file does not allow.
    pub(crate) fn handle(&self, request: &Request) -> Result<Exchange, String> {
        let path = request.path.strip_prefix(self.base()).ok_or("another server")?;
        let paths = self.root.get("paths").and_then(Value::as_object).unwrap();
        let (_, item) = paths.iter().find(|(template, _)| matches(template, path)).ok_or("no such path")?;
        let operation = item.get(&request.method).ok_or("no such method")?;
        self.check_parameters(operation, request)?;
        if operation.get("security").is_some() {
            check_basic(request.field("authorization").unwrap_or_default())?;
        }
        match operation.pointer("/requestBody/content/multipart~1form-data") {
            Some(form) => self.seen.lock().unwrap().file = check_form(form, request)?,
            None if !request.body.is_empty() => return Err("a body".to_owned()),
            None => {}
        }
        let name = operation.get("operationId").and_then(Value::as_str).unwrap_or(&request.method);
        self.seen.lock().unwrap().operations.push(name.to_owned());
        let answers = operation.get("responses").and_then(Value::as_object).unwrap();
        let (status, answer) = answers.iter().find(|(status, _)| status.starts_with('2')).unwrap();
        Ok(Exchange { status: status.parse().unwrap(), body: self.body(answer) })
    }

    /// The answers of an operation that are no success.
    pub(crate) fn failures(&self, operation_id: &str) -> Vec<(u16, Vec<u8>)> {
        let paths = self.root.get("paths").and_then(Value::as_object).unwrap();
        let operations = paths.values().flat_map(|item| item.as_object().unwrap().values());
        let wanted = operations.filter(|one| one.get("operationId") == Some(&json!(operation_id)));
        let answers = wanted.flat_map(|one| one.get("responses").and_then(Value::as_object).unwrap());
        let failures = answers.filter(|(status, _)| !status.starts_with('2'));
        failures.map(|(status, answer)| (status.parse().unwrap(), self.body(answer))).collect()
    }

    fn body(&self, answer: &Value) -> Vec<u8> {
        let content = answer.get("content").and_then(Value::as_object);
        let Some((kind, media)) = content.and_then(|content| content.iter().next()) else {
            return Vec::new();
        };
        let schema = media.get("schema").unwrap();
        match kind.starts_with("application/json") {
            true => serde_json::to_vec_pretty(&example(schema, &self.link)).unwrap(),
            false => self.seen.lock().unwrap().file.clone(),
        }
    }

    fn check_parameters(&self, operation: &Value, request: &Request) -> Result<(), String> {
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let name = parameter.get("name").and_then(Value::as_str).unwrap();
            if parameter.get("in") != Some(&json!("header")) {
                continue;
            }
            let value = request.field(name).ok_or(format!("{name} is missing"))?;
            let schema = parameter.get("schema").unwrap();
            check(&typed(value, schema), schema).map_err(|error| format!("{name}: {error}"))?;
        }
        match request.field("content-length") {
            Some(length) if length != request.body.len().to_string() => {
                Err("Content-Length is wrong".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn matches(template: &str, path: &str) -> bool {
    match template.split_once('{') {
        Some((before, _)) => path.strip_prefix(before).is_some_and(|id| !id.is_empty() && !id.contains('/')),
        None => template == path,
    }
}

/// A header value as the type its schema wants.
fn typed(value: &str, schema: &Value) -> Value {
    match schema.get("type").and_then(Value::as_str) {
        Some("integer") => value.parse::<i64>().map_or(json!(value), Value::from),
        _ => json!(value),
    }
}

fn check_basic(value: &str) -> Result<(), String> {
    let pair = value.strip_prefix("Basic ").and_then(|text| STANDARD.decode(text).ok());
    let colon = pair.is_some_and(|pair| pair.contains(&b':'));
    if colon { Ok(()) } else { Err("HTTP Basic is missing".to_owned()) }
}

/// The content of the part that is a file.
fn check_form(media: &Value, request: &Request) -> Result<Vec<u8>, String> {
    let schema = media.get("schema").unwrap();
    let parts = form::parts(request.field("content-type").unwrap_or_default(), &request.body)?;
    let (mut object, mut file) = (Map::new(), Vec::new());
    for part in parts {
        let property = schema.pointer(&format!("/properties/{}", part.name)).unwrap_or(&Value::Null);
        if let Some(encoding) = media.pointer(&format!("/encoding/{}", part.name)) {
            let kind = encoding.get("contentType").and_then(Value::as_str).unwrap();
            if part.field("content-type") != Some(kind) {
                return Err(format!("{}: {kind} expected", part.name));
            }
            for (name, header) in encoding.get("headers").and_then(Value::as_object).unwrap() {
                let value = part.field(name).ok_or(format!("{name} of {} is missing", part.name))?;
                let schema = header.get("schema").unwrap();
                check(&typed(value, schema), schema).map_err(|error| format!("{name}: {error}"))?;
                if name == "Content-Length" && value != part.content.len().to_string() {
                    return Err(format!("{name} of {} is wrong", part.name));
                }
            }
        }
        let content = String::from_utf8_lossy(&part.content).into_owned();
        if property.get("format") == Some(&json!("binary")) {
            file = part.content;
        }
        match property.get("type").and_then(Value::as_str) {
            Some("array") => {
                let array = object.entry(part.name).or_insert_with(|| json!([]));
                array.as_array_mut().unwrap().push(json!(content));
            }
            _ => drop(object.insert(part.name, json!(content))),
        }
    }
    check(&Value::Object(object), schema)?;
    Ok(file)
}
