//! Properties in words: those that a change names, by their labels.

use serde_json::{Map, Value};

use super::values::{EMPTY, Effects, Mentioned, Wording, mention, unquoted};
use crate::schema::text::quoted;
use crate::schema::validate::properties::linked;
use crate::schema::{FieldSchema, Property};

/// The records that properties link to.
pub(super) fn mention_linked(field: &FieldSchema, value: &Value, found: &mut Mentioned) {
    if let Value::Object(values) = value {
        for (model, id) in linked(&field.properties, values) {
            mention(model, [id], found);
        }
    }
}

impl Wording<'_> {
    /// `Stage: “Late”; Due: 2026-11-30`.
    pub(super) fn new_properties(
        &self,
        properties: &[Property],
        values: &Map<String, Value>,
    ) -> String {
        let said = values.iter().map(|(name, value)| {
            let property = properties.iter().find(|property| property.name == *name);
            let label = property.map_or(name.as_str(), Property::label);
            let said = match property {
                Some(property) => self.new_property(property, value),
                None => self.new_value(None, value, &mut Effects::default()),
            };
            format!("{}: {said}", unquoted(label))
        });
        said.collect::<Vec<_>>().join("; ")
    }

    fn new_property(&self, property: &Property, value: &Value) -> String {
        match (value, property.field.relation.as_deref()) {
            (Value::Array(keys), _) if property.is_tags() => tags(property, keys),
            (Value::Array(ids), Some(model)) => {
                let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
                self.listed(model, &ids)
            }
            _ => self.new_value(Some(&property.field), value, &mut Effects::default()),
        }
    }

    /// The same for what Odoo has: the properties of its list that `new` names.
    pub(super) fn old_properties(&self, list: &[Value], new: &Map<String, Value>) -> String {
        let named = list
            .iter()
            .filter_map(|item| Some((Property::of(item)?, item.get("value")?)))
            .filter(|(property, _)| new.contains_key(&property.name));
        let said: Vec<String> = named
            .map(|(property, value)| {
                let said = match value {
                    Value::Array(keys) if property.is_tags() => tags(&property, keys),
                    other => self.old_value(Some(&property.field), other, &Value::Null),
                };
                format!("{}: {said}", unquoted(property.label()))
            })
            .collect();
        if said.is_empty() {
            EMPTY.to_owned()
        } else {
            said.join("; ")
        }
    }
}

fn tags(property: &Property, keys: &[Value]) -> String {
    let options = property.field.selection.as_deref().unwrap_or_default();
    let labels = keys.iter().filter_map(Value::as_str).map(|key| {
        let mut options = options.iter();
        let option = options.find(|option| option.key.to_string() == key);
        quoted(option.map_or(key, |option| &option.label), 60)
    });
    let labels: Vec<String> = labels.collect();
    if labels.is_empty() {
        EMPTY.to_owned()
    } else {
        labels.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_changes_is_said_by_label_and_nothing_else() {
        let list = json!([
            {"name": "a1", "string": "Stage", "type": "selection", "selection": [["x", "Early"], ["y", "Late"]], "value": "x"},
            {"name": "b2", "string": "Tags", "type": "tags", "tags": [["t", "Hot", 3]], "value": ["t"]},
            {"name": "c3", "string": "Friend", "type": "many2one", "comodel": "res.partner", "value": [7, "Azure"]},
            {"name": "d4", "string": "Count", "type": "integer", "value": 5},
        ]);
        let wording = Wording {
            models: &|_| None,
            names: HashMap::from([(("res.partner".to_owned(), 8), "Bo".to_owned())]),
            longest: 100,
            zone: jiff::tz::TimeZone::UTC,
        };
        let new = json!({"a1": "y", "b2": [], "c3": 8});
        let new = new.as_object().unwrap();
        assert_eq!(
            wording.old_properties(list.as_array().unwrap(), new),
            "Stage: “Early” (x); Tags: “Hot”; Friend: “Azure” (7)"
        );
        assert_eq!(
            wording.new_properties(&Property::list(&list), new),
            "Stage: “Late” (y); Tags: (empty); Friend: “Bo” (8)"
        );
        assert_eq!(wording.old_properties(&[], new), EMPTY);
    }
}
