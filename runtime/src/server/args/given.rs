//! What a model meant by an argument that it wrote in another form than the schema's: JSON as
//! text, a list as text with commas, an empty text in the place of nothing.

use serde_json::Value;

use crate::schema::validate::is_operator;

/// JSON that was sent as text is read as what it means.
pub(super) fn parse_text(value: &Value) -> Value {
    match value {
        Value::String(text) if is_json(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

/// Null, or an empty text: an argument that was filled in only because the schema has it.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Blank, or a list or object without anything in it.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(is_blank),
        Value::Object(map) => map.is_empty(),
        other => is_blank(other),
    }
}

/// The texts of a list, or of one text with commas; `None` where it has something else.
pub(super) fn parts(value: &Value) -> Option<Vec<String>> {
    let texts: Vec<&str> = match value {
        Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        Value::String(text) => vec![text],
        _ => return None,
    };
    let parts = texts.into_iter().flat_map(|text| text.split(','));
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    Some(parts.map(str::to_owned).collect())
}

/// The conditions of a domain, each of which may be JSON as text.
pub(super) fn conditions(items: Vec<Value>) -> Vec<Value> {
    let is_one = items.len() == 3 && items[1].as_str().is_some_and(is_operator);
    if is_one {
        return items;
    }
    items.iter().map(parse_text).collect()
}

/// A whole number, also as text or with a decimal point.
pub(super) fn as_integer(value: &Value) -> Option<i64> {
    match value {
        #[allow(clippy::cast_possible_truncation)] // whole and in range, as checked
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
