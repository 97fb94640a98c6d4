//! Checks and mends the values of a create or an update.

use serde_json::{Map, Value, json};

use super::commands::{VERBS, is_line, prepare_x2many};
use super::fields::find_field;
use super::references::prepare_link;
use super::scalars::{prepare_stored, said_date, show};
use super::{Known, Problems, properties, special};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// What the values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new record: required fields must be there.
    Create,
    /// Changes of a record: only what is given counts.
    Update,
}

/// Fields that Odoo fills in itself (`odoo/models.py`, `MAGIC_COLUMNS`).
const MAGIC_FIELDS: [&str; 6] = [
    "id",
    "create_uid",
    "create_date",
    "write_uid",
    "write_date",
    "display_name",
];

/// Checks values against the model and returns them in the form that Odoo expects.
pub fn prepare_values(
    model: &ModelSchema,
    values: &Map<String, Value>,
    purpose: Purpose,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Map<String, Value> {
    prepare_fields(
        model,
        values,
        purpose,
        path,
        known,
        problems,
        |model, values, problems| {
            if purpose == Purpose::Create {
                check_required(model, values, None, path, problems);
            }
        },
    )
}

/// The values of a new line of a one2many; `inverse` is the link to its parent, which Odoo
/// fills in.
pub(super) fn prepare_new_line(
    model: &ModelSchema,
    values: &Map<String, Value>,
    inverse: Option<&str>,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Map<String, Value> {
    prepare_fields(
        model,
        values,
        Purpose::Create,
        path,
        known,
        problems,
        |model, values, problems| {
            check_required(model, values, inverse, path, problems);
        },
    )
}

fn prepare_fields(
    model: &ModelSchema,
    values: &Map<String, Value>,
    purpose: Purpose,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
    check_whole: impl Fn(&ModelSchema, &Map<String, Value>, &mut Problems),
) -> Map<String, Value> {
    let mut prepared = Map::new();
    for (name, value) in values {
        let here = format!("{path}.{name}");
        if MAGIC_FIELDS.contains(&name.as_str()) && !is_writable_magic(model, name) {
            problems.add(&here, "Odoo fills this field in by itself; leave it out");
            continue;
        }
        let Some(field) = find_field(model, name, &here, problems) else {
            continue;
        };
        if let Some(refusal) = special::refusal(model, name) {
            problems.add(&here, refusal);
            continue;
        }
        // Odoo takes such a value without a word, and computes another one.
        if field.computed && field.readonly {
            problems.add(&here, computed(model, field));
            continue;
        }
        // Who fills in all of a new record says by null that there is nothing to say.
        if purpose == Purpose::Create && value.is_null() && field.has_default {
            continue;
        }
        let is_distribution = special::is_distribution(name, field);
        let value = if is_distribution && !matches!(value, Value::Null | Value::Bool(false)) {
            special::prepare_distribution(value, &here, known, problems)
        } else {
            prepare_value(field, value, &here, known, problems)
        };
        if let Some(value) = value {
            prepared.insert(name.clone(), value);
        }
    }
    check_whole(model, values, problems);
    prepared
}

/// The dotted paths of the relations that values are given for, so that the models behind
/// them can be fetched before the check.
pub fn value_paths(values: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    collect_paths(values, "", &mut paths);
    paths
}

fn collect_paths(values: &Map<String, Value>, prefix: &str, paths: &mut Vec<String>) {
    for (name, value) in values {
        if !is_line(value) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let inner = format!("{path}.");
        for line in lines_within(value) {
            collect_paths(line, &inner, paths);
        }
        paths.push(path);
    }
}

/// The objects of values in what a list of records is given: each once, as the commands by name are
/// no values themselves.
fn lines_within(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Array(items) => items.iter().flat_map(lines_of_item).collect(),
        // `{"create": [{…}]}`: the lines stand one level deeper.
        Value::Object(by_name) if by_name.keys().any(|key| VERBS.contains(&key.as_str())) => {
            let given = ["create", "update"]
                .iter()
                .filter_map(|verb| by_name.get(*verb));
            given
                .flat_map(|given| match given {
                    Value::Array(items) => items.iter().flat_map(lines_of_item).collect(),
                    single => lines_of_item(single),
                })
                .collect()
        }
        single => lines_of_item(single),
    }
}

/// A line, or the values in a command of Odoo's (`[0, 0, {…}]`).
fn lines_of_item(item: &Value) -> Vec<&Map<String, Value>> {
    match item {
        Value::Object(line) => vec![line],
        Value::Array(command) => command.iter().filter_map(Value::as_object).collect(),
        _ => Vec::new(),
    }
}

/// A few models store their display name (`display_name` of `res.users` does not), and one
/// without a log of its own (`_log_access = False`) may call any field as Odoo calls these.
fn is_writable_magic(model: &ModelSchema, name: &str) -> bool {
    let of_the_log = match name {
        "create_uid" | "write_uid" => FieldType::Many2one,
        "create_date" | "write_date" => FieldType::Datetime,
        _ => return name == "display_name" && model.rec_name.as_deref() == Some(name),
    };
    let field = model.field(name);
    field.is_some_and(|field| field.field_type != of_the_log)
}

/// Why a computed field takes no value, and which one it follows, where that one does.
fn computed(model: &ModelSchema, field: &FieldSchema) -> String {
    let source = field
        .related
        .as_deref()
        .and_then(|path| path.split('.').next());
    match source.filter(|name| model.field(name).is_some_and(|field| !field.readonly)) {
        Some(source) => {
            format!("follows {source} and cannot be written itself; leave it out, and set {source}")
        }
        None => "computed by Odoo and cannot be written; leave it out".to_owned(),
    }
}

fn check_required(
    model: &ModelSchema,
    values: &Map<String, Value>,
    inverse: Option<&str>,
    path: &str,
    problems: &mut Problems,
) {
    for (name, field) in &model.fields {
        let is_given = values.contains_key(name)
            || MAGIC_FIELDS.contains(&name.as_str())
            || inverse == Some(name.as_str());
        if !is_given && model.must_be_given(name) {
            let label = field.label.as_deref().unwrap_or(name);
            problems.add(
                &format!("{path}.{name}"),
                format!("required and missing ({label}, {})", field.field_type),
            );
        }
    }
}

/// One value in Odoo's form, or `None` after noting a mistake.
pub(super) fn prepare_value(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    if field.field_type.is_x2many() {
        return prepare_x2many(field, value, path, known, problems);
    }
    let is_clearing = matches!(value, Value::Null | Value::Bool(false));
    if is_clearing && field.field_type != FieldType::Boolean {
        // A default is for a field that is left out.
        if field.required && !field.field_type.is_numeric() {
            problems.add(path, "required and cannot be cleared");
            return None;
        }
        return Some(json!(false));
    }
    if properties::is_defined_elsewhere(field) {
        return properties::shape(field, value, path, problems);
    }
    if field.field_type == FieldType::Many2one {
        return prepare_link(field, value, path, known, problems);
    }
    if let Some(date) = said_date(field, value, path, known) {
        return Some(date);
    }
    match prepare_stored(field, value) {
        Ok(value) => Some(value),
        Err(expected) => {
            problems.add(path, format!("expected {expected}, got {}", show(value)));
            None
        }
    }
}
