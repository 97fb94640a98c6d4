//! `odoo://{model}/schema`: all fields of a model and its actions, as JSON.
//!
//! The tool `odoo_schema` shows the fields of a view and finds others by search; here stand all
//! of them, for whoever wants the whole model at hand.

use serde_json::{Map, Value, json};

use crate::schema::text::clean;
use crate::schema::{MAX_SELECTION_OPTIONS, ModelSchema};
use crate::server::describe::brief;

/// The text of the resource; the same for the same schema.
pub(super) fn text(schema: &ModelSchema) -> String {
    let fields: Map<String, Value> = schema
        .fields
        .iter()
        .map(|(name, field)| {
            let mut brief = brief(field);
            let count = field.selection.as_ref().map_or(0, Vec::len);
            if count > MAX_SELECTION_OPTIONS {
                // Time zones and the like: they would be most of the text.
                brief["selection"] = json!(format!("{count} options"));
            }
            (name.clone(), brief)
        })
        .collect();
    let actions: Vec<Value> = schema
        .actions
        .iter()
        .map(|action| {
            let label = action.label.as_deref().unwrap_or_default();
            json!({"method": action.method, "label": clean(label, 60)})
        })
        .collect();
    json!({
        "model": schema.model,
        "label": clean(&schema.label, 60),
        "record_name_field": schema.rec_name,
        "order": schema.order,
        "access": schema.access,
        "fields": fields,
        "actions": actions,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_selections_are_counted() {
        let options: Vec<_> = (0..100)
            .map(|number| json!([format!("k{number}"), "x"]))
            .collect();
        let schema = ModelSchema::from_wire(&json!({
            "model": "x", "fields": {
                "tz": {"type": "selection", "selection": options},
                "state": {"type": "selection", "selection": [["a", "A"]]},
            },
        }))
        .unwrap();
        let shown: Value = serde_json::from_str(&text(&schema)).unwrap();
        assert_eq!(shown["fields"]["tz"]["selection"], "100 options");
        assert_eq!(shown["fields"]["state"]["selection"], json!([["a", "A"]]));
    }
}
