//! What stands in a dialogue's fields, in words and as data: moments where the user is, amounts
//! with their currency, HTML as text, and the lines that Odoo proposes with the names by which
//! they are changed.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::client::{FormColumn, FormCurrency, FormField};
use crate::schema::text::{clean, join_bounded, listed, quoted, shorten};
use crate::server::present::{all_visible, html_to_text, moment, one_line, visible};

/// The most records of a field that are named.
const NAMED: usize = 10;
/// The most lines that are shown: each may have to be changed.
const LINES: usize = 40;
/// The longest text of a field.
const LONGEST: usize = 1500;
/// The longest text of a line's column.
const LONGEST_CELL: usize = 80;

/// Whether nothing stands in a field.
pub(super) fn is_empty(field: &FormField) -> bool {
    match &field.value {
        Value::Null => true,
        Value::Bool(value) => !value && field.field_type != "boolean",
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A field in one line, and each of its lines in one more.
pub(super) fn field_lines(name: &str, field: &FormField, zone: &TimeZone) -> Vec<String> {
    let mark = if field.required { "*" } else { "" };
    let mut line = format!("{name}{mark}: {}", field.field_type);
    if let Some(relation) = &field.relation {
        line.push_str(&format!(" → {relation}"));
    }
    if let Some(options) = &field.selection {
        let options: Vec<String> = options
            .iter()
            .map(|(key, label)| format!("{}={}", listed(&plain(key), 50), listed(label, 50)))
            .collect();
        let options = join_bounded(options.iter().map(String::as_str), 15);
        line.push_str(&format!(" [{options}]"));
    }
    if field.readonly {
        line.push_str(", readonly");
    }
    if let Some(label) = &field.string {
        line.push_str(&format!(", {}", quoted(label, 60)));
    }
    if let (true, Some(hidden)) = (field.invisible, &field.invisible_expr) {
        line.push_str(&format!(", not when {}", clean(hidden, 120)));
    }
    let lines = lines_of(field);
    if !lines.is_empty() {
        line.push_str(&format!(" = {} lines", lines.len()));
        let shown = lines.iter().take(LINES);
        let mut all = vec![line];
        all.extend(shown.map(|line| format!("- {}", line_text(line, field, zone))));
        if lines.len() > LINES {
            all.push(format!("- and {} more", lines.len() - LINES));
        }
        return all;
    }
    let value = value_text(field, zone);
    if !value.is_empty() {
        line.push_str(&format!(" = {}", shorten(&one_line(&value), 200)));
    }
    vec![line]
}

/// The records of a field that are not saved yet, where it has any: then all of them.
pub(super) fn lines_of(field: &FormField) -> &[Value] {
    match &field.value {
        Value::Array(records) if records.iter().any(|record| record["values"].is_object()) => {
            records
        }
        _ => &[],
    }
}

/// `new-1-9580: Chair | quantity: 2 | move_id: WH/OUT/7 (121)`.
fn line_text(line: &Value, field: &FormField, zone: &TimeZone) -> String {
    let name = line["name"].as_str().unwrap_or_default();
    let id = match &line["id"] {
        Value::String(id) => clean(id, 40),
        Value::Number(id) => id.to_string(),
        _ => "new".to_owned(),
    };
    let mut parts = vec![format!("{id}: {}", cell(name))];
    for (column, value) in line["values"].as_object().into_iter().flatten() {
        let known = field.columns.get(column);
        let text = match value {
            Value::Object(record) if record.contains_key("id") => record_text(value),
            _ => scalar_text(value, &Kind::of_column(known), zone),
        };
        // The line is already called so.
        let is_name = value["name"].as_str() == Some(name);
        if !text.is_empty() && !is_name {
            parts.push(format!("{column}: {}", cell(&text)));
        } else if is_name && !name.is_empty() {
            parts.push(format!("{column}: {}", value["id"]));
        }
    }
    parts.join(" | ")
}

fn cell(text: &str) -> String {
    shorten(&one_line(&visible(text)).replace('|', "¦"), LONGEST_CELL)
}

/// What decides how a value is written.
struct Kind<'a> {
    field_type: &'a str,
    currency: Option<&'a FormCurrency>,
}

impl<'a> Kind<'a> {
    fn of_field(field: &'a FormField) -> Self {
        Self {
            field_type: &field.field_type,
            currency: field.currency.as_ref(),
        }
    }

    fn of_column(column: Option<&'a FormColumn>) -> Self {
        Self {
            field_type: column.map_or("", |column| &column.field_type),
            currency: column.and_then(|column| column.currency.as_ref()),
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `Azure (7)`; a record that has neither id nor name for the reader is said to be new.
fn record_text(record: &Value) -> String {
    let name = record["name"].as_str().unwrap_or_default();
    match &record["id"] {
        Value::Number(id) => format!("{} ({id})", listed(name, 80)),
        _ => format!("new {}", listed(name, 80)),
    }
}

fn scalar_text(value: &Value, kind: &Kind<'_>, zone: &TimeZone) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(false) if kind.field_type != "boolean" => String::new(),
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::String(text) if kind.field_type == "html" => html_to_text(text),
        Value::String(text) if kind.field_type == "datetime" => {
            moment(text, zone).map_or_else(|| visible(text), |(_, short)| short)
        }
        Value::String(text) => visible(text),
        Value::Number(number) => match (kind.currency, number.as_f64()) {
            (Some(currency), Some(amount)) => format!(
                "{amount:.*} {}",
                currency.decimals as usize,
                clean(&currency.code, 10)
            ),
            _ => number_text(value),
        },
        Value::Array(records) => {
            let named: Vec<String> = records.iter().map(record_text).collect();
            join_bounded(named.iter().map(String::as_str), NAMED)
        }
        Value::Object(_) => all_visible(value).to_string(),
    }
}

/// `2` for 2.0.
fn number_text(value: &Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// What stands in a field, in words.
fn value_text(field: &FormField, zone: &TimeZone) -> String {
    match &field.value {
        _ if is_empty(field) => String::new(),
        record @ Value::Object(fields) if fields.contains_key("id") => record_text(record),
        value => scalar_text(value, &Kind::of_field(field), zone),
    }
}

/// A value as data: as [`scalar_text`] has it, but moments with seconds, and numbers as numbers.
fn value_json(value: &Value, kind: &Kind<'_>, zone: &TimeZone) -> Value {
    match value {
        Value::Bool(false) if kind.field_type != "boolean" => Value::Null,
        Value::String(text) if kind.field_type == "datetime" => {
            moment(text, zone).map_or_else(|| json!(visible(text)), |(whole, _)| json!(whole))
        }
        Value::String(_) => json!(shorten(&scalar_text(value, kind, zone), LONGEST)),
        other => all_visible(other),
    }
}

fn line_json(line: &Value, field: &FormField, zone: &TimeZone) -> Value {
    let mut shown = all_visible(line);
    if let Some(values) = line["values"].as_object() {
        let values = values.iter().map(|(column, value)| {
            let kind = Kind::of_column(field.columns.get(column));
            (column.clone(), value_json(value, &kind, zone))
        });
        shown["values"] = Value::Object(values.collect());
    }
    shown
}

/// A field as data.
pub(super) fn field_json(field: &FormField, zone: &TimeZone) -> Value {
    let mut entry = json!({"type": field.field_type});
    let mut set = |key: &str, value: Value| entry[key] = value;
    if let Some(label) = &field.string {
        set("label", json!(clean(label, 60)));
    }
    if let Some(relation) = &field.relation {
        set("relation", json!(relation));
    }
    if let Some(options) = &field.selection {
        let options = options
            .iter()
            .map(|(key, label)| (plain(key), json!(label)));
        set("options", Value::Object(options.collect()));
    }
    if field.required {
        set("required", json!(true));
    }
    if field.readonly {
        set("readonly", json!(true));
    }
    if let (true, Some(hidden)) = (field.invisible, &field.invisible_expr) {
        set("not_when", json!(hidden));
    }
    if let Some(currency) = &field.currency {
        set("currency", json!(clean(&currency.code, 10)));
    }
    let most = if lines_of(field).is_empty() {
        NAMED
    } else {
        let labels = field.columns.iter().map(|(name, column)| {
            let label = column.string.as_deref().unwrap_or(name);
            (name.clone(), json!(clean(label, 60)))
        });
        set("columns", Value::Object(labels.collect::<Map<_, _>>()));
        LINES
    };
    let value = match &field.value {
        Value::Array(records) => records
            .iter()
            .take(most)
            .map(|record| line_json(record, field, zone))
            .collect(),
        _ if is_empty(field) => Value::Null,
        value => value_json(value, &Kind::of_field(field), zone),
    };
    set("value", value);
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(value: Value) -> FormField {
        serde_json::from_value(value).unwrap()
    }

    fn brussels() -> TimeZone {
        TimeZone::get("Europe/Brussels").unwrap()
    }

    fn text(value: Value) -> String {
        field_lines("x", &field(value), &brussels()).join("\n")
    }

    #[test]
    fn a_moment_is_one_of_the_user() {
        let when = json!({"type": "datetime", "value": "2026-07-01 10:00:00"});
        assert_eq!(text(when.clone()), "x: datetime = 2026-07-01 12:00+02");
        let data = field_json(&field(when), &brussels());
        assert_eq!(data["value"], "2026-07-01T12:00:00+02:00");
    }

    #[test]
    fn an_amount_has_its_currency() {
        let amount = |code: &str, decimals: u32| json!({"type": "monetary", "value": 1250.0, "currency": {"code": code, "decimals": decimals}});
        assert_eq!(text(amount("USD", 2)), "x: monetary = 1250.00 USD");
        assert_eq!(text(amount("JPY", 0)), "x: monetary = 1250 JPY");
        assert_eq!(
            text(json!({"type": "monetary", "value": 12.5, "currency": false})),
            "x: monetary = 12.5"
        );
        let data = field_json(&field(amount("USD", 2)), &brussels());
        assert_eq!(
            (&data["value"], &data["currency"]),
            (&json!(1250.0), &json!("USD"))
        );
    }

    #[test]
    fn lines_have_names_and_their_columns() {
        let lines = json!({
            "type": "one2many", "relation": "x.line",
            "columns": {
                "product_id": {"type": "many2one", "string": "Product"},
                "price": {"type": "monetary", "string": "Price", "currency": {"code": "EUR", "decimals": 2}},
                "note": {"type": "html"}, "at": {"type": "datetime"}, "done": {"type": "boolean"},
            },
            "value": [
                {"id": "new-1-9580", "name": "Chair | x", "values": {
                    "product_id": {"id": 91, "name": "Chair | x"}, "quantity": 2.0, "price": 3.5,
                    "note": "<p>a</p><p>b</p>", "at": "2026-01-01 08:00:00", "done": false,
                    "move_id": {"id": 7, "name": "OUT"}, "empty": false}},
                {"id": 8, "name": "Kept"},
            ],
        });
        assert_eq!(
            text(lines.clone()),
            "x: one2many → x.line = 2 lines\n\
             - new-1-9580: Chair ¦ x | product_id: 91 | quantity: 2 | price: 3.50 EUR | note: a ⏎ b \
             | at: 2026-01-01 09:00+01 | done: no | move_id: OUT (7)\n\
             - 8: Kept"
        );
        let data = field_json(&field(lines), &brussels());
        assert_eq!(data["value"][0]["id"], "new-1-9580");
        assert_eq!(data["value"][0]["values"]["note"], "a\nb");
        assert_eq!(
            data["value"][0]["values"]["at"],
            "2026-01-01T09:00:00+01:00"
        );
        assert_eq!(data["columns"]["product_id"], "Product");
    }

    #[test]
    fn not_more_lines_than_anybody_reads() {
        let line = |number: i64| json!({"id": format!("new-{number}-0000"), "values": {}});
        let lines: Vec<Value> = (1..=50).map(line).collect();
        let many = json!({"type": "one2many", "value": lines});
        let shown = text(many.clone());
        assert_eq!(shown.lines().count(), 42, "{shown}");
        assert!(shown.ends_with("- and 10 more"), "{shown}");
        let data = field_json(&field(many), &brussels());
        assert_eq!(data["value"].as_array().unwrap().len(), 40);
    }
}
