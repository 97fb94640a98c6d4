//! Single values in the form that Odoo expects, or what was expected instead.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil;
use serde_json::{Number, Value, json};

use super::Known;
use super::dates::{self, Meaning, Precision};
use super::references::record_of;
use crate::schema::text::{join_bounded, nearest};
use crate::schema::{FieldSchema, FieldType, SelectionOption};

/// The integers of a database column (`int4`).
const INTEGERS: std::ops::RangeInclusive<i64> = -2_147_483_648..=2_147_483_647;

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
        FieldType::Reference => return as_reference(field, value),
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

/// A value as it is to be stored: what a column does not hold is refused, too.
pub(super) fn prepare_stored(field: &FieldSchema, value: &Value) -> Result<Value, String> {
    let value = prepare_scalar(field, value)?;
    match &field.field_type {
        FieldType::Integer
            if value
                .as_i64()
                .is_some_and(|number| !INTEGERS.contains(&number)) =>
        {
            Err("a whole number of at most 2147483647".to_owned())
        }
        FieldType::Binary | FieldType::Image => as_base64(&value).ok_or_else(|| expected_of(field)),
        FieldType::Char => match field.size {
            Some(size) if is_longer(&value, size) => {
                Err(format!("text of at most {size} characters"))
            }
            _ => Ok(value),
        },
        _ => Ok(value),
    }
}

fn is_longer(value: &Value, size: u32) -> bool {
    let length = value.as_str().map_or(0, |text| text.chars().count());
    size > 0 && length > size as usize
}

/// A date that depends on where the user is as what it is in Odoo's form: a relative one, or a
/// moment without an offset. `None` where the value is no date at all.
pub(super) fn said_date(
    field: &FieldSchema,
    value: &Value,
    path: &str,
    known: &Known<'_>,
) -> Option<Value> {
    let text = value.as_str()?;
    match field.field_type {
        FieldType::Date => {
            let day = json!(dates::resolve(text, known.now, Precision::Day)?);
            known.note_date(path, text, day.clone());
            Some(day)
        }
        FieldType::Datetime => {
            let (moment, is_told) = match dates::meaning(text, known.now)? {
                Meaning::Said(moment) => (moment, true),
                Meaning::OnTheClock(moment) => {
                    known.use_clock();
                    let is_told = as_datetime(value) != Some(json!(moment));
                    (moment, is_told)
                }
                Meaning::Exact(moment) => (moment, false),
            };
            let moment = json!(moment);
            if is_told {
                known.note_date(path, text, moment.clone());
            }
            Some(moment)
        }
        _ => None,
    }
}

fn expected_of(field: &FieldSchema) -> String {
    match &field.field_type {
        FieldType::Integer => "a whole number".to_owned(),
        FieldType::Float | FieldType::Monetary => "a number".to_owned(),
        FieldType::Boolean => "true or false".to_owned(),
        FieldType::Date => "a date as \"YYYY-MM-DD\", or such as today or +2w".to_owned(),
        FieldType::Datetime => {
            "a moment as \"YYYY-MM-DD HH:MM:SS\", or such as now or -7d".to_owned()
        }
        FieldType::Many2one => record_of(field.relation.as_deref()),
        FieldType::Many2oneReference => "the id of a record (a whole number)".to_owned(),
        FieldType::Binary | FieldType::Image => "base64 text".to_owned(),
        _ => "text".to_owned(),
    }
}

pub(super) fn as_integer(value: &Value) -> Option<i64> {
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

pub(super) fn as_float(value: &Value) -> Option<Value> {
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

/// A date. The time of a datetime is not silently cut off, unless it is midnight.
fn as_date(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let date: civil::Date = text.get(..10).and_then(|head| head.parse().ok())?;
    let rest = text[10..].trim_start_matches(['T', ' ']);
    matches!(rest, "" | "00:00" | "00:00:00").then(|| json!(date.to_string()))
}

/// A moment: Odoo's own form, ISO 8601 with `T` and `Z` or an offset, or a bare date. Without an
/// offset it is one of UTC here; where the user is matters to [`said_date`].
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
pub(super) fn as_record_id(value: &Value) -> Option<i64> {
    let id = match value {
        Value::Array(pair) => as_integer(pair.first()?),
        Value::Object(record) => as_integer(record.get("id")?),
        other => as_integer(other),
    };
    id.filter(|id| *id > 0)
}

/// Base64, also where it is wrapped in a data URL or broken into lines.
fn as_base64(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    let data = match text.split_once(";base64,") {
        Some((head, data)) if head.starts_with("data:") => data,
        _ => text,
    };
    let data: String = data.split_whitespace().collect();
    STANDARD.decode(&data).ok().map(|_| json!(data))
}

/// `"model,id"`, of one of the models that the field takes.
fn as_reference(field: &FieldSchema, value: &Value) -> Result<Value, String> {
    let models: Vec<String> = field
        .selection
        .iter()
        .flatten()
        .map(|option| option.key.to_string())
        .collect();
    let expected = || {
        let of = join_bounded(models.iter().map(String::as_str), 12);
        if of.is_empty() {
            "\"model,id\"".to_owned()
        } else {
            format!("\"model,id\" with one of the models {of}")
        }
    };
    let text = value.as_str().ok_or_else(&expected)?;
    let (model, id) = text.split_once(',').ok_or_else(&expected)?;
    let (model, id) = (model.trim(), id.trim());
    let is_taken = models.is_empty() || models.iter().any(|taken| taken == model);
    if is_taken && id.parse::<i64>().is_ok() {
        Ok(json!(format!("{model},{id}")))
    } else {
        Err(expected())
    }
}

/// The key, or the key whose label it is.
pub(super) fn as_selection_key(
    options: &[SelectionOption],
    value: &Value,
) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let by_key = options.iter().find(|option| option.key.to_string() == text);
    let trimmed = text.trim();
    let alone = |is_it: &dyn Fn(&SelectionOption) -> bool| {
        let mut same = options.iter().filter(|option| is_it(option));
        same.next().filter(|_| same.next().is_none())
    };
    let found = by_key
        .or_else(|| alone(&|option| option.label.eq_ignore_ascii_case(trimmed)))
        .or_else(|| alone(&|option| option.key.to_string().eq_ignore_ascii_case(trimmed)))
        .filter(|_| by_key.is_some() || !trimmed.is_empty());
    if let Some(option) = found {
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

/// The value as it stands in the call, bounded.
pub(super) fn show(value: &Value) -> String {
    crate::schema::text::shorten(&value.to_string(), 60)
}
