//! The canonical form of a descriptor: what is kept in a snapshot and in a schema file.
//!
//! On the data's way: live Odoo → **descriptor in canonical form** → snapshot, schema files.
//! What differs between databases without being a difference of schema is left out, so that
//! two descriptors of the same Odoo are equal whenever they were fetched.

use super::{FieldType, ModelSchema, Patterns};

/// A selection with more options than this is taken for instance data (`tz` has 597), unless
/// it is one of the few long static ones; its options are not kept.
pub const MAX_SELECTION_OPTIONS: usize = 64;

impl ModelSchema {
    /// The schema without what is data and no schema: options of selections that list records,
    /// time zones or models (`open` names such fields as `model.field`; a very long selection
    /// is one by itself), switches of groups, and defaults that point to records.
    #[must_use]
    pub fn into_canonical(mut self, open: &Patterns) -> Self {
        if self.model == "res.users" {
            self.fields.retain(|name, _| !is_group_switch(name));
            self.form_fields.retain(|name| !is_group_switch(name));
            self.list_fields.retain(|name| !is_group_switch(name));
        }
        for (name, field) in &mut self.fields {
            let path = format!("{}.{name}", self.model);
            // No options at all is what dynamic options come to without a record.
            let is_data = field
                .selection
                .as_ref()
                .is_some_and(|options| options.is_empty() || options.len() > MAX_SELECTION_OPTIONS);
            if is_data || open.matches(&path) {
                field.selection = None;
            }
            // A default that points to a record is a row of this database, not of its schema.
            let points_to_record = field.field_type.is_relational()
                || matches!(
                    field.field_type,
                    FieldType::Reference | FieldType::Many2oneReference
                );
            if points_to_record {
                field.default = None;
            }
        }
        self
    }
}

/// Whether a field of the user is one of the virtual switches by which the form of 16 to 18 sets
/// groups (`in_group_7`, `sel_groups_1_10_11`): named after ids of one database, and not read
/// back reliably (`odoo/addons/base/models/res_users.py`, `name_boolean_group`).
fn is_group_switch(field: &str) -> bool {
    let ids = field
        .strip_prefix("in_group_")
        .or_else(|| field.strip_prefix("sel_groups_"));
    ids.is_some_and(|ids| {
        ids.split('_')
            .all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_goes_and_schema_stays() {
        let many: Vec<_> = (0..70).map(|n| json!([n.to_string(), "x"])).collect();
        let schema = ModelSchema::from_wire(&json!({
            "model": "res.users",
            "fields": {
                "tz": {"type": "selection", "selection": [["UTC", "UTC"]], "views": ["form"]},
                "state": {"type": "selection", "selection": [["new", "New"]]},
                "long": {"type": "selection", "selection": many},
                "company_id": {"type": "many2one", "relation": "res.company", "default": 1},
                "in_group_7": {"type": "boolean", "views": ["form"]},
            }
        }))
        .unwrap()
        .into_canonical(&Patterns::new(["*.tz"]).unwrap());
        assert!(schema.fields["tz"].selection.is_none());
        assert!(schema.fields["long"].selection.is_none());
        assert!(schema.fields["state"].selection.is_some());
        assert!(schema.fields["company_id"].default.is_none());
        assert!(!schema.fields.contains_key("in_group_7"));
        assert_eq!(schema.form_fields, ["tz"]);
    }
}
