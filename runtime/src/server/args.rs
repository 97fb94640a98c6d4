//! The arguments of a tool call, read with errors that teach.
//!
//! Models send JSON as text, one id as a list, or a name slightly wrong; what is unambiguous
//! is taken, the rest is refused with the argument's right name and type.

use serde_json::{Map, Value, json};

use super::policy::Crossings;
use crate::error::{Error, Result};
use crate::schema::text::{join_bounded, nearest, shorten};
use crate::schema::validate::{Filter, Problems};

/// The most records that one page returns.
pub(crate) const MAX_LIMIT: u64 = 100;
/// The records that a page returns when the caller names no limit.
pub(crate) const DEFAULT_LIMIT: u64 = 20;

/// The most records that one call creates, reads or changes.
pub(crate) const MAX_BATCH: usize = 100;

/// The arguments of one call.
pub(crate) struct Arguments {
    values: Map<String, Value>,
    /// What is wrong with their names.
    mistakes: Problems,
}

impl Arguments {
    /// Takes the arguments of a tool that knows exactly these names.
    pub(crate) fn new(tool: &str, values: Option<Map<String, Value>>, known: &[&str]) -> Self {
        let values = values.unwrap_or_default();
        let mut mistakes = Problems::default();
        mistakes.take(check_names(tool, &values, known));
        Self { values, mistakes }
    }

    /// The mistakes so far, to which a check adds its own.
    pub(crate) fn mistakes(&self) -> Problems {
        self.mistakes.clone()
    }

    /// Refuses arguments of a wrong name at once, for tools that check nothing else.
    pub(crate) fn only_known(self) -> Result<Self> {
        self.mistakes.clone().into_result("")?;
        Ok(self)
    }

    /// Sets an argument that the tool itself knows (the model of a typed tool).
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.values.insert(name.to_owned(), json!(value));
        self
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// Whether an argument says anything: neither null nor an empty list or text.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| match parse_text(value) {
            Value::Array(items) => !items.is_empty(),
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    /// Everything in them that may be a path through a relation.
    pub(crate) fn crossings(&self) -> Crossings {
        let mut found = Crossings::default();
        for (name, value) in &self.values {
            match (name.as_str(), parse_text(value)) {
                // The names of a method's arguments are no names of fields.
                ("kwargs", Value::Object(named)) => named.values().for_each(|v| found.add(v)),
                (_, value) => found.add(&value),
            }
        }
        found
    }

    /// An argument as it was given, for the check of the field that it is.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        self.get(name).map(parse_text)
    }

    /// Whether an argument is there.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Refuses an argument that this call does not take; `why` says what to do.
    pub(crate) fn absent(&self, name: &str, why: &str) -> Result<()> {
        match self.get(name) {
            None => Ok(()),
            Some(_) => Err(Error::invalid_call(format!(
                "the call has the argument \"{name}\", {why}"
            ))),
        }
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
                wrong_type(name, "the id of a record (a whole number above 0)", value).with_hint(
                    match value {
                        Value::Array(_) => "Several records are given as \"ids\".",
                        _ => "Find the id with a search first.",
                    },
                ),
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

    /// The records that a call is about: `id`, or several `ids`.
    pub(crate) fn record_ids(&self) -> Result<Vec<i64>> {
        let mut ids = self.ids("ids")?;
        if self.get("id").is_some() {
            let id = self.required_id("id")?;
            if ids.is_empty() {
                return Ok(vec![id]);
            }
            if !ids.contains(&id) {
                return Err(Error::invalid_call(
                    "the arguments \"id\" and \"ids\" name different records; give one of them",
                ));
            }
        }
        let mut seen = std::collections::HashSet::new();
        ids.retain(|id| seen.insert(*id));
        match ids.len() {
            0 => Err(missing("id", "7 (or \"ids\", for example [7, 8])")),
            many if many > MAX_BATCH => Err(too_many("ids", many)),
            _ => Ok(ids),
        }
    }

    /// The records of a method, which may also be one of the model: `id`, `ids`, or none.
    pub(crate) fn method_ids(&self) -> Result<Vec<i64>> {
        let ids = self.ids("ids")?;
        if self.get("id").is_none() {
            return Ok(ids);
        }
        let id = self.required_id("id")?;
        match ids.as_slice() {
            [] => Ok(vec![id]),
            [only] if *only == id => Ok(ids),
            _ => Err(Error::invalid_call(
                "the arguments \"id\" and \"ids\" name different records; give one of them",
            )),
        }
    }

    /// The values of the records to create: `values` of one, or `records` of several.
    pub(crate) fn new_records(&self) -> Result<NewRecords> {
        let Some(given) = self.get("records") else {
            return self.required_object("values").map(NewRecords::One);
        };
        let Value::Array(items) = parse_text(given) else {
            return Err(wrong_type("records", RECORDS, given));
        };
        if items.is_empty() {
            return self.required_object("values").map(NewRecords::One);
        }
        if self.get("values").is_some() {
            return Err(Error::invalid_call(
                "give the argument \"values\" for one record or \"records\" for several, not both",
            ));
        }
        if items.len() > MAX_BATCH {
            return Err(too_many("records", items.len()));
        }
        let records: Option<Vec<_>> = items
            .into_iter()
            .map(|item| match parse_text(&item) {
                Value::Object(values) if !values.is_empty() => Some(values),
                _ => None,
            })
            .collect();
        records
            .map(NewRecords::Several)
            .ok_or_else(|| wrong_type("records", RECORDS, given))
    }

    /// Which records are meant; all, when nothing is said.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            domain: self.domain("domain"),
            all_of: self.domain("all_of"),
            any_of: self.domain("any_of"),
            none_of: self.domain("none_of"),
        }
    }

    /// A domain; the empty one when the argument is missing.
    fn domain(&self, name: &str) -> Value {
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

    /// What records are sorted by, in Odoo's form: also as a list, with `-` before a field, and with
    /// the direction in a pair or as a whole word.
    pub(crate) fn order(&self) -> Result<Option<String>> {
        let Some(value) = self.get("order") else {
            return Ok(None);
        };
        let parts: Option<Vec<String>> = match parse_text(value) {
            Value::Array(items) => items.iter().map(order_of_item).collect(),
            Value::String(text) => Some(text.split(',').map(order_of_text).collect()),
            _ => None,
        };
        parts
            .map(|parts| Some(parts.join(", ")).filter(|order| !order.is_empty()))
            .ok_or_else(|| wrong_type("order", "text such as \"date_order desc, id\"", value))
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

/// What a create is to create.
pub(crate) enum NewRecords {
    /// The values of one record.
    One(Map<String, Value>),
    /// The values of several, in their order.
    Several(Vec<Map<String, Value>>),
}

fn order_of_item(item: &Value) -> Option<String> {
    match item {
        Value::String(text) => Some(order_of_text(text)),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(field), Value::String(direction)] => {
                Some(order_of_text(&format!("{field} {direction}")))
            }
            _ => None,
        },
        _ => None,
    }
}

/// `-date` is `date desc`, and `date descending` too.
fn order_of_text(text: &str) -> String {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    for word in words.iter_mut().skip(1) {
        match word.to_ascii_lowercase().as_str() {
            "descending" => *word = "desc",
            "ascending" => *word = "asc",
            _ => {}
        }
    }
    match words.as_slice() {
        [only] if only.len() > 1 && only.starts_with('-') => format!("{} desc", &only[1..]),
        words => words.join(" "),
    }
}

const RECORDS: &str =
    "a list of objects of field names and values, such as [{\"name\": \"Azure\"}]";

fn check_names(tool: &str, values: &Map<String, Value>, known: &[&str]) -> Result<()> {
    let unknown: Vec<&str> = values
        .keys()
        .map(String::as_str)
        .filter(|name| !known.contains(name))
        .collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let takes = if known.is_empty() {
        "it takes none".to_owned()
    } else {
        format!("it takes {}", known.join(", "))
    };
    let near = match nearest(first, known.iter().copied()).first() {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => String::new(),
    };
    Err(Error::invalid_call(format!(
        "{tool} has no argument {}{near} ({takes})",
        join_bounded(unknown.iter().copied(), 5)
    )))
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

fn too_many(name: &str, count: usize) -> Error {
    Error::invalid_call(format!(
        "the argument \"{name}\" has {count} records; one call takes at most {MAX_BATCH}"
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
        Arguments::new("odoo_test", Some(map), &[])
    }

    #[test]
    fn a_wrong_name_is_met_with_the_right_one() {
        let given = json!({"modle": "res.partner"});
        let args = Arguments::new("odoo_read", given.as_object().cloned(), &["model", "id"]);
        let error = args.only_known().err().unwrap();
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
        assert_eq!(args.filter().domain, json!([["id", "=", 1]]));
        assert_eq!(args.ids("ids").unwrap(), [1, 2]);
        assert_eq!(args.names("fields").unwrap().unwrap(), ["name", "state"]);
    }

    #[test]
    fn a_method_takes_one_record_several_or_none() {
        let ids = |value| arguments(value).method_ids();
        assert_eq!(ids(json!({"id": "7"})).unwrap(), [7]);
        assert_eq!(ids(json!({"ids": [7, 8]})).unwrap(), [7, 8]);
        assert_eq!(ids(json!({"id": 7, "ids": [7]})).unwrap(), [7]);
        assert!(ids(json!({})).unwrap().is_empty());
        assert!(ids(json!({"id": 7, "ids": [8]})).is_err());
        assert!(ids(json!({"id": 0})).is_err());
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
