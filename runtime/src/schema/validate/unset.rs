//! Conditions on an empty text, which a model writes where Odoo has `false`: no value.

use serde_json::{Value, json};

use crate::schema::{FieldSchema, FieldType};

/// What `= ""` and `!= ""` ask for; `None` where the text is not empty, or is a value of the
/// field.
///
/// A column of text may also have the empty text, which was stored as it came before 19.0
/// (`odoo/fields.py`, `_String`), so both are looked for. What is computed is searched by a
/// method of its own and may not take a list.
pub(super) fn unset(
    field: &FieldSchema,
    operator: &str,
    value: &Value,
) -> Option<(&'static str, Value)> {
    use FieldType::{Char, Date, Datetime, Html, Many2many, Many2one, One2many, Selection, Text};
    let is_empty = value.as_str().is_some_and(|text| text.trim().is_empty());
    let (one, many) = match operator {
        "=" => ("=", "in"),
        "!=" | "<>" => ("!=", "not in"),
        _ => return None,
    };
    match &field.field_type {
        _ if !is_empty => None,
        Char | Text | Html if field.store == Some(true) => Some((many, json!(["", false]))),
        Selection if has_empty_key(field) => None,
        Char | Text | Html | Selection | Date | Datetime | Many2one | Many2many | One2many => {
            Some((one, json!(false)))
        }
        _ => None,
    }
}

fn has_empty_key(field: &FieldSchema) -> bool {
    let mut options = field.selection.iter().flatten();
    options.any(|option| option.key.to_string().trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(facts: &Value) -> FieldSchema {
        serde_json::from_value(facts.clone()).unwrap()
    }

    #[test]
    fn an_empty_text_asks_for_no_value() {
        let both = json!(["", false]);
        let stored = field(&json!({"type": "char", "store": true}));
        assert_eq!(unset(&stored, "=", &json!("")), Some(("in", both.clone())));
        assert_eq!(unset(&stored, "!=", &json!(" ")), Some(("not in", both)));
        for kind in [
            "char",
            "date",
            "datetime",
            "many2one",
            "many2many",
            "selection",
        ] {
            let kind = field(&json!({"type": kind}));
            assert_eq!(unset(&kind, "=", &json!("")), Some(("=", json!(false))));
            assert_eq!(unset(&kind, "<>", &json!("")), Some(("!=", json!(false))));
            assert_eq!(unset(&kind, "in", &json!("")), None);
            assert_eq!(unset(&kind, "=", &json!("x")), None);
        }
        for value in [
            json!({"type": "integer"}),
            json!({"type": "selection", "selection": [["", "None"]]}),
            json!({"type": "selection", "selection": [[" ", "Blank"]]}),
        ] {
            assert_eq!(unset(&field(&value), "=", &json!("")), None);
        }
    }
}
