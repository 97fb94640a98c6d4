//! JSON Schema of field values, in the subset that every big client takes: one `type` each,
//! no combinators or references, arrays with `items`, string enums of bounded size.

use serde_json::{Map, Value, json};

use super::text::clean;
use super::{FieldSchema, FieldType, ModelSchema};

/// More options than this make a schema that some clients refuse.
const MAX_ENUM: usize = 50;
/// Labels and notes of one property.
const MAX_DESCRIPTION: usize = 120;

/// Finds the descriptor of another model, where it is known.
pub type ModelLookup<'a> = &'a dyn Fn(&str) -> Option<&'a ModelSchema>;

/// The schema of one value as it is written in `values`.
pub(super) fn value_schema(field: &FieldSchema, lookup: ModelLookup<'_>) -> Map<String, Value> {
    let mut schema = Map::new();
    let mut notes = String::new();
    match &field.field_type {
        FieldType::Integer | FieldType::Many2oneReference => {
            schema.insert("type".into(), json!("integer"));
        }
        FieldType::Float | FieldType::Monetary => {
            schema.insert("type".into(), json!("number"));
        }
        FieldType::Boolean => {
            schema.insert("type".into(), json!("boolean"));
        }
        FieldType::Many2one => {
            // Text, since an id is easily written as one, and a name is not a number.
            schema.insert("type".into(), json!("string"));
            notes = format!("id or name of {}", relation(field));
        }
        FieldType::Many2many => {
            schema.insert("type".into(), json!("array"));
            schema.insert("items".into(), json!({"type": "string"}));
            notes = format!(
                "ids or names of {}, replacing the present ones",
                relation(field)
            );
        }
        FieldType::One2many => {
            schema.insert("type".into(), json!("array"));
            schema.insert("items".into(), line_schema(field, lookup));
            notes = "lines to add; with `id`, lines to change".to_owned();
        }
        other => {
            schema.insert("type".into(), json!("string"));
            notes = string_notes(other).to_owned();
        }
    }
    if let Some(keys) = enum_keys(field) {
        schema.insert("enum".into(), json!(keys));
    }
    let description = describe(field, &notes);
    if !description.is_empty() {
        schema.insert("description".into(), json!(description));
    }
    schema
}

fn string_notes(field_type: &FieldType) -> &'static str {
    match field_type {
        FieldType::Date => "YYYY-MM-DD or +2w",
        FieldType::Datetime => "YYYY-MM-DD HH:MM:SS or +2w",
        FieldType::Binary | FieldType::Image => "base64",
        FieldType::Html => "HTML",
        FieldType::Reference => "model,id",
        FieldType::Json | FieldType::Properties | FieldType::PropertiesDefinition => "JSON",
        _ => "",
    }
}

fn relation(field: &FieldSchema) -> &str {
    field.relation.as_deref().unwrap_or("the related model")
}

/// The options of a selection that fit an enum: few, and none of them empty.
fn enum_keys(field: &FieldSchema) -> Option<Vec<String>> {
    let options = field.selection.as_ref()?;
    let keys: Vec<String> = options
        .iter()
        .map(|option| option.key.to_string())
        .filter(|key| !key.is_empty())
        .collect();
    (!keys.is_empty() && keys.len() <= MAX_ENUM).then_some(keys)
}

/// A line of a one2many: the few fields that a new line always needs.
fn line_schema(field: &FieldSchema, lookup: ModelLookup<'_>) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "id".into(),
        json!({"type": "integer", "description": "an existing line; leave out for a new one"}),
    );
    let target = field.relation.as_deref().and_then(lookup);
    for (name, column) in target
        .into_iter()
        .flat_map(line_columns)
        .filter(|(name, _)| field.relation_field.as_deref() != Some(name))
        .take(6)
    {
        properties.insert(name.to_owned(), json!({"type": simple_type(column)}));
    }
    json!({"type": "object", "properties": properties})
}

fn line_columns(model: &ModelSchema) -> impl Iterator<Item = (&str, &FieldSchema)> {
    let is_input = |field: &FieldSchema| {
        !field.readonly
            && !field.computed
            && simple_type(field) != "array"
            && !field.field_type.is_binary()
    };
    let required = model
        .fields
        .iter()
        .filter(|(_, field)| field.required && !field.has_default);
    let usual = [
        "product_id",
        "name",
        "product_uom_qty",
        "product_qty",
        "quantity",
        "price_unit",
    ];
    let usual = usual
        .into_iter()
        .filter_map(|name| model.fields.get_key_value(name));
    let mut seen = Vec::new();
    usual
        .chain(required)
        .filter(move |(name, field)| {
            let is_new = !seen.contains(name);
            seen.push(name);
            is_new && is_input(field)
        })
        .map(|(name, field)| (name.as_str(), field))
}

/// The JSON type of a field's value.
pub(super) fn simple_type(field: &FieldSchema) -> &'static str {
    match field.field_type {
        FieldType::Integer | FieldType::Many2oneReference => "integer",
        FieldType::Float | FieldType::Monetary => "number",
        FieldType::Boolean => "boolean",
        FieldType::One2many | FieldType::Many2many => "array",
        _ => "string",
    }
}

fn describe(field: &FieldSchema, notes: &str) -> String {
    let label = field.label.as_deref().unwrap_or_default();
    let text = match (label.is_empty(), notes.is_empty()) {
        (true, _) => notes.to_owned(),
        (false, true) => label.to_owned(),
        (false, false) => format!("{label} ({notes})"),
    };
    clean(&text, MAX_DESCRIPTION)
}
