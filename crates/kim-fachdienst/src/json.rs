//! JSON as services write it: numbers as integers, as floats or in quotes.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A whole number however it is written: `90`, `9e1`, `90.0`, `" 90 "`; `None` inside for `null`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) Option<i64>);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = match &value {
            Value::Null => return Ok(Self(None)),
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(|number| Self(Some(number))).ok_or_else(|| serde::de::Error::custom("not a whole number"))
    }
}

/// The largest number below which a float tells every whole number apart.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() <= MAX_EXACT;
    // There is no checked conversion; Display of a whole float is its decimal digits.
    exact.then(|| format!("{number:.0}").parse().ok()).flatten()
}

/// Reads an object. Arrays, whose elements would be taken for the members in order, are none.
///
/// # Errors
/// The octet at which reading failed.
pub(crate) fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, usize> {
    match text.iter().position(|octet| !octet.is_ascii_whitespace()) {
        Some(at) if text.get(at) != Some(&b'{') => Err(at.saturating_add(1)),
        _ => serde_json::from_slice(text).map_err(|error| offset(text, &error)),
    }
}

/// The octet at which reading `text` failed.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let before = text.split_inclusive(|octet| *octet == b'\n').take(error.line().saturating_sub(1));
    before.map(<[u8]>::len).sum::<usize>().saturating_add(error.column()).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for text in ["90", "9e1", "90.0", "\" 90 \"", " 90 "] {
            assert_eq!(serde_json::from_str::<Whole>(text).unwrap(), Whole(Some(90)), "{text}");
        }
        assert_eq!(serde_json::from_str::<Whole>("null").unwrap(), Whole(None));
        for text in ["90.5", "1e300", "\"x\"", "true", "[]", "\"\"", "18446744073709551615"] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_array_is_no_object() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct One {
            a: u8,
        }
        assert_eq!(object(b" \n{\"a\": 1} "), Ok(One { a: 1 }));
        for (text, at) in [(&b"[1]"[..], 1), (b"\r\n [1]", 4), (b"1", 1), (b"", 0), (b"{\"a\": 1}]", 9)] {
            assert_eq!(object::<One>(text), Err(at), "{text:?}");
        }
    }

    #[test]
    fn an_error_is_found_at_its_octet() {
        let text = b"{\n\"a\": 1,\n x}";
        let error = serde_json::from_slice::<Value>(text).unwrap_err();
        assert_eq!(offset(text, &error), 12);
    }
}
