//! What the structured answers of tools look like: the `outputSchema` of each.
//!
//! It follows from the form that the server gives to answers and not from the Odoo alone, so it
//! is made when the server starts and stands in no schema file.
//!
//! Clients refuse an answer that does not fit, so these schemas promise no more than holds:
//!
//! * `type` at the root is `object`: others lose a client the whole list of tools.
//! * Nothing is `required`. Some clients (the TypeScript SDK's) hold the answer of a failed call,
//!   which has `error` alone, against the schema as well.
//! * Further keys are allowed: answers have more than is described, and rows the fields that
//!   were asked for. Every word here is in each list of tools, so only what a program needs
//!   stands here; the README describes all of it.
//! * What may be empty has two types, `["string", "null"]`. Input schemas avoid that form, since
//!   clients hand those to models whose makers refuse it; output schemas stay in the client, and
//!   validators take it.
//! * No `enum` and no reference: another option in Odoo must not make an answer wrong, and
//!   references are what clients have stumbled over.

use serde_json::{Map, Value, json};

use super::{FieldSchema, FieldType, ModelSchema, Operation, SelectionKey};

/// The answer of a typed tool.
pub fn output_schema(model: &ModelSchema, operation: &Operation) -> Map<String, Value> {
    match operation {
        Operation::Search => page_schema(&row_schema(model)),
        Operation::Read => record_schema(&row_schema(model)),
        Operation::Count => count_schema(),
        Operation::Aggregate => groups_schema(),
        Operation::Create | Operation::Update | Operation::Delete => change_schema(),
        Operation::Action(_) => method_schema(),
    }
}

/// The answer of a search, whose rows look like this.
pub fn page_schema(row: &Value) -> Map<String, Value> {
    object(json!({
        "total": {"type": "integer"},
        "next_offset": {"type": ["integer", "null"]},
        "records": {"type": "array", "items": row},
        "currencies": {"type": "object"},
        "url": {"type": "string"},
    }))
}

/// The answer of a read, whose record looks like this.
pub fn record_schema(record: &Value) -> Map<String, Value> {
    object(json!({
        "record": record,
        "records": {"type": "array", "items": {"type": "object"}},
        "currencies": {"type": "object"},
        "url": {"type": "string"},
    }))
}

/// The answer of a search that groups.
pub fn groups_schema() -> Map<String, Value> {
    object(json!({
        "total": {"type": "integer"},
        "next_offset": {"type": ["integer", "null"]},
        "groups": {"type": "array", "items": {"type": "object"}},
        "currencies": {"type": "object"},
    }))
}

/// The answer of a count.
pub fn count_schema() -> Map<String, Value> {
    object(json!({"count": {"type": "integer"}}))
}

/// The answer of a create, update or delete: of one record, or of several.
pub fn change_schema() -> Map<String, Value> {
    object(json!({
        "success": {"type": "boolean"},
        "id": {"type": "integer"},
        "ids": {"type": "array", "items": {"type": "integer"}},
    }))
}

/// The answer of a method or button; its `result` is whatever Odoo gives back. Where Odoo opens a
/// dialogue, it is in `wizard`: what to fill in, by name, and the handle to go on with.
pub fn method_schema() -> Map<String, Value> {
    object(json!({
        "success": {"type": "boolean"},
        "ids": {"type": "array", "items": {"type": "integer"}},
        "wizard": object(json!({
            "handle": {"type": "string"},
            "fields": {"type": "object"},
        })),
    }))
}

/// An object with these properties.
pub fn object(properties: Value) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), properties);
    schema
}

/// A row with the key fields.
fn row_schema(model: &ModelSchema) -> Value {
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({"type": "integer"}));
    for name in model.summary_fields() {
        if let Some(schema) = model.field(&name).and_then(answer_schema) {
            properties.insert(name, schema);
        }
    }
    Value::Object(object(Value::Object(properties)))
}

/// The form of a field's value in an answer; `None` where it may be anything.
fn answer_schema(field: &FieldSchema) -> Option<Value> {
    Some(match &field.field_type {
        FieldType::Boolean => json!({"type": "boolean"}),
        FieldType::Integer => json!({"type": "integer"}),
        FieldType::Float | FieldType::Monetary => json!({"type": "number"}),
        FieldType::Many2oneReference => json!({"type": ["integer", "null"]}),
        FieldType::Char | FieldType::Text | FieldType::Html | FieldType::Reference => {
            json!({"type": ["string", "null"]})
        }
        FieldType::Date => json!({"type": ["string", "null"], "format": "date"}),
        FieldType::Datetime => json!({"type": ["string", "null"], "format": "date-time"}),
        FieldType::Selection if has_text_keys(field) => json!({"type": ["string", "null"]}),
        FieldType::Many2one => json!({
            "type": ["object", "null"],
            "properties": {"id": {"type": "integer"}, "name": {"type": ["string", "null"]}},
        }),
        FieldType::One2many | FieldType::Many2many => {
            json!({"type": "array", "items": {"type": "integer"}})
        }
        _ => return None,
    })
}

fn has_text_keys(field: &FieldSchema) -> bool {
    let options = field.selection.iter().flatten();
    !options
        .into_iter()
        .any(|option| matches!(option.key, SelectionKey::Integer(_)))
}

/// The key field whose values a typed tool describes and that is of another type now: a client
/// would refuse every answer.
pub fn misread<'a>(
    written: &ModelSchema,
    live: &'a ModelSchema,
    operation: &Operation,
) -> Option<&'a str> {
    if !matches!(operation, Operation::Search | Operation::Read) {
        return None;
    }
    written.summary_fields().into_iter().find_map(|name| {
        let (name, now) = live.fields.get_key_value(&name)?;
        let before = answer_schema(written.field(name)?)?;
        (answer_schema(now).as_ref() != Some(&before)).then_some(name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(kind: &str) -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "rec_name": "name", "list_fields": ["name", "total", "level", "partner_id"],
            "fields": {
                "name": {"type": "char"}, "total": {"type": kind},
                "partner_id": {"type": "many2one", "relation": "res.partner"},
                "level": {"type": "selection", "selection": [[1, "Low"]]},
            },
        }))
        .unwrap()
    }

    #[test]
    fn a_row_describes_the_key_fields() {
        let schema = output_schema(&model("monetary"), &Operation::Search);
        assert_eq!(
            schema["properties"]["records"]["items"]["properties"],
            json!({
                "id": {"type": "integer"},
                "name": {"type": ["string", "null"]},
                "total": {"type": "number"},
                "partner_id": {"type": ["object", "null"], "properties": {
                    "id": {"type": "integer"}, "name": {"type": ["string", "null"]},
                }},
            })
        );
    }

    #[test]
    fn a_key_field_of_another_type_is_a_misreading() {
        let (written, live) = (model("monetary"), model("char"));
        assert_eq!(misread(&written, &live, &Operation::Search), Some("total"));
        assert_eq!(misread(&written, &live, &Operation::Create), None);
        // A float is read like an amount.
        assert_eq!(misread(&written, &model("float"), &Operation::Read), None);
    }
}
