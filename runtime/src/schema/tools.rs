//! The typed tools of a model: names, descriptions, argument schemas and annotations.
//!
//! On the data's way: live Odoo → snapshot → **descriptors → schema files → tools**. The
//! generator writes them into `schemas/<model>.json`; the server serves what stands there, so
//! what is reviewed in the repository is what an assistant sees.

mod values;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::group_tool::{self, group_schemas};
use super::json_schema::ModelLookup;
use super::naming::{distinct_tool_name, tool_name};
use super::text::{clean, join_bounded};
use super::{ActionSchema, FieldSchema, ModelSchema};
use values::values_schema;

/// What a typed tool does with its model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Finds records and reads their key fields.
    Search,
    /// Reads one record.
    Read,
    /// Counts records.
    Count,
    /// Groups records and sums them up.
    Aggregate,
    /// Creates a record.
    Create,
    /// Changes a record.
    Update,
    /// Deletes a record for good.
    Delete,
    /// Presses a button of the form: the method behind it.
    Action(String),
}

impl Operation {
    /// The seven operations that every model has.
    pub const CRUD: [Self; 7] = [
        Self::Search,
        Self::Read,
        Self::Count,
        Self::Aggregate,
        Self::Create,
        Self::Update,
        Self::Delete,
    ];

    /// How the operation is called in tool names and profiles: `search`, or the method.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Search => "search",
            Self::Read => "read",
            Self::Count => "count",
            Self::Aggregate => "aggregate",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Action(method) => method,
        }
    }

    /// Whether it leaves Odoo as it is.
    pub fn is_read_only(&self) -> bool {
        matches!(
            self,
            Self::Search | Self::Read | Self::Count | Self::Aggregate
        )
    }
}

/// Hints for the client about what a tool does (MCP, `ToolAnnotations`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_excessive_bools)] // the four hints of the protocol
pub struct Annotations {
    /// It changes nothing.
    pub read_only_hint: bool,
    /// It may overwrite or remove what was there.
    pub destructive_hint: bool,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent_hint: bool,
    /// It may reach beyond Odoo (a button may send an e-mail).
    pub open_world_hint: bool,
}

impl Annotations {
    /// The hints of an operation.
    pub fn of(operation: &Operation) -> Self {
        let read_only = operation.is_read_only();
        Self {
            read_only_hint: read_only,
            destructive_hint: !read_only && *operation != Operation::Create,
            idempotent_hint: read_only
                || matches!(operation, Operation::Update | Operation::Delete),
            open_world_hint: matches!(operation, Operation::Action(_)),
        }
    }
}

/// One typed tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec {
    /// The name, at most 40 characters.
    pub name: String,
    /// What it does with the model.
    pub operation: Operation,
    /// What a person reads in a list of tools.
    pub title: String,
    /// What the assistant reads.
    pub description: String,
    /// The JSON Schema of the arguments.
    pub input_schema: Map<String, Value>,
    /// Hints for the client.
    pub annotations: Annotations,
}

/// Every tool of a model: the seven operations that its access allows and its actions.
pub fn tools_of(model: &ModelSchema, lookup: ModelLookup<'_>) -> Vec<ToolSpec> {
    let crud = Operation::CRUD
        .into_iter()
        .filter(|operation| model.access.allows(operation))
        .map(|operation| crud_tool(model, operation, lookup));
    let mut tools: Vec<ToolSpec> = crud.collect();
    for action in &model.actions {
        let operation = Operation::Action(action.method.clone());
        let is_new = tools.iter().all(|tool| tool.operation != operation);
        if is_new && model.access.allows(&operation) {
            let mut tool = action_tool(model, action, operation);
            if tools.iter().any(|other| other.name == tool.name) {
                tool.name = distinct_tool_name(&model.model, &tool.operation);
            }
            tools.push(tool);
        }
    }
    tools
}

fn crud_tool(model: &ModelSchema, operation: Operation, lookup: ModelLookup<'_>) -> ToolSpec {
    let label = clean(&model.label, 60);
    let name = &model.model;
    let (verb, description, input_schema) = match &operation {
        Operation::Search => (
            "Search",
            format!(
                "Search {label} ({name}) and read their key fields. {}",
                main_fields(model)
            ),
            search_arguments(model),
        ),
        Operation::Read => (
            "Read",
            format!("Read {label} ({name}) by id."),
            object(with_ids(vec![("fields", field_names())]), &[]),
        ),
        Operation::Count => (
            "Count",
            format!("Count {label} ({name}) that match a domain."),
            object(filter_schemas(&example_condition(model)), &[]),
        ),
        Operation::Aggregate => (
            "Group",
            group_tool::description(model),
            group_arguments(model),
        ),
        Operation::Create => (
            "Create",
            format!("Create a {label} ({name}). Needs the user's approval."),
            object(
                vec![
                    ("values", values_schema(model, true, lookup)),
                    ("records", records_schema()),
                    (CONSENT_TOKEN, consent_token_schema()),
                ],
                &[],
            ),
        ),
        Operation::Update => (
            "Update",
            format!("Change a {label} ({name}). Needs the user's approval."),
            object(
                with_ids(vec![
                    ("values", values_schema(model, false, lookup)),
                    (CONSENT_TOKEN, consent_token_schema()),
                ]),
                &["values"],
            ),
        ),
        Operation::Delete | Operation::Action(_) => (
            "Delete",
            format!("Delete a {label} ({name}) for good. Needs the user's approval."),
            object(with_ids(vec![(CONSENT_TOKEN, consent_token_schema())]), &[]),
        ),
    };
    ToolSpec {
        name: tool_name(name, operation.as_str()),
        title: format!("{verb} {label}"),
        description: clean(&description, 600),
        input_schema,
        annotations: Annotations::of(&operation),
        operation,
    }
}

fn action_tool(model: &ModelSchema, action: &ActionSchema, operation: Operation) -> ToolSpec {
    let model_label = clean(&model.label, 60);
    let button = clean(action.label.as_deref().unwrap_or(&action.method), 60);
    let mut description = format!(
        "Press \"{button}\" on a {model_label} ({}): calls {}. Needs the user's approval.",
        model.model, action.method
    );
    if let Some(confirm) = &action.confirm {
        description.push_str(&format!(" Odoo asks: \"{}\"", clean(confirm, 200)));
    }
    if let Some(help) = &action.help {
        description.push_str(&format!(" {}", clean(help, 120)));
    }
    if let Some(hidden) = &action.invisible_expr {
        description.push_str(&format!(" Hidden in Odoo when: {}", clean(hidden, 120)));
    }
    ToolSpec {
        name: tool_name(&model.model, operation.as_str()),
        title: format!("{button} ({model_label})"),
        description: clean(&description, 900),
        input_schema: object(with_ids(vec![(CONSENT_TOKEN, consent_token_schema())]), &[]),
        annotations: Annotations::of(&operation),
        operation,
    }
}

/// The fields that a search is most often about, with their types, so that a domain is right
/// at the first try.
fn main_fields(model: &ModelSchema) -> String {
    let names = model.summary_fields();
    let described: Vec<String> = names
        .iter()
        .filter_map(|name| Some((name, model.field(name)?)))
        .map(|(name, field)| format!("{name} {}", brief_type(field)))
        .collect();
    format!(
        "Fields: {}.",
        join_bounded(described.iter().map(String::as_str), 10)
    )
}

fn brief_type(field: &FieldSchema) -> String {
    match (&field.selection, &field.relation) {
        (Some(options), _) if options.len() <= 8 => {
            let keys: Vec<String> = options.iter().map(|o| o.key.to_string()).collect();
            format!("({})", keys.join("|"))
        }
        (_, Some(relation)) => format!("→{relation}"),
        _ => field.field_type.to_string(),
    }
}

fn search_arguments(model: &ModelSchema) -> Map<String, Value> {
    let order = model.order.as_deref().unwrap_or("id");
    let mut arguments = filter_schemas(&example_condition(model));
    arguments.extend([
            ("fields", field_names()),
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
                json!({"type": "string", "description": clean(&format!("Such as \"{order}\" (the default)"), 120)}),
            ),
        ]);
    object(arguments, &[])
}

fn group_arguments(model: &ModelSchema) -> Map<String, Value> {
    let mut arguments = Vec::from(group_schemas());
    arguments.extend(filter_schemas(&example_condition(model)));
    arguments.extend([
        (
            "order",
            json!({"type": "string", "description": "By __count, an aggregate such as \"amount_total:sum desc\", or what groups are made by"}),
        ),
        (
            "limit",
            json!({"type": "integer", "description": "1 to 100", "default": 20}),
        ),
        ("offset", json!({"type": "integer", "description": "Groups to skip", "default": 0})),
    ]);
    object(arguments, &[])
}

/// The arguments that say which records are meant. `example` is a condition as JSON.
pub fn filter_schemas(example: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("domain", domain_schema(example)),
        ("any_of", conditions_schema("At least one must hold")),
        ("none_of", conditions_schema("None may hold")),
    ]
}

fn conditions_schema(description: &str) -> Value {
    json!({
        "type": "array",
        "description": description,
        "items": {"type": "array", "items": {"type": "string"}}
    })
}

/// The arguments that say which records by id, before others.
fn with_ids(others: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    let mut arguments = vec![("id", integer("Record id")), ("ids", ids_schema())];
    arguments.extend(others);
    arguments
}

/// The argument in which the token of a preview comes back: it says that the user agreed.
pub const CONSENT_TOKEN: &str = "confirm";

/// The schema of [`CONSENT_TOKEN`].
pub fn consent_token_schema() -> Value {
    json!({"type": "string", "description": "Token of the preview"})
}

/// Several records instead of one.
pub fn ids_schema() -> Value {
    json!({"type": "array", "items": {"type": "integer"}, "description": "Several, all or none"})
}

/// Several new records instead of one.
pub fn records_schema() -> Value {
    json!({"type": "array", "items": {"type": "object"}, "description": "Several, all or none"})
}

/// A domain in the portable subset: conditions of strings. Numbers, lists and the prefix
/// operators of a raw Odoo domain are accepted as well. `example` is a condition as JSON.
fn domain_schema(example: &str) -> Value {
    json!({
        "type": "array",
        "description": format!(
    "Conditions [field, operator, value], all must hold, e.g. [{example}]; paths like partner_id.country_id.code; dates like today, -7d, start_of_month; groups {{\"any_of\": [...]}} inside."
        ),
        "items": {"type": "array", "items": {"type": "string"}}
    })
}

/// A condition on a field that this model has, as JSON.
fn example_condition(model: &ModelSchema) -> String {
    let state = model
        .field("state")
        .and_then(|field| field.selection.as_ref());
    match (state.and_then(|options| options.first()), &model.rec_name) {
        (Some(option), _) => json!(["state", "=", option.key]).to_string(),
        (None, Some(name)) => json!([name, "ilike", "azure"]).to_string(),
        (None, None) => json!(["id", ">", "10"]).to_string(),
    }
}

fn field_names() -> Value {
    json!({
        "type": "array",
        "items": {"type": "string"},
        "description": "Default: the key fields",
    })
}

fn integer(description: &str) -> Value {
    json!({"type": "integer", "description": description})
}

fn object(properties: Vec<(&str, Value)>, required: &[&str]) -> Map<String, Value> {
    let properties: Map<String, Value> = properties
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let mut schema = Map::new();
    schema.insert("type".into(), json!("object"));
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    schema
}
