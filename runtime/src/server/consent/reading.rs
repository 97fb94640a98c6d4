//! Methods that change nothing, which need no consent when they are called by name.

use crate::server::gate::Change;

/// Public methods of every model that only read (`odoo/orm/models.py`, and
/// `addons/web/models/models.py` for those with `web_`). Whatever is not here counts as a
/// change: a method may do anything.
const READING: [&str; 36] = [
    "check_access",
    "check_access_rights",
    "check_access_rule",
    "copy_data",
    "default_get",
    "exists",
    "export_data",
    "fields_get",
    "filtered_domain",
    "formatted_read_group",
    "formatted_read_grouping_sets",
    "get_base_url",
    "get_external_id",
    "get_formview_action",
    "get_formview_id",
    "get_metadata",
    "get_property_definition",
    "get_view",
    "get_views",
    "has_access",
    "name_get",
    "name_search",
    "onchange",
    "read",
    "read_group",
    "read_progress_bar",
    "search",
    "search_count",
    "search_fetch",
    "search_panel_select_multi_range",
    "search_panel_select_range",
    "search_read",
    "web_name_search",
    "web_read",
    "web_read_group",
    "web_search_read",
];

/// Whether a change is none.
pub(super) fn only_reads(change: &Change<'_>) -> bool {
    matches!(change, Change::Execute { method, .. } if is_reading(method))
}

/// Whether a method of this name only reads.
pub(in crate::server) fn is_reading(method: &str) -> bool {
    READING.binary_search(&method).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn execute(method: &str) -> bool {
        only_reads(&Change::Execute {
            model: "res.partner",
            method,
            ids: &[1],
            args: &[],
            kwargs: &Map::new(),
        })
    }

    #[test]
    fn what_changes_something_is_no_read() {
        assert!(READING.is_sorted());
        assert!(READING.iter().all(|method| execute(method)));
        for method in [
            "create",
            "write",
            "unlink",
            "copy",
            "load",
            "name_create",
            "toggle_active",
            "action_archive",
            "action_unarchive",
            "message_post",
            "web_save",
            "web_save_multi",
            "web_resequence",
            "action_confirm",
            "update_field_translations",
            "Read",
            " read",
            "",
        ] {
            assert!(!execute(method), "{method}");
        }
    }
}
