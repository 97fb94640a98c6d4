//! The arguments of a tool call, read with errors that teach.
//!
//! Models send JSON as text, one id as a list, or a name slightly wrong, and fill in arguments
//! that they do not need with an empty text or list; what is unambiguous is taken, the rest is
//! refused with the argument's right name and type.

mod given;

use serde_json::{Map, Value, json};

use super::policy::Crossings;
use crate::error::{Error, Result};
use crate::schema::text::{join_bounded, nearest, shorten};
use crate::schema::validate::{Filter, Problems};
use given::{as_integer, conditions, is_blank, is_nothing, parse_text, parts};

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
        self.values.get(name).filter(|value| !is_blank(value))
    }

    /// Whether an argument says anything: it is neither null nor empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        let value = self.get(name).map(parse_text);
        value.is_some_and(|value| !is_nothing(&value))
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
        // No record has the id 0, with which a number is filled in that is not needed.
        let is_zero = self.get(name).and_then(as_integer) == Some(0);
        if is_zero || !self.has(name) {
            return Ok(());
        }
        Err(Error::invalid_call(format!(
            "the call has the argument \"{name}\", {why}"
        )))
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
        let id = match parse_text(value) {
            Value::Array(items) if items.len() == 1 => as_integer(&items[0]),
            other => as_integer(&other),
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
        let items = match parse_text(value) {
            Value::Array(items) => items,
            Value::String(text) => text.split(',').map(|part| json!(part)).collect(),
            single => vec![single],
        };
        let items = items.iter().filter(|item| !is_blank(item));
        items
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
        // A call about several names no single one; 0 stands where a number is expected.
        let id = self.get("id");
        let id = id.filter(|id| ids.is_empty() || as_integer(id) != Some(0));
        if id.is_some() {
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

    /// Every record that the call names, whatever else is wrong with it: for the question whether
    /// one of them is kept from assistants.
    pub(crate) fn named_ids(&self) -> Vec<i64> {
        let mut ids = self.ids("ids").unwrap_or_default();
        ids.extend(self.required_id("id").ok());
        ids
    }

    /// The records of a method, which may also be one of the model: `id`, `ids`, or none.
    pub(crate) fn method_ids(&self) -> Result<Vec<i64>> {
        let ids = self.ids("ids")?;
        let is_given = |id: &&Value| ids.is_empty() || as_integer(id) != Some(0);
        if !self.get("id").is_some_and(|id| is_given(&id)) {
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
        if self.has("values") {
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
        match self.get(name).map(parse_text) {
            Some(Value::Array(items)) => Value::Array(conditions(items)),
            Some(other) if !is_nothing(&other) => other,
            _ => json!([]),
        }
    }

    /// Field names, also as `"name, state"`.
    pub(crate) fn names(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let names = parts(&parse_text(value));
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

    /// A list; empty when the argument is missing. Where all of its items are texts, they may be
    /// JSON, too: schemas of lists of texts allow no other form of it.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<Value>> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        match parse_text(value) {
            Value::Array(items) if items.iter().all(Value::is_string) => {
                Ok(items.iter().map(parse_text).collect())
            }
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

    /// The page size that was asked for, where it is more than a page returns.
    pub(crate) fn cut_limit(&self) -> Option<u64> {
        let asked = self.count("limit").ok().flatten();
        asked.filter(|limit| *limit > MAX_LIMIT)
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
mod tests;
