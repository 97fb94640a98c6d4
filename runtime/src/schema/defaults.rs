//! Which fields a read returns when the caller names none: those that whoever set the server
//! up chose for the model, and otherwise what a person would look at first.

use super::{FieldSchema, FieldType, ModelSchema};

/// How many fields a row of a search shows by default.
const SUMMARY_FIELDS: usize = 10;
/// How many fields a single record shows by default.
const DETAIL_FIELDS: usize = 24;

impl ModelSchema {
    /// The default fields of a row in a list: exactly the chosen ones. Without a choice the
    /// name, the state, the columns of the user's list view, then key relations, amounts and
    /// dates of the form.
    pub fn summary_fields(&self) -> Vec<String> {
        let chosen: Vec<String> = self.present_key_fields().map(str::to_owned).collect();
        if chosen.is_empty() {
            self.pick_fields(SUMMARY_FIELDS)
        } else {
            chosen
        }
    }

    /// The default fields of a single record: the row's, and more of the form.
    pub fn detail_fields(&self) -> Vec<String> {
        self.pick_fields(DETAIL_FIELDS)
    }

    fn pick_fields(&self, max: usize) -> Vec<String> {
        let mut picked: Vec<&str> = self.present_key_fields().collect();
        let mut add = |name: &str| {
            if let Some((name, field)) = self.fields.get_key_value(name)
                && is_readable_by_default(name, field)
                && !picked.contains(&name.as_str())
                && picked.len() < max
            {
                picked.push(name);
            }
        };
        for name in self
            .rec_name
            .as_deref()
            .into_iter()
            .chain(["name", "display_name"])
        {
            if self.fields.contains_key(name) {
                add(name);
                break;
            }
        }
        for name in ["state", "stage_id"] {
            add(name);
        }
        self.list_fields.iter().for_each(|name| add(name));
        for name in self.ranked_form_fields() {
            add(name);
        }
        picked.into_iter().map(str::to_owned).collect()
    }

    /// The form's fields (all fields, where no view is known), most telling first and
    /// otherwise in their order.
    fn ranked_form_fields(&self) -> Vec<&str> {
        let mut names: Vec<&str> = if self.form_fields.is_empty() {
            self.fields.keys().map(String::as_str).collect()
        } else {
            self.form_fields.iter().map(String::as_str).collect()
        };
        names.sort_by_key(|name| self.field(name).map_or(u8::MAX, |field| rank(name, field)));
        names
    }
}

/// Bytes, HTML bodies, JSON and long lists of ids are only read on request.
fn is_readable_by_default(name: &str, field: &FieldSchema) -> bool {
    let is_light = matches!(
        field.field_type,
        FieldType::Char
            | FieldType::Text
            | FieldType::Integer
            | FieldType::Float
            | FieldType::Monetary
            | FieldType::Boolean
            | FieldType::Date
            | FieldType::Datetime
            | FieldType::Selection
            | FieldType::Many2one
            | FieldType::Many2many
            | FieldType::Reference
    ) || (field.field_type == FieldType::One2many && name.ends_with("line_ids"))
        || name == "order_line";
    let is_plumbing = name == "id"
        || name.starts_with("message_")
        || name.starts_with("activity_")
        || name.starts_with("website_message")
        || name.contains("password")
        || name.contains("token")
        || field.is_always_hidden();
    is_light && !is_plumbing
}

fn rank(name: &str, field: &FieldSchema) -> u8 {
    match (&field.field_type, name) {
        (_, "partner_id" | "email" | "phone" | "user_id" | "product_id") => 0,
        (FieldType::Monetary | FieldType::Date, _) => 1,
        (FieldType::Selection | FieldType::Many2one, _) => 2,
        (FieldType::Char | FieldType::Datetime, _) => 3,
        (FieldType::Float | FieldType::Integer, _) => 4,
        (FieldType::One2many, _) => 5,
        _ => 6,
    }
}

impl FieldSchema {
    /// Whether it stands in the form for the form's own use and a person never sees it.
    pub fn is_always_hidden(&self) -> bool {
        is_always(self.invisible_expr.as_deref())
    }

    /// Whether the form shows it and lets nobody edit it: numbers that Odoo gives.
    pub fn is_never_edited(&self) -> bool {
        is_always(self.readonly_expr.as_deref())
    }
}

fn is_always(condition: Option<&str>) -> bool {
    matches!(condition, Some("1" | "True" | "true"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.order", "rec_name": "name", "list_fields": ["name", "total"],
            "fields": {
                "name": {"type": "char"}, "total": {"type": "monetary"},
                "state": {"type": "selection", "selection": [["draft", "Draft"]]},
                "photo": {"type": "image"}, "note": {"type": "html"},
            }
        }))
        .unwrap()
    }

    #[test]
    fn without_a_choice_a_person_would_look_at_these() {
        assert_eq!(order().summary_fields(), ["name", "state", "total"]);
        assert_eq!(order().detail_fields(), ["name", "state", "total"]);
    }

    #[test]
    fn a_choice_is_all_of_a_row_and_the_head_of_a_record() {
        let mut order = order();
        order.key_fields = ["note", "gone", "total"].map(str::to_owned).to_vec();
        assert_eq!(order.summary_fields(), ["note", "total"]);
        assert_eq!(order.detail_fields(), ["note", "total", "name", "state"]);
        order.key_fields = vec!["gone".to_owned()];
        assert_eq!(order.summary_fields(), ["name", "state", "total"]);
    }
}
