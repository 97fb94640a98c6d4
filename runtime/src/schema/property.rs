//! Properties: fields that a record's parent defines, such as a project for its tasks.
//!
//! Odoo keeps the definitions in a field of the parent, and answers a read of the values with
//! both: a list of `{"name", "string", "type", "value", …}` (`odoo/orm/fields_properties.py`
//! since 19.0, `odoo/fields.py` before). Names are random (`a1b2c3d4e5f60718`), labels are what
//! people know.

use serde_json::{Value, json};

use super::{FieldSchema, FieldType};

/// One property, as its parent defines it.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The key of its value.
    pub name: String,
    /// What it is, as a field: with its label, the options of a selection or of tags, and the
    /// model that records are of. Its type may be one that only properties have, see
    /// [`is_tags`](Self::is_tags) and [`is_heading`](Self::is_heading).
    pub field: FieldSchema,
}

impl Property {
    /// The properties in a list of Odoo's: definitions, or values with their definitions.
    pub fn list(value: &Value) -> Vec<Self> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Self::of).collect()
    }

    /// One of such a list.
    pub fn of(item: &Value) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let kind = text("type")?;
        let options = item.get(if kind == "tags" { "tags" } else { "selection" });
        let pairs = options.and_then(Value::as_array).into_iter().flatten();
        // A tag has a colour besides.
        let pairs: Vec<Value> = pairs
            .filter_map(|option| Some(json!([option.get(0)?, option.get(1)?])))
            .collect();
        let field = json!({
            "type": kind,
            "string": text("string"),
            "selection": pairs,
            "relation": text("comodel"),
        });
        Some(Self {
            name: text("name")?.to_owned(),
            field: serde_json::from_value(field).ok()?,
        })
    }

    /// What people call it.
    pub fn label(&self) -> &str {
        self.field.label.as_deref().unwrap_or(&self.name)
    }

    /// Whether its value is a list of keys of its options.
    pub fn is_tags(&self) -> bool {
        self.field.field_type.as_str() == "tags"
    }

    /// Whether it stands between others, and has no value.
    pub fn is_heading(&self) -> bool {
        self.field.field_type.as_str() == "separator"
    }

    /// Whether its value is a list of records.
    pub fn is_records(&self) -> bool {
        self.field.field_type == FieldType::Many2many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_odoo_is_read() {
        let list = json!([
            {"name": "a1", "string": "Stage", "type": "selection", "selection": [["x", "Early"]], "value": "x"},
            {"name": "b2", "string": "Tags", "type": "tags", "tags": [["t", "Hot", 3]]},
            {"name": "c3", "type": "many2one", "comodel": "res.partner", "value": [7, "Azure"]},
            {"name": "d4", "string": "More", "type": "separator"},
            {"string": "no name", "type": "char"},
            5,
        ]);
        let read = Property::list(&list);
        let labels: Vec<&str> = read.iter().map(Property::label).collect();
        assert_eq!(labels, ["Stage", "Tags", "c3", "More"]);
        let options = read[1].field.selection.as_ref().unwrap();
        assert_eq!(options[0].label, "Hot");
        assert!(read[1].is_tags() && read[3].is_heading());
        assert_eq!(read[2].field.relation.as_deref(), Some("res.partner"));
        assert!(Property::list(&json!(false)).is_empty());
    }
}
