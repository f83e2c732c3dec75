//! Values and schemas: [`check`] and [`example`].

use kim_types::Address;
use serde_json::{Value, json};

/// Whether a value follows a schema, as far as gematik's files use the language.
pub(crate) fn check(value: &Value, schema: &Value) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what} expected"));
    let number = |name: &str| schema.get(name).and_then(Value::as_i64);
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let Some(object) = value.as_object() else { return wrong("object") };
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                let name = name.as_str().unwrap_or_default();
                if !object.contains_key(name) {
                    return Err(format!("{name} is missing"));
                }
            }
            let known = schema.get("properties").and_then(Value::as_object);
            for (name, member) in object {
                let Some(schema) = known.and_then(|known| known.get(name)) else {
                    return Err(format!("{name} is unknown"));
                };
                check(member, schema).map_err(|error| format!("{name}: {error}"))?;
            }
            Ok(())
        }
        Some("array") => {
            let Some(array) = value.as_array() else { return wrong("array") };
            array.iter().try_for_each(|one| check(one, schema.get("items").unwrap_or(&Value::Null)))
        }
        Some("string") => {
            let Some(text) = value.as_str() else { return wrong("string") };
            let email = schema.get("format").and_then(Value::as_str) == Some("email");
            let long = number("maxLength")
                .is_some_and(|most| i64::try_from(text.chars().count()).is_ok_and(|count| count > most));
            match (email && text.parse::<Address>().is_err(), long) {
                (true, _) => wrong("email"),
                (_, true) => wrong("shorter string"),
                _ => Ok(()),
            }
        }
        Some("integer") => {
            let Some(integer) = value.as_i64() else { return wrong("integer") };
            let fits = number("minimum").is_none_or(|least| integer >= least)
                && number("maximum").is_none_or(|most| integer <= most);
            if fits { Ok(()) } else { wrong("number in range") }
        }
        Some("boolean") => value.as_bool().map(drop).ok_or("boolean expected".to_owned()),
        None => Ok(()),
        Some(other) => Err(format!("type {other} is not implemented")),
    }
}

/// A value that follows a schema; texts without an example are `text`.
pub(crate) fn example(schema: &Value, text: &str) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            Value::Object(properties.map(|(name, one)| (name.clone(), example(one, text))).collect())
        }
        Some("array") => json!([example(schema.get("items").unwrap_or(&Value::Null), text)]),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        _ => json!(text),
    }
}
