//! Records as an assistant reads them: structured JSON, and the same as compact text.
//!
//! Odoo's `false` becomes `null`, a many2one `[7, "Azure"]` becomes `{"id": 7, "name":
//! "Azure"}`. Control and invisible characters are removed: they show nothing to a person
//! and can carry instructions to a model.

use serde_json::{Map, Value, json};

use crate::client::RawRecord;
use crate::schema::text::is_invisible;
use crate::schema::{FieldType, ModelSchema};

/// The result of a tool: the structured form and the text form say the same.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) structured: Value,
    pub(crate) text: String,
}

/// A record with its values in the form of results; `id` comes first.
pub(crate) fn record(
    raw: &RawRecord,
    fields: &[String],
    schema: Option<&ModelSchema>,
) -> Map<String, Value> {
    let mut shown = Map::new();
    if let Some(id) = raw.get("id") {
        shown.insert("id".to_owned(), id.clone());
    }
    let asked = fields.iter().filter(|name| raw.contains_key(*name));
    let extra = raw.keys().filter(|name| !fields.contains(name));
    for name in asked.chain(extra).filter(|name| *name != "id") {
        let field_type = schema
            .and_then(|schema| schema.field(name))
            .map(|field| &field.field_type);
        shown.insert(name.clone(), value(&raw[name.as_str()], field_type));
    }
    shown
}

fn value(raw: &Value, field_type: Option<&FieldType>) -> Value {
    match (raw, field_type) {
        (Value::Bool(false), Some(FieldType::Boolean) | None) => json!(false),
        (Value::Bool(false), Some(_)) => Value::Null,
        (Value::Array(pair), None | Some(FieldType::Many2one)) => match pair.as_slice() {
            [Value::Number(id), Value::String(name)] => json!({"id": id, "name": visible(name)}),
            _ => raw.clone(),
        },
        (Value::String(text), _) => json!(visible(text)),
        _ => raw.clone(),
    }
}

/// The text without characters that a person does not see; line breaks and tabs stay.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c) && (!c.is_control() || matches!(c, '\n' | '\t')))
        .collect()
}

/// A value in one line of text.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.replace('\n', " ⏎ "),
        Value::Object(map) => match (map.get("id"), map.get("name").and_then(Value::as_str)) {
            (Some(id), Some(name)) if map.len() == 2 => {
                format!("{} ({id})", name.replace('\n', " "))
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// Records as a table: a line of field names, then a line a record.
pub(crate) fn table(records: &[Map<String, Value>]) -> String {
    let Some(first) = records.first() else {
        return String::new();
    };
    let columns: Vec<&String> = first.keys().collect();
    let header = columns.iter().map(|name| name.as_str()).collect::<Vec<_>>();
    let mut lines = vec![header.join(" | ")];
    lines.extend(records.iter().map(|record| {
        let cells: Vec<String> = columns
            .iter()
            .map(|name| {
                record
                    .get(*name)
                    .map(cell)
                    .unwrap_or_default()
                    .replace('|', "¦")
            })
            .collect();
        cells.join(" | ")
    }));
    lines.join("\n")
}

/// One record as lines `field: value`; empty values are named together at the end.
pub(crate) fn lines(record: &Map<String, Value>) -> String {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    let (empty, filled): (Vec<_>, Vec<_>) = record.iter().partition(|(_, value)| is_empty(value));
    let mut lines: Vec<String> = filled
        .into_iter()
        .map(|(name, value)| format!("{name}: {}", cell(value)))
        .collect();
    if !empty.is_empty() {
        let names: Vec<&str> = empty.iter().map(|(name, _)| name.as_str()).collect();
        lines.push(format!("empty: {}", names.join(", ")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::FieldSchema;

    fn schema() -> ModelSchema {
        let mut schema = ModelSchema::from_wire(&json!({"model": "x", "fields": {}})).unwrap();
        for (name, kind) in [
            ("active", FieldType::Boolean),
            ("email", FieldType::Char),
            ("user_id", FieldType::Many2one),
        ] {
            schema
                .fields
                .insert(name.to_owned(), FieldSchema::new(kind));
        }
        schema
    }

    #[test]
    fn false_is_no_value_except_for_booleans() {
        let raw =
            json!({"email": false, "active": false, "user_id": [2, "Mitchell\u{200B}"], "id": 1});
        let fields = [
            "email".to_owned(),
            "user_id".to_owned(),
            "active".to_owned(),
        ];
        let shown = record(raw.as_object().unwrap(), &fields, Some(&schema()));
        assert_eq!(
            Value::Object(shown.clone()),
            json!({"id": 1, "email": null, "user_id": {"id": 2, "name": "Mitchell"}, "active": false})
        );
        assert_eq!(
            lines(&shown),
            "id: 1\nuser_id: Mitchell (2)\nactive: no\nempty: email"
        );
        assert_eq!(
            table(&[shown]),
            "id | email | user_id | active\n1 |  | Mitchell (2) | no"
        );
    }
}
