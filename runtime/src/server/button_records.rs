//! Whether a button is pressed on records at all.
//!
//! Odoo calls the method of a button on nothing, too: it does nothing then, and succeeds. Only in
//! the header of a list there are buttons that a person presses without a selection
//! (`display="always"`); the Odoo module tells which ones need records.

use crate::schema::ModelSchema;
use crate::schema::text::quoted;
use crate::schema::validate::Problems;

/// Refuses a button of records that is pressed on none: Odoo does nothing then, and succeeds.
pub(super) fn check_has_records(schema: &ModelSchema, method: &str, problems: &mut Problems) {
    let mut same = schema
        .actions
        .iter()
        .filter(|button| button.method == method)
        .peekable();
    let Some(button) = same.peek() else { return };
    let label = quoted(button.label.as_deref().unwrap_or(method), 60);
    if same.all(|button| button.needs_records) {
        problems.add(
            "ids",
            format!(
                "{method} ({label}) is a button of records: name them by \"id\" or \"ids\"; \
                 odoo_search finds them"
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mistakes(method: &str) -> Vec<String> {
        let schema = ModelSchema::from_wire(&json!({"model": "x.order", "fields": {}, "actions": [
            {"method": "action_confirm", "label": "Confirm", "needs_records": true},
            {"method": "action_confirm", "label": "Confirm anyway", "needs_records": true},
            {"method": "action_import", "label": "Import"},
            {"method": "action_both", "label": "Both", "needs_records": true},
            {"method": "action_both", "label": "Both of the list"},
        ]}))
        .unwrap();
        let mut problems = Problems::default();
        check_has_records(&schema, method, &mut problems);
        problems.mistakes().to_vec()
    }

    #[test]
    fn a_button_of_records_is_not_pressed_on_none() {
        let found = mistakes("action_confirm");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("ids: action_confirm (“Confirm”)"),
            "{found:?}"
        );
        assert!(found[0].contains("\"id\" or \"ids\""), "{found:?}");
    }

    #[test]
    fn what_may_be_pressed_without_records_is() {
        // Also where an older module says nothing of it, and what is no button.
        for method in ["action_import", "action_both", "default_get"] {
            assert!(mistakes(method).is_empty(), "{method}");
        }
    }
}
