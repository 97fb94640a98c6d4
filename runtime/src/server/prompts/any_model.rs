//! Prompts that work with every model.

use serde_json::{Value, json};

use super::desk::{Desk, Steps};
use super::{Argument, Prompt};
use crate::error::{Error, Result};
use crate::schema::text::{clean, nearest};
use crate::schema::{FieldSchema, FieldType, ModelSchema, Operation};
use crate::server::completion::Source;

const MODEL: Argument = Argument {
    name: "model",
    title: "Model",
    description: "Technical name of a model, such as sale.order",
    is_required: true,
    source: Source::Model,
};

/// Records by the value of a field.
pub(super) const FIND_RECORDS: Prompt = Prompt {
    name: "find_records",
    title: "Find records",
    description: "Records of any model, by the value of one field",
    arguments: &[
        MODEL,
        Argument {
            name: "field",
            title: "Field",
            description: "Technical name of a field, such as state",
            is_required: false,
            source: Source::Field,
        },
        Argument {
            name: "value",
            title: "Value",
            description: "What the field has: an option's key, a name, a number, true or false",
            is_required: false,
            source: Source::Value,
        },
    ],
    needs: &[],
    uses: &[],
    write: find_records,
};

fn find_records(desk: &Desk<'_>) -> Result<String> {
    let model = desk.given("model").unwrap_or_default();
    let condition = match desk.given("field") {
        Some(field) => Some(condition(desk.schema, field, desk.given("value"))?),
        None => None,
    };
    let domain: Vec<Value> = condition.into_iter().collect();
    let search = desk.call(model, &Operation::Search, json!({"domain": domain}))?;
    Ok(Steps::new(desk, "Find records and show them.")
        .call("Search", search)
        .call(
            "If a condition or a field is missing, look at the model first",
            desk.describe(model),
        )
        .say("Show the records as a table with the columns that tell most, and how many there are in all.")
        .finish())
}

/// The condition that a field has a value, as its type wants it. Without a value, that it has
/// any.
fn condition(schema: Option<&ModelSchema>, field: &str, value: Option<&str>) -> Result<Value> {
    let described = match schema {
        Some(schema) => Some(
            schema
                .field(field)
                .ok_or_else(|| unknown_field(schema, field))?,
        ),
        None => None,
    };
    let Some(value) = value else {
        return Ok(json!([field, "!=", false]));
    };
    let kind = described.map(|field| &field.field_type);
    let number = || value.parse::<f64>().ok().and(value.parse::<Value>().ok());
    Ok(match kind {
        Some(FieldType::Boolean) => json!([field, "=", is_yes(value)]),
        Some(FieldType::Selection) => json!([field, "=", key_of(described, value)]),
        Some(FieldType::Date | FieldType::Datetime) => json!([field, ">=", value]),
        Some(kind) if kind.is_numeric() => {
            json!([field, "=", number().unwrap_or_else(|| json!(value))])
        }
        Some(kind) if kind.is_relational() => match value.parse::<i64>() {
            Ok(id) => json!([field, "=", id]),
            Err(_) => json!([field, "ilike", value]),
        },
        _ => json!([field, "ilike", value]),
    })
}

fn is_yes(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "true" | "yes" | "1")
}

/// The option that was named by its key or its label.
fn key_of(field: Option<&FieldSchema>, value: &str) -> Value {
    let options = field.and_then(|field| field.selection.as_deref());
    let is_named = |key: &str, label: &str| key == value || label.eq_ignore_ascii_case(value);
    options
        .into_iter()
        .flatten()
        .find(|option| is_named(&option.key.to_string(), &option.label))
        .map_or_else(|| json!(value), |option| json!(option.key))
}

fn unknown_field(schema: &ModelSchema, field: &str) -> Error {
    let near = nearest(field, schema.fields.keys().map(String::as_str));
    let error = Error::invalid_call(format!(
        "{} has no field \"{}\"",
        schema.model,
        clean(field, 60)
    ));
    match near.first() {
        Some(near) => error.with_hint(format!("Did you mean \"{near}\"?")),
        None => error,
    }
}

/// A record in words.
pub(super) const EXPLAIN_RECORD: Prompt = Prompt {
    name: "explain_record",
    title: "Explain a record",
    description: "What a record is about, how it stands and what can be done with it",
    arguments: &[
        MODEL,
        Argument {
            name: "id",
            title: "Record",
            description: "Id of the record; typing a name completes to ids",
            is_required: true,
            source: Source::RecordId,
        },
    ],
    needs: &[],
    uses: &[],
    write: explain_record,
};

fn explain_record(desk: &Desk<'_>) -> Result<String> {
    let model = desk.given("model").unwrap_or_default();
    let id = desk.given("id").unwrap_or_default();
    let id = id.parse::<i64>().ok().filter(|id| *id > 0).ok_or_else(|| {
        Error::invalid_call(format!(
            "\"id\" is the number of a record, not {}",
            json!(id)
        ))
    })?;
    let read = desk.call(model, &Operation::Read, json!({"id": id}))?;
    Ok(Steps::new(desk, "Explain a record to someone who has not seen it before.")
        .call("Read it", read)
        .say(&format!(
            "Its resource odoo://{model}/{id} names its attachments and PDF reports."
        ))
        .call(
            "See what its fields and actions mean",
            desk.describe(model),
        )
        .say("Say in a few sentences what it is, how it stands, who and what it is linked to, which dates and amounts matter, and which actions make sense next. Follow links only as far as that needs.")
        .say("Change nothing before the user has approved it.")
        .finish())
}
