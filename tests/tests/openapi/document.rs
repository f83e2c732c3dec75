//! A file of gematik's with every reference in it followed: [`Document`].

use std::path::Path;

use serde_json::Value;
use yaml_rust2::{Yaml, YamlLoader};

/// An OpenAPI file or a schema.
pub(crate) struct Document(Value);

impl Document {
    /// Reads a file of the API; `None` if it is not there.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let path = kim_vectors::file(&format!("../reference/api-kim/{name}"))?;
        Some(Self(followed(&load(&path), &path)))
    }

    pub(crate) fn root(&self) -> &Value {
        &self.0
    }
}

fn load(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    json(YamlLoader::load_from_str(&text).unwrap().first().unwrap())
}

/// YAML is JSON here, but for numbers as keys.
fn json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => text.clone().into(),
        Yaml::Integer(number) => (*number).into(),
        Yaml::Boolean(flag) => (*flag).into(),
        Yaml::Real(text) => text.parse::<f64>().unwrap().into(),
        Yaml::Array(array) => array.iter().map(json).collect(),
        Yaml::Hash(hash) => {
            let key = |key: &Yaml| match key {
                Yaml::Integer(number) => number.to_string(),
                key => key.as_str().unwrap().to_owned(),
            };
            Value::Object(hash.iter().map(|(name, value)| (key(name), json(value))).collect())
        }
        Yaml::Null => Value::Null,
        other => panic!("unexpected YAML: {other:?}"),
    }
}

/// The value with `$ref` replaced by what it leads to, in this file or one beside it.
fn followed(value: &Value, path: &Path) -> Value {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let (file, pointer) = reference.split_once('#').unwrap();
        let path = if file.is_empty() { path.to_owned() } else { path.with_file_name(file) };
        return followed(load(&path).pointer(pointer).unwrap(), &path);
    }
    match value {
        Value::Array(array) => array.iter().map(|one| followed(one, path)).collect(),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(name, one)| (name.clone(), followed(one, path))).collect())
        }
        other => other.clone(),
    }
}
