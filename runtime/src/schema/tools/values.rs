//! The values that a create or update tool takes: which fields, and which of them must be given.

use serde_json::{Map, Value, json};

use crate::schema::json_schema::{ModelLookup, value_schema};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// Required fields that stand in a form and that the model's own `create` fills in, which no
/// description tells: a timesheet's account is that of its project (`hr_timesheet`, 16.0).
const FILLED_IN_BY_CREATE: [(&str, &str); 1] = [("account.analytic.line", "account_id")];

/// The longest argument schema of a create or update tool, in bytes of compact JSON. It keeps
/// a tool under about 700 tokens; fields beyond it are accepted all the same.
const MAX_VALUES_BYTES: usize = 1_900;

/// The values of a create or update: chosen and required fields first, then the form's, within
/// a budget.
pub(super) fn values_schema(
    model: &ModelSchema,
    is_create: bool,
    lookup: ModelLookup<'_>,
) -> Value {
    let mut properties = Map::new();
    let mut bytes = 0;
    let mut left_out = 0_usize;
    for name in writable_fields(model) {
        let Some(field) = model.field(name) else {
            continue;
        };
        let schema = Value::Object(value_schema(field, lookup));
        let size = name.len() + schema.to_string().len() + 4 + short_options(&schema);
        let is_needed = is_create && model.must_be_given(name);
        if bytes + size > MAX_VALUES_BYTES && !is_needed {
            left_out += 1;
            continue;
        }
        bytes += size;
        properties.insert(name.to_owned(), schema);
    }
    let mut description =
        "Field values; null clears a field; related records by id or exact name.".to_owned();
    if left_out > 0 {
        description.push_str(&format!(
            " {left_out} more fields are accepted: see odoo_schema."
        ));
    }
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("description".into(), json!(description));
    let required: Vec<&String> = properties
        .keys()
        .filter(|name| is_create && model.must_be_given(name))
        .collect();
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema.insert("properties".into(), Value::Object(properties));
    Value::Object(schema)
}

/// What short options cost beyond their bytes: each is at least three tokens, of about four
/// bytes elsewhere.
fn short_options(schema: &Value) -> usize {
    let options = schema.get("enum").and_then(Value::as_array);
    let keys = options.into_iter().flatten().filter_map(Value::as_str);
    keys.map(|key| 9_usize.saturating_sub(key.len())).sum()
}

impl ModelSchema {
    /// Whether a create without this field is sure to be refused: required, shown to whoever
    /// fills in the form, and nothing fills it in by itself.
    ///
    /// It is a lower bound, since many models fill required fields in when they create a
    /// record: the record behind an `_inherits` (`res.users.partner_id`), codes, locations.
    /// Such fields stand in no form, or not always.
    pub fn must_be_given(&self, name: &str) -> bool {
        self.field(name).is_some_and(|field| {
            let is_filled_in = field.has_default
                || field.computed
                || field.readonly
                || field.related.is_some()
                || field.field_type == FieldType::Boolean
                || field.field_type.is_numeric()
                || field.field_type.is_x2many();
            let is_shown = field.invisible_expr.is_none()
                && (self.form_fields.is_empty() || self.form_fields.iter().any(|f| f == name));
            field.required
                && !is_filled_in
                && is_shown
                && !self.is_delegated_to(name)
                && !FILLED_IN_BY_CREATE.contains(&(self.model.as_str(), name))
        })
    }

    /// Whether other fields of the model are those of the record that this one links to.
    fn is_delegated_to(&self, link: &str) -> bool {
        let is_behind = |path: &str| path.split_once('.').is_some_and(|(head, _)| head == link);
        self.fields
            .values()
            .any(|field| field.related.as_deref().is_some_and(is_behind) && !field.readonly)
    }
}

/// Fields that a person fills in: the chosen ones, those that must be given, the kind of
/// record, its lines, then the form's in its order. What the form never shows is left out,
/// unless it was chosen.
fn writable_fields(model: &ModelSchema) -> Vec<&str> {
    let form = model.form_fields.iter().map(String::as_str);
    let all = model.fields.keys().map(String::as_str);
    let names: Vec<&str> = if model.form_fields.is_empty() {
        all.collect()
    } else {
        form.collect()
    };
    let mut ranked: Vec<(u8, &str)> = names
        .into_iter()
        .filter_map(|name| Some((input_rank(model, name)?, name)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let is_input = |name: &&str| {
        let is_never_edited = model.field(name).is_some_and(FieldSchema::is_never_edited);
        input_rank(model, name).is_some() && !is_never_edited
    };
    let mut fields: Vec<&str> = model.present_key_fields().filter(is_input).collect();
    for (_, name) in ranked {
        if !fields.contains(&name) {
            fields.push(name);
        }
    }
    fields
}

/// How early a field comes in the arguments of a create; `None` for one that nobody fills in.
fn input_rank(model: &ModelSchema, name: &str) -> Option<u8> {
    let field = model.field(name)?;
    let is_opaque = matches!(
        field.field_type,
        FieldType::Binary
            | FieldType::Image
            | FieldType::Json
            | FieldType::Properties
            | FieldType::PropertiesDefinition
            | FieldType::Unknown(_)
    );
    if field.computed || is_opaque || name.starts_with("message_") || name.starts_with("activity_")
    {
        return None;
    }
    // What kind of record it is (`move_type`, `type`) is read-only only once it is stored.
    let is_kind =
        field.field_type == FieldType::Selection && field.required && name.ends_with("type");
    let is_name = model.rec_name.as_deref() == Some(name) && !field.has_default;
    let is_lines = field.field_type == FieldType::One2many
        && (name.contains("line") || name.starts_with("move_ids"));
    if model.must_be_given(name) {
        Some(0)
    } else if is_kind {
        Some(1)
    } else if field.readonly || field.is_always_hidden() {
        None
    } else if is_lines || is_name {
        Some(2)
    } else if field.required_expr.is_some() {
        Some(3)
    } else if !field.field_type.is_x2many() {
        Some(4)
    } else {
        Some(5)
    }
}
