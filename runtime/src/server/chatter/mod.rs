//! The chatter of a record: what was said and done about it, and what is still to be done.
//!
//! Everything is the user's: messages are read as the user, written by Odoo's public methods
//! (`message_post`, `activity_schedule`, `action_feedback`), and pass the gate as any change.

mod activity;
mod post;
mod thread;

use serde_json::{Map, Value, json};

use super::UserSession;
use crate::error::{Error, Result};
use crate::schema::ModelSchema;
use crate::schema::text::join_bounded;
use crate::schema::{CONSENT_TOKEN, consent_token_schema};

/// The model of activities, which comes with that of messages.
pub(super) const ACTIVITY: &str = "mail.activity";
const MESSAGE: &str = "mail.message";

pub(super) const DESCRIPTION: &str = "Read the chatter of a record: messages, internal notes and tracked changes, newest first, its open activities, files and number of followers.";
pub(super) const POST_DESCRIPTION: &str = "Write into the chatter of a record: an internal note, or a message that is e-mailed to the followers and partner_ids; files can be attached. Needs the user's approval.";
pub(super) const ACTIVITY_DESCRIPTION: &str = "Schedule an activity (to-do, call, meeting) on a record, complete one with feedback, or cancel it. Needs the user's approval.";

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

pub(super) fn arguments(model: &Value, id: &Value) -> Value {
    json!({
        "model": model,
        "id": id,
        "limit": {"type": "integer", "description": "Messages per page, 1 to 100", "default": 10},
        "offset": {"type": "integer", "description": "Messages to skip", "default": 0},
    })
}

pub(super) fn post_arguments(model: &Value, id: &Value) -> Value {
    json!({
        "model": model,
        "id": id,
        "body": text("Plain text, or light Markdown: **bold**, _italic_, `code`, - point, [text](https://…)"),
        "kind": {
            "type": "string", "enum": ["note", "message"], "default": "note",
            "description": "note: for colleagues; message: also e-mailed to the followers",
        },
        "subject": text("Of the e-mail"),
        "partner_ids": {
            "type": "array", "items": {"type": "string"},
            "description": "Contacts to notify besides, by id or exact name",
        },
        "attachments": {
            "type": "array",
            "description": "Files; without body they are only attached to the record",
            "items": {
                "type": "object",
                "properties": {
                    "name": text("With its ending, such as offer.pdf"),
                    "content": text("Base64"),
                },
                "required": ["name", "content"],
            },
        },
        CONSENT_TOKEN: consent_token_schema(),
    })
}

pub(super) fn activity_arguments(model: &Value, id: &Value) -> Value {
    json!({
        "operation": {
            "type": "string", "enum": ["schedule", "complete", "cancel"],
            "description": "schedule needs model and id; complete and cancel need activity",
        },
        "model": model,
        "id": id,
        "activity_type_id": text("Name or id, such as Call; default: To-Do"),
        "summary": text("A few words"),
        "note": text("More about it"),
        "date_deadline": text("Date, also as today, +3d, end_of_month; default: today"),
        "user_id": text("Who is to do it, by exact name or id; default: the signed-in user"),
        "activity": {"type": "integer", "description": "Id of an activity (odoo_chatter lists them)"},
        "feedback": text("What came of it, for the chatter"),
        CONSENT_TOKEN: consent_token_schema(),
    })
}

impl UserSession {
    /// Refuses a model without a chatter, or without activities, with what has one instead.
    async fn require_field(&self, model: &str, field: &str, what: &str) -> Result<()> {
        let Some(schema) = self.schema_of(model).await? else {
            return Ok(());
        };
        if schema.field(field).is_some() {
            return Ok(());
        }
        let instead = self.relations_with(&schema, field).await;
        let error = Error::invalid_call(format!("{model} has no {what}"));
        if instead.is_empty() {
            return Err(error.with_hint(format!(
                "Take a record that it belongs to: models with {what} have the field {field}."
            )));
        }
        let listed = join_bounded(instead.iter().map(String::as_str), 5);
        Err(error.with_hint(format!(
            "Take the record that it belongs to, which has one: its {listed}."
        )))
    }

    /// The relations to records that have this field.
    async fn relations_with(&self, schema: &ModelSchema, field: &str) -> Vec<String> {
        let mut found = Vec::new();
        // Of a line's relations the form's come first; more than a few are not asked about.
        let names = schema.form_fields.iter().map(String::as_str);
        let mut names: Vec<&str> = names
            .chain(schema.fields.keys().map(String::as_str))
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|name| seen.insert(*name) && !is_magic(name));
        let relations = names.into_iter().filter_map(|name| {
            let described = schema.field(name)?;
            let is_one = described.field_type == crate::schema::FieldType::Many2one;
            Some((name, described.relation.clone().filter(|_| is_one)?))
        });
        for (name, relation) in relations.take(12) {
            let known = self.schema_of(&relation).await.ok().flatten();
            if known.is_some_and(|known| known.field(field).is_some()) {
                found.push(format!("{name} ({relation})"));
            }
        }
        found
    }
}

/// Who made a record is not what it belongs to.
fn is_magic(name: &str) -> bool {
    matches!(name, "create_uid" | "write_uid")
}

/// The arguments that are fields of a model, for its check.
fn fields_of(args: &super::args::Arguments, names: &[&str]) -> Map<String, Value> {
    let given = names.iter().filter_map(|name| {
        let value = args.value(name)?;
        Some(((*name).to_owned(), value))
    });
    given.collect()
}
