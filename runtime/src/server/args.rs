//! The arguments of a tool call, read with errors that teach.
//!
//! Models send JSON as text, one id as a list, or a name slightly wrong; what is unambiguous
//! is taken, the rest is refused with the argument's right name and type.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::schema::text::{join_bounded, nearest, shorten};

/// The most records that one page returns.
pub(crate) const MAX_LIMIT: u64 = 100;
/// The records that a page returns when the caller names no limit.
pub(crate) const DEFAULT_LIMIT: u64 = 20;

/// The arguments of one call.
pub(crate) struct Arguments {
    values: Map<String, Value>,
}

impl Arguments {
    /// Takes the arguments of a tool that knows exactly these names.
    pub(crate) fn new(
        tool: &str,
        values: Option<Map<String, Value>>,
        known: &[&str],
    ) -> Result<Self> {
        let values = values.unwrap_or_default();
        let unknown: Vec<&str> = values
            .keys()
            .map(String::as_str)
            .filter(|name| !known.contains(name))
            .collect();
        if let Some(first) = unknown.first() {
            let takes = if known.is_empty() {
                "it takes none".to_owned()
            } else {
                format!("it takes {}", known.join(", "))
            };
            let near = match nearest(first, known.iter().copied()).first() {
                Some(near) => format!("; did you mean \"{near}\"?"),
                None => String::new(),
            };
            return Err(Error::invalid_call(format!(
                "{tool} has no argument {}{near} ({takes})",
                join_bounded(unknown.iter().copied(), 5)
            )));
        }
        Ok(Self { values })
    }

    /// Sets an argument that the tool itself knows (the model of a typed tool).
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), json!(value));
        self
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str, example: &str) -> Result<String> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(missing(name, example)),
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim().to_owned())),
            Some(other) => Err(wrong_type(name, "text", other)),
        }
    }

    /// A record id that must be there.
    pub(crate) fn required_id(&self, name: &str) -> Result<i64> {
        let value = self.get(name).ok_or_else(|| missing(name, "7"))?;
        let id = match value {
            Value::Array(items) if items.len() == 1 => as_integer(&items[0]),
            other => as_integer(other),
        };
        match id {
            Some(id) if id > 0 => Ok(id),
            _ => Err(
                wrong_type(name, "the id of a record (a whole number above 0)", value)
                    .with_hint("Find the id with a search first."),
            ),
        }
    }

    /// Record ids; none when the argument is missing.
    pub(crate) fn ids(&self, name: &str) -> Result<Vec<i64>> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let parsed = parse_text(value);
        let items = match &parsed {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        items
            .iter()
            .map(|item| {
                as_integer(item)
                    .filter(|id| *id > 0)
                    .ok_or_else(|| wrong_type(name, "a list of record ids, such as [7, 8]", value))
            })
            .collect()
    }

    /// A domain; the empty one when the argument is missing.
    pub(crate) fn domain(&self, name: &str) -> Value {
        match self.get(name) {
            None => json!([]),
            Some(value) => {
                let parsed = parse_text(value);
                if parsed.as_str() == Some("") {
                    json!([])
                } else {
                    parsed
                }
            }
        }
    }

    /// Field names, also as `"name, state"`.
    pub(crate) fn names(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let names: Option<Vec<String>> = match parse_text(value) {
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(|text| text.trim().to_owned()))
                .collect(),
            Value::String(text) => Some(
                text.split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect(),
            ),
            _ => None,
        };
        names
            .map(|names| (!names.is_empty()).then_some(names))
            .ok_or_else(|| wrong_type(name, "a list of field names, such as [\"name\"]", value))
    }

    /// An object that must be there.
    pub(crate) fn required_object(&self, name: &str) -> Result<Map<String, Value>> {
        let value = self
            .get(name)
            .ok_or_else(|| missing(name, "{\"name\": \"Azure\"}"))?;
        match parse_text(value) {
            Value::Object(map) if !map.is_empty() => Ok(map),
            Value::Object(_) => Err(Error::invalid_call(format!(
                "the argument \"{name}\" is empty; name at least one field and its value"
            ))),
            _ => Err(wrong_type(
                name,
                "an object of field names and values, such as {\"name\": \"Azure\"}",
                value,
            )),
        }
    }

    /// An object; empty when the argument is missing.
    pub(crate) fn object(&self, name: &str) -> Result<Map<String, Value>> {
        let Some(value) = self.get(name) else {
            return Ok(Map::new());
        };
        match parse_text(value) {
            Value::Object(map) => Ok(map),
            _ => Err(wrong_type(name, "an object of named arguments", value)),
        }
    }

    /// A list; empty when the argument is missing.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Value>> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        match parse_text(value) {
            Value::Array(items) => Ok(items),
            _ => Err(wrong_type(name, "a list of positional arguments", value)),
        }
    }

    /// The page size, 1 to [`MAX_LIMIT`]; larger ones are cut to it.
    pub(crate) fn limit(&self) -> Result<u64> {
        let limit = self.count("limit")?.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err(Error::invalid_call(format!(
                "\"limit\" is 1 to {MAX_LIMIT}; use the count tool to count records"
            )));
        }
        Ok(limit.min(MAX_LIMIT))
    }

    /// A whole number of at least 0.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match as_integer(value).and_then(|number| u64::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(wrong_type(name, "a whole number of at least 0", value)),
        }
    }
}

/// JSON that was sent as text is read as what it means.
fn parse_text(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        other => other.clone(),
    }
}

fn as_integer(value: &Value) -> Option<i64> {
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

fn missing(name: &str, example: &str) -> Error {
    Error::invalid_call(format!(
        "the argument \"{name}\" is missing, for example {example}"
    ))
}

fn wrong_type(name: &str, expected: &str, got: &Value) -> Error {
    Error::invalid_call(format!(
        "the argument \"{name}\" must be {expected}, not {}",
        shorten(&got.to_string(), 60)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(value: Value) -> Arguments {
        let Value::Object(map) = value else {
            panic!("not an object")
        };
        Arguments { values: map }
    }

    #[test]
    fn a_wrong_name_is_met_with_the_right_one() {
        let given = json!({"modle": "res.partner"});
        let error = Arguments::new("odoo_read", given.as_object().cloned(), &["model", "id"])
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("did you mean \"model\"?"),
            "{error}"
        );
    }

    #[test]
    fn json_as_text_is_taken() {
        let args = arguments(
            json!({"domain": "[[\"id\", \"=\", 1]]", "ids": "[1, 2]", "fields": "name, state"}),
        );
        assert_eq!(args.domain("domain"), json!([["id", "=", 1]]));
        assert_eq!(args.ids("ids").unwrap(), [1, 2]);
        assert_eq!(args.names("fields").unwrap().unwrap(), ["name", "state"]);
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!(arguments(json!({})).limit().unwrap(), 20);
        assert_eq!(arguments(json!({"limit": 5000})).limit().unwrap(), 100);
        assert!(arguments(json!({"limit": 0})).limit().is_err());
        assert!(arguments(json!({"limit": -1})).limit().is_err());
    }

    #[test]
    fn an_id_is_a_positive_whole_number() {
        assert_eq!(arguments(json!({"id": "7"})).required_id("id").unwrap(), 7);
        for wrong in [
            json!({"id": 0}),
            json!({"id": "x"}),
            json!({"id": 1.5}),
            json!({}),
        ] {
            assert!(arguments(wrong).required_id("id").is_err());
        }
    }
}
