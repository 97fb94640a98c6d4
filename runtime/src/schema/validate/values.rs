//! Checks and mends the values of a create or an update.

use jiff::civil;
use serde_json::{Map, Number, Value, json};

use super::fields::find_field;
use super::{Models, Problems};
use crate::schema::text::{join_bounded, nearest};
use crate::schema::{FieldSchema, FieldType, ModelSchema, SelectionOption};

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
    models: Models<'_>,
    problems: &mut Problems,
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
        // Odoo takes such a value without a word, and computes another one.
        if field.computed && field.readonly {
            problems.add(
                &here,
                "computed by Odoo and cannot be written; leave it out",
            );
            continue;
        }
        if let Some(value) = prepare_value(field, value, &here, models, problems) {
            prepared.insert(name.clone(), value);
        }
    }
    if purpose == Purpose::Create {
        check_required(model, values, path, problems);
    }
    prepared
}

/// A few models store their display name (`display_name` of `res.users` does not).
fn is_writable_magic(model: &ModelSchema, name: &str) -> bool {
    name == "display_name" && model.rec_name.as_deref() == Some(name)
}

fn check_required(
    model: &ModelSchema,
    values: &Map<String, Value>,
    path: &str,
    problems: &mut Problems,
) {
    for (name, field) in &model.fields {
        let is_given = values.contains_key(name) || MAGIC_FIELDS.contains(&name.as_str());
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
fn prepare_value(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    models: Models<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    if field.field_type.is_x2many() {
        return prepare_x2many(field, value, path, models, problems);
    }
    let is_clearing = matches!(value, Value::Null | Value::Bool(false));
    if is_clearing && field.field_type != FieldType::Boolean {
        if field.required && !field.field_type.is_numeric() && !field.has_default {
            problems.add(path, "required and cannot be cleared");
            return None;
        }
        return Some(json!(false));
    }
    match prepare_scalar(field, value) {
        Ok(value) => Some(value),
        Err(expected) => {
            problems.add(path, format!("expected {expected}, got {}", show(value)));
            None
        }
    }
}

/// A value that is not a list of records: in Odoo's form, or what was expected.
pub(super) fn prepare_scalar(field: &FieldSchema, value: &Value) -> Result<Value, String> {
    let mended = match &field.field_type {
        FieldType::Integer | FieldType::Many2oneReference => as_integer(value).map(Value::from),
        FieldType::Float | FieldType::Monetary => as_float(value),
        FieldType::Boolean => as_boolean(value),
        FieldType::Date => as_date(value),
        FieldType::Datetime => as_datetime(value),
        FieldType::Many2one => as_record_id(value).map(Value::from),
        FieldType::Selection => {
            return match &field.selection {
                Some(options) => as_selection_key(options, value),
                None => as_text(value).ok_or_else(|| "the key of an option".to_owned()),
            };
        }
        FieldType::Reference => value
            .as_str()
            .filter(|text| {
                text.split_once(',')
                    .is_some_and(|(_, id)| id.parse::<i64>().is_ok())
            })
            .map(Value::from),
        FieldType::Char | FieldType::Text | FieldType::Html => as_text(value),
        FieldType::Binary | FieldType::Image => value.as_str().map(Value::from),
        FieldType::Json
        | FieldType::Properties
        | FieldType::PropertiesDefinition
        | FieldType::One2many
        | FieldType::Many2many
        | FieldType::Unknown(_) => Some(value.clone()),
    };
    mended.ok_or_else(|| expected_of(field))
}

fn expected_of(field: &FieldSchema) -> String {
    match &field.field_type {
        FieldType::Integer => "a whole number".to_owned(),
        FieldType::Float | FieldType::Monetary => "a number".to_owned(),
        FieldType::Boolean => "true or false".to_owned(),
        FieldType::Date => "a date as \"YYYY-MM-DD\"".to_owned(),
        FieldType::Datetime => "a UTC datetime as \"YYYY-MM-DD HH:MM:SS\"".to_owned(),
        FieldType::Many2one | FieldType::Many2oneReference => format!(
            "the id of a record of {} (a whole number)",
            field.relation.as_deref().unwrap_or("the related model")
        ),
        FieldType::Reference => "\"model,id\"".to_owned(),
        FieldType::Binary | FieldType::Image => "base64 text".to_owned(),
        _ => "text".to_owned(),
    }
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A float that is exactly a whole number that an `f64` can hold (`3.0`).
#[allow(clippy::cast_possible_truncation)] // the range is checked
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn as_float(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number),
        _ => None,
    }
}

fn as_boolean(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Null => Some(json!(false)),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(json!(false)),
            1 => Some(json!(true)),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(json!(true)),
            "false" | "no" | "0" => Some(json!(false)),
            _ => None,
        },
        _ => None,
    }
}

fn as_text(value: &Value) -> Option<Value> {
    match value {
        Value::String(_) => Some(value.clone()),
        Value::Number(number) => Some(json!(number.to_string())),
        _ => None,
    }
}

/// A date; the time of a datetime is not silently cut off.
fn as_date(value: &Value) -> Option<Value> {
    let date: civil::Date = value
        .as_str()?
        .trim()
        .get(..10)
        .and_then(|head| head.parse().ok())?;
    (value.as_str()?.trim().len() == 10).then(|| json!(date.to_string()))
}

/// A UTC moment: Odoo's own form, ISO 8601 with `T` and `Z` or an offset, or a bare date.
fn as_datetime(value: &Value) -> Option<Value> {
    const ODOO_FORM: &str = "%Y-%m-%d %H:%M:%S";
    let text = value.as_str()?.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(json!(moment.strftime(ODOO_FORM).to_string()));
    }
    if text.len() > 10 {
        let moment: civil::DateTime = text.parse().ok()?;
        return Some(json!(moment.strftime(ODOO_FORM).to_string()));
    }
    let midnight = text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0);
    Some(json!(midnight.strftime(ODOO_FORM).to_string()))
}

/// An id, also in the forms in which results show a record: `[7, "Name"]`, `{"id": 7}`.
fn as_record_id(value: &Value) -> Option<i64> {
    let id = match value {
        Value::Array(pair) => as_integer(pair.first()?),
        Value::Object(record) => as_integer(record.get("id")?),
        other => as_integer(other),
    };
    id.filter(|id| *id > 0)
}

/// The key, or the key whose label it is.
fn as_selection_key(options: &[SelectionOption], value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let by_key = options.iter().find(|option| option.key.to_string() == text);
    let by_label = || {
        let mut same = options
            .iter()
            .filter(|option| option.label.eq_ignore_ascii_case(&text));
        same.next().filter(|_| same.next().is_none())
    };
    if let Some(option) = by_key.or_else(by_label) {
        return Ok(json!(option.key));
    }
    let described: Vec<String> = options
        .iter()
        .map(|option| format!("\"{}\" ({})", option.key, option.label))
        .collect();
    let keys: Vec<String> = options
        .iter()
        .map(|option| option.key.to_string())
        .collect();
    let near = nearest(&text, keys.iter().map(String::as_str));
    let advice = match near.first() {
        Some(key) => format!("; did you mean \"{key}\"?"),
        None => String::new(),
    };
    Err(format!(
        "one of {}{advice}",
        join_bounded(described.iter().map(String::as_str), 20)
    ))
}

/// Lists of records. Taken are Odoo's own commands (`[0, 0, {…}]`), ids (which replace what
/// is there) and objects (a new line, or with `id` a changed one).
fn prepare_x2many(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    models: Models<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    if matches!(value, Value::Null | Value::Bool(false)) {
        return Some(json!([[5, 0, 0]]));
    }
    let Some(items) = value.as_array() else {
        problems.add(
            path,
            format!(
                "expected a list of ids, objects or commands, got {}",
                show(value)
            ),
        );
        return None;
    };
    if items.iter().all(|item| as_integer(item).is_some()) {
        let ids: Vec<i64> = items.iter().filter_map(as_integer).collect();
        return Some(json!([[6, 0, ids]]));
    }
    let target = field.relation.as_deref().and_then(models);
    let mut lines = Lines {
        target: target.as_deref(),
        models,
        problems,
    };
    let commands: Vec<Value> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| lines.prepare(item, &format!("{path}[{index}]")))
        .collect();
    Some(Value::Array(commands))
}

struct Lines<'a, 'p> {
    target: Option<&'a ModelSchema>,
    models: Models<'a>,
    problems: &'p mut Problems,
}

impl Lines<'_, '_> {
    fn prepare(&mut self, item: &Value, path: &str) -> Option<Value> {
        match item {
            Value::Object(line) => Some(self.line(line, path)),
            Value::Array(command) => self.command(command, path),
            other => {
                let id = as_integer(other);
                if id.is_none() {
                    self.problems.add(
                        path,
                        format!("expected an id, an object or a command, got {}", show(item)),
                    );
                }
                Some(json!([4, id?, 0]))
            }
        }
    }

    fn line(&mut self, line: &Map<String, Value>, path: &str) -> Value {
        let mut values = line.clone();
        match values.shift_remove("id").as_ref().and_then(as_integer) {
            Some(id) => json!([1, id, self.values(&values, path)]),
            None => json!([0, 0, self.values(&values, path)]),
        }
    }

    /// `(0, 0, values)`, `(1, id, values)`, `(2|3|4, id)`, `(5,)`, `(6, 0, ids)`
    /// (`odoo/fields.py`, `Command`).
    fn command(&mut self, command: &[Value], path: &str) -> Option<Value> {
        let code = command.first().and_then(as_integer);
        let id = command.get(1).and_then(as_integer);
        let values = command.get(2).and_then(Value::as_object);
        match (code, id, values) {
            (Some(0), _, Some(values)) => Some(json!([0, 0, self.values(values, path)])),
            (Some(1), Some(id), Some(values)) => Some(json!([1, id, self.values(values, path)])),
            (Some(code @ 2..=4), Some(id), _) => Some(json!([code, id, 0])),
            (Some(5), ..) => Some(json!([5, 0, 0])),
            (Some(6), ..) if command.get(2).is_some_and(Value::is_array) => {
                Some(json!([6, 0, command[2]]))
            }
            _ => {
                self.problems.add(
                    path,
                    "not a command: use [0,0,{values}] to create, [1,id,{values}] to change, \
                     [2,id] to delete, [3,id] to unlink, [4,id] to link, [5] to clear, [6,0,[ids]] to set",
                );
                None
            }
        }
    }

    /// The many2one back to the parent is filled in by Odoo, so what a line lacks is Odoo's
    /// to say; what it has is checked.
    fn values(&mut self, values: &Map<String, Value>, path: &str) -> Map<String, Value> {
        match self.target {
            Some(target) => prepare_values(
                target,
                values,
                Purpose::Update,
                path,
                self.models,
                self.problems,
            ),
            None => values.clone(),
        }
    }
}

/// The value as it stands in the call, bounded.
pub(super) fn show(value: &Value) -> String {
    crate::schema::text::shorten(&value.to_string(), 60)
}
