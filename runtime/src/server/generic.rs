//! The thirteen generic tools, which take the model as an argument and work for every model.
//!
//! The names, arguments and defaults of ten are those of the server that this one replaces, so a
//! user's configuration and habits carry over.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::chatter;
use crate::schema::{
    CONSENT_TOKEN, Operation, consent_token_schema, filter_schemas, group_schemas, ids_schema,
    output, records_schema,
};

/// One of the thirteen generic tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenericTool {
    Reconnect,
    Capabilities,
    Schema,
    Search,
    Read,
    Count,
    Create,
    Update,
    Delete,
    Execute,
    Chatter,
    Post,
    Activity,
}

impl GenericTool {
    /// All of them, in the order of the list.
    pub(crate) const ALL: [Self; 13] = [
        Self::Capabilities,
        Self::Schema,
        Self::Search,
        Self::Read,
        Self::Count,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Execute,
        Self::Chatter,
        Self::Post,
        Self::Activity,
        Self::Reconnect,
    ];

    /// The tool's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Reconnect => "odoo_reconnect",
            Self::Capabilities => "odoo_capabilities",
            Self::Schema => "odoo_schema",
            Self::Search => "odoo_search",
            Self::Read => "odoo_read",
            Self::Count => "odoo_count",
            Self::Create => "odoo_create",
            Self::Update => "odoo_update",
            Self::Delete => "odoo_delete",
            Self::Execute => "odoo_execute",
            Self::Chatter => "odoo_chatter",
            Self::Post => "odoo_post",
            Self::Activity => "odoo_activity",
        }
    }

    /// The one that does this to any model.
    pub(crate) const fn of(operation: &Operation) -> Self {
        match operation {
            Operation::Search | Operation::Aggregate => Self::Search,
            Operation::Read => Self::Read,
            Operation::Count => Self::Count,
            Operation::Create => Self::Create,
            Operation::Update => Self::Update,
            Operation::Delete => Self::Delete,
            Operation::Action(_) => Self::Execute,
        }
    }

    /// The model without which there is no such tool: the chatter belongs to a module of its own.
    pub(crate) const fn needs(self) -> Option<&'static str> {
        match self {
            Self::Chatter | Self::Post | Self::Activity => Some(chatter::ACTIVITY),
            _ => None,
        }
    }

    /// Whether it changes nothing in Odoo.
    pub(crate) const fn is_read_only(self) -> bool {
        !matches!(
            self,
            Self::Create
                | Self::Update
                | Self::Delete
                | Self::Execute
                | Self::Post
                | Self::Activity
        )
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Reconnect => "Reconnect to Odoo",
            Self::Capabilities => "What this user can reach",
            Self::Schema => "Fields and actions of a model",
            Self::Search => "Search records",
            Self::Read => "Read a record",
            Self::Count => "Count records",
            Self::Create => "Create a record",
            Self::Update => "Change a record",
            Self::Delete => "Delete a record",
            Self::Execute => "Press a button or call a method",
            Self::Chatter => "Read a record's chatter",
            Self::Post => "Write into a record's chatter",
            Self::Activity => "Schedule, complete or cancel an activity",
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Reconnect => {
                "Sign in to Odoo anew, after Odoo was down, rights changed or modules were installed."
            }
            Self::Capabilities => {
                "Who is signed in and which models they can reach, by app. Without arguments a summary; with `app` or `search` the models in detail."
            }
            Self::Schema => {
                "Fields of a model with type, label, options and relation, and the actions (buttons) that execute can call. By default the fields of the view; `search` finds any field."
            }
            Self::Search => {
                "Search records of any model and read fields. Without `fields`, the key fields are returned. The result has the total and the next offset. With `group_by` or `aggregates` it answers groups instead: how many records, and sum, avg, min, max, count or count_distinct of fields."
            }
            Self::Read => {
                "Read one record of any model by id. Without `fields`, the key fields are returned, and the names of the others."
            }
            Self::Count => "Count the records of any model that match a domain.",
            Self::Create => "Create a record of any model. Needs the user's approval.",
            Self::Update => "Change a record of any model. Needs the user's approval.",
            Self::Delete => "Delete a record of any model for good. Needs the user's approval.",
            Self::Execute => {
                "Press a button of a record's form (odoo_read lists those that it shows now), open an action of its menu, or call any public method. When Odoo opens a dialogue, the answer has its fields and how to go on. Needs the user's approval."
            }
            Self::Chatter => chatter::DESCRIPTION,
            Self::Post => chatter::POST_DESCRIPTION,
            Self::Activity => chatter::ACTIVITY_DESCRIPTION,
        }
    }

    fn arguments(self) -> Value {
        let model = text("Technical name, such as sale.order");
        let id = json!({"type": "integer", "description": "Record id"});
        let fields = json!({
            "type": "array", "items": {"type": "string"},
            "description": "Default: the key fields",
        });
        let values = json!({
            "type": "object",
            "description": "Field names and values. null clears a field. Related records by id or exact name. Dates also as today, +2w, end_of_month. Lists of records: ids, or {\"link\": [], \"unlink\": [], \"remove\": [], \"create\": [{}], \"update\": [{\"id\": 1}], \"set\": []}",
        });
        let ids = ids_schema();
        let token = consent_token_schema();
        let [(_, group_by), (_, aggregates)] = group_schemas();
        match self {
            Self::Chatter => chatter::arguments(&model, &id),
            Self::Post => chatter::post_arguments(&model, &id),
            Self::Activity => chatter::activity_arguments(&model, &id),
            Self::Reconnect => json!({}),
            Self::Capabilities => json!({
                "app": text("Only this app, such as Sales"),
                "search": text("Only models whose name or label contains this"),
            }),
            Self::Schema => json!({
                "model": model,
                "view_type": {
                    "type": "string", "enum": ["form", "list", "search"],
                    "description": "Whose fields to list", "default": "form",
                },
                "search": text("Only fields whose name or label contains this, in any view"),
            }),
            Self::Search => with_filter(
                &model,
                &[
                    ("fields", fields),
                    (
                        "limit",
                        json!({"type": "integer", "description": "1 to 100", "default": 20}),
                    ),
                    (
                        "offset",
                        json!({"type": "integer", "description": "Records to skip", "default": 0}),
                    ),
                    (
                        "order",
                        text(
                            "Such as \"date_order desc, id\"; of groups \"amount_total:sum desc\" or \"__count desc\"",
                        ),
                    ),
                    ("group_by", group_by),
                    ("aggregates", aggregates),
                ],
            ),
            Self::Read => json!({"model": model, "id": id, "ids": ids, "fields": fields}),
            Self::Count => with_filter(&model, &[]),
            Self::Create => {
                json!({"model": model, "values": values, "records": records_schema(), CONSENT_TOKEN: token})
            }
            Self::Update => {
                json!({"model": model, "id": id, "ids": ids, "values": values, CONSENT_TOKEN: token})
            }
            Self::Delete => json!({"model": model, "id": id, "ids": ids, CONSENT_TOKEN: token}),
            Self::Execute => json!({
                "model": model,
                "method": text("Method of a button, or of any kind, such as action_confirm; or an action of the form or its menu, such as crm.crm_lead_lost_action"),
                "id": id,
                "ids": {
                    "type": "array", "items": {"type": "integer"},
                    "description": "Or several; neither for methods of the model",
                },
                "args": {
                    "type": "array", "items": {"type": "string"},
                    "description": "Positional arguments; any JSON",
                },
                "kwargs": {"type": "object", "description": "Named arguments"},
                CONSENT_TOKEN: token,
                "wizard": text("To go on with a dialogue: the handle of the answer that opened it"),
                "values": {"type": "object", "description": "Of the dialogue: only the values that differ"},
            }),
        }
    }

    /// What the structured answer looks like.
    fn answer(self) -> JsonObject {
        let row = json!({"type": "object"});
        match self {
            Self::Reconnect | Self::Capabilities => output::object(json!({
                "user": row,
                "odoo_version": {"type": ["string", "null"]},
                "apps": {"type": "array", "items": row},
                "models": {"type": "array", "items": row},
            })),
            Self::Schema => output::object(json!({
                "model": {"type": "string"},
                "fields": row,
                "actions": {"type": "array", "items": row},
                "more_fields": {"type": "integer"},
            })),
            Self::Search => {
                let mut schema = output::page_schema(&row);
                schema["properties"]["groups"] = json!({"type": "array", "items": row});
                schema
            }
            Self::Read => output::record_schema(&row),
            Self::Count => output::count_schema(),
            Self::Create | Self::Update | Self::Delete => output::change_schema(),
            Self::Execute => output::method_schema(),
            Self::Chatter => output::object(json!({
                "messages": {"type": "array", "items": row},
                "activities": {"type": "array", "items": row},
                "attachments": {"type": "array", "items": row},
                "next_offset": {"type": ["integer", "null"]},
            })),
            Self::Post | Self::Activity => output::object(json!({"success": {"type": "boolean"}})),
        }
    }

    const fn required(self) -> &'static [&'static str] {
        match self {
            Self::Reconnect | Self::Capabilities => &[],
            Self::Schema
            | Self::Search
            | Self::Count
            | Self::Read
            | Self::Create
            | Self::Delete => &["model"],
            Self::Chatter | Self::Post => &["model", "id"],
            Self::Activity => &["operation"],
            Self::Update => &["model", "values"],
            Self::Execute => &["model", "method"],
        }
    }

    /// The names of the tool's arguments.
    pub(crate) fn argument_names(self) -> Vec<String> {
        match self.arguments() {
            Value::Object(properties) => {
                let mut names: Vec<String> = properties.keys().cloned().collect();
                if let Some(place) = names.iter().position(|name| name == "none_of") {
                    // What `domain` is already, for who writes it like the other two.
                    names.insert(place + 1, "all_of".to_owned());
                }
                names
            }
            _ => Vec::new(),
        }
    }

    /// The tool as it is listed.
    pub(crate) fn tool(self) -> Tool {
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), self.arguments());
        if !self.required().is_empty() {
            schema.insert("required".to_owned(), json!(self.required()));
        }
        Tool::new(self.name(), self.description(), Arc::new(schema))
            .with_raw_output_schema(Arc::new(self.answer()))
            .with_title(self.title())
            .with_annotations(self.annotations())
    }

    fn annotations(self) -> ToolAnnotations {
        let read_only = self.is_read_only();
        ToolAnnotations::new()
            .read_only(read_only)
            .destructive(!read_only && !matches!(self, Self::Create | Self::Post))
            .idempotent(read_only || matches!(self, Self::Update | Self::Delete))
            .open_world(matches!(self, Self::Execute | Self::Post))
    }
}

/// The model, which of its records, and further arguments.
fn with_filter(model: &Value, others: &[(&str, Value)]) -> Value {
    let mut arguments = JsonObject::new();
    arguments.insert("model".to_owned(), model.clone());
    for (name, schema) in filter_schemas(r#"["name","ilike","azure"]"#) {
        arguments.insert(name.to_owned(), schema);
    }
    for (name, schema) in others {
        arguments.insert((*name).to_owned(), schema.clone());
    }
    Value::Object(arguments)
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}
