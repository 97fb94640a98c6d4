//! Values of properties: by their labels, as people know them.

use serde_json::{Map, Value, json};

use super::value::{Shown, Style, show};
use super::visible;
use crate::schema::Property;
use crate::schema::text::listed;

/// The longest label.
const MAX_LABEL: usize = 80;

/// The list in which Odoo answers properties: `Stage: Late; Due: 2026-11-30; empty: Count`, and
/// an object by label, or by name where several have one label.
pub(super) fn show_properties(items: &[Value], style: &Style<'_>) -> Shown {
    let mut json = Map::new();
    let mut said = Vec::new();
    let mut empty = Vec::new();
    let read: Vec<(Property, &Value)> = items
        .iter()
        .filter_map(|item| Some((Property::of(item)?, item)))
        .filter(|(property, _)| !property.is_heading())
        .collect();
    let is_alone = |label: &str| {
        let same = read.iter().filter(|(other, _)| other.label() == label);
        same.count() == 1
    };
    for (property, item) in &read {
        let key = match property.label() {
            label if is_alone(label) => label,
            _ => &property.name,
        };
        let value = item.get("value").unwrap_or(&Value::Null);
        let shown = show_one(property, value, style);
        json.insert(visible(key), shown.json);
        let key = listed(&visible(key), MAX_LABEL);
        if shown.text.is_empty() {
            empty.push(key);
        } else {
            said.push(format!("{key}: {}", shown.text));
        }
    }
    if !empty.is_empty() {
        said.push(format!("empty: {}", empty.join(", ")));
    }
    let text = Shown::of_text(&said.join("; "), style);
    Shown {
        json: if text.cut.is_some() {
            text.json.clone()
        } else {
            Value::Object(json)
        },
        ..text
    }
}

fn show_one(property: &Property, value: &Value, style: &Style<'_>) -> Shown {
    let labels = |value: &Value| label_of(property, value);
    match value {
        Value::Array(keys) if property.is_tags() => {
            let tags: Vec<String> = keys.iter().map(labels).collect();
            let text: Vec<String> = tags.iter().map(|tag| listed(tag, MAX_LABEL)).collect();
            Shown::new(json!(tags), text.join(", "))
        }
        Value::String(_) if property.field.selection.is_some() => {
            let label = labels(value);
            let text = listed(&label, MAX_LABEL);
            Shown::new(json!(label), text)
        }
        Value::Array(records) if property.is_records() => {
            let shown: Vec<Shown> = records.iter().map(|one| show(one, None, style)).collect();
            let text: Vec<&str> = shown.iter().map(|one| one.text.as_str()).collect();
            let text = text.join(", ");
            let json = shown.into_iter().map(|one| one.json).collect();
            Shown::new(Value::Array(json), text)
        }
        Value::String(_) if property.field.field_type.is_text() => {
            let shown = show(value, Some(&property.field), style);
            let text = listed(&shown.text, style.max_text);
            Shown { text, ..shown }
        }
        other => show(other, Some(&property.field), style),
    }
}

/// The label of an option, or its key where several have the label: either can be written back.
fn label_of(property: &Property, key: &Value) -> String {
    let options = property.field.selection.as_deref().unwrap_or_default();
    let option = options.iter().find(|option| json!(option.key) == *key);
    let is_alone = |label: &str| {
        let same = options.iter().filter(|option| option.label == label);
        same.count() == 1
    };
    match option.filter(|option| is_alone(&option.label)) {
        Some(option) => visible(&option.label),
        None => visible(key.as_str().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn properties_are_shown_by_label() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let style = Style {
            zone: &zone,
            currency: None,
            names_currency: false,
            max_text: 400,
        };
        let list = json!([
            {"name": "a1", "string": "Stage", "type": "selection", "selection": [["x", "Ear\u{200b}ly"]], "value": "x"},
            {"name": "b2", "string": "Tags", "type": "tags", "tags": [["t", "Hot", 3], ["u", "A, B", 3]], "value": ["t", "u"]},
            {"name": "c3", "string": "Friend", "type": "many2one", "comodel": "res.partner", "value": [7, "Azure"]},
            {"name": "d4", "string": "Friends", "type": "many2many", "comodel": "res.partner", "value": [[7, "Azure"], [8, "Bo"]]},
            {"name": "e5", "string": "Due", "type": "date", "value": false},
            {"name": "f6", "string": "Met", "type": "datetime", "value": "2026-11-24 14:00:00"},
            {"name": "g7", "string": "Same", "type": "char", "value": "a; b: c"},
            {"name": "h8", "string": "Same", "type": "integer", "value": 0},
            {"name": "i9", "string": "Part", "type": "separator"},
            {"name": "j0", "string": "Done", "type": "boolean", "value": false},
            {"name": "k1", "string": "Count", "type": "integer"},
        ]);
        let shown = show_properties(list.as_array().unwrap(), &style);
        assert_eq!(
            shown.text,
            "Stage: Early; Tags: Hot, “A, B”; Friend: Azure (7); Friends: Azure (7), Bo (8); \
             Met: 2026-11-24 15:00+01; g7: “a; b: c”; h8: 0; Done: no; empty: Due, Count"
        );
        assert_eq!(
            shown.json,
            json!({
                "Stage": "Early", "Tags": ["Hot", "A, B"], "Friend": {"id": 7, "name": "Azure"},
                "Friends": [{"id": 7, "name": "Azure"}, {"id": 8, "name": "Bo"}], "Due": null,
                "Met": "2026-11-24T15:00:00+01:00", "g7": "a; b: c", "h8": 0, "Done": false,
                "Count": null,
            })
        );
    }
}
