//! `odoo_schema`: a model's fields and actions in a form that fits a conversation.

use serde_json::{Map, Value, json};

use super::UserSession;
use super::args::Arguments;
use super::present::Output;
use crate::client::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, join_bounded};
use crate::schema::{FieldSchema, ModelSchema, View};

/// The most fields described at once; `search` reaches the others.
const MAX_FIELDS: usize = 80;

impl UserSession {
    pub(super) async fn schema(&self, args: &Arguments) -> Result<Output> {
        let name = args.required_text("model", "\"sale.order\"")?;
        let view = parse_view(args.text("view_type")?.as_deref())?;
        let search = args.text("search")?.filter(|text| !text.is_empty());
        let live = self
            .client()?
            .model_schema(&name, Some(view), &Context::new())
            .await?;
        let schema = if live.fields.is_empty() {
            self.shared
                .catalogue
                .generated_schema(&name)
                .map(|schema| schema.as_ref().clone())
                .ok_or_else(|| too_old(&name))?
        } else {
            live
        };
        Ok(describe(&schema, view, search.as_deref()))
    }
}

fn parse_view(name: Option<&str>) -> Result<View> {
    match name {
        None | Some("" | "form") => Ok(View::Form),
        Some("list" | "tree") => Ok(View::List),
        Some("search") => Ok(View::Search),
        Some(other) => Err(Error::invalid_call(format!(
            "\"view_type\" is form, list or search, not \"{other}\""
        ))),
    }
}

pub(super) fn too_old(model: &str) -> Error {
    Error::new(
        ErrorKind::ModuleMissing,
        format!("the MCP module of this Odoo is too old to describe {model}"),
    )
    .with_hint("Update the module butopea_mcp in Odoo; searching and reading work without it.")
}

fn describe(schema: &ModelSchema, view: View, search: Option<&str>) -> Output {
    let names = chosen_fields(schema, view, search);
    let shown: Vec<(&str, &FieldSchema)> = names
        .iter()
        .take(MAX_FIELDS)
        .filter_map(|name| Some((*name, schema.field(name)?)))
        .collect();
    let hidden = schema.fields.len() - shown.len();
    let mut lines = vec![headline(schema)];
    lines.extend(shown.iter().map(|(name, field)| field_line(name, field)));
    if search.is_none() && !schema.actions.is_empty() {
        lines.push("actions (odoo_execute):".to_owned());
        lines.extend(schema.actions.iter().map(|action| {
            let label = action.label.as_deref().unwrap_or_default();
            format!("  {}: {}", action.method, clean(label, 60))
        }));
    }
    if hidden > 0 {
        lines.push(format!("{hidden} more fields: use `search`"));
    }
    let fields: Map<String, Value> = shown
        .iter()
        .map(|(name, field)| ((*name).to_owned(), brief(field)))
        .collect();
    let structured = json!({
        "model": schema.model,
        "label": schema.label,
        "record_name_field": schema.rec_name,
        "access": schema.access,
        "fields": fields,
        "actions": if search.is_none() { json!(schema.actions) } else { json!([]) },
        "more_fields": hidden,
    });
    Output {
        structured,
        text: lines.join("\n"),
    }
}

fn chosen_fields<'a>(schema: &'a ModelSchema, view: View, search: Option<&str>) -> Vec<&'a str> {
    if let Some(search) = search {
        let wanted = search.to_lowercase();
        let matches = |(name, field): &(&String, &FieldSchema)| {
            let label = field.label.as_deref().unwrap_or_default().to_lowercase();
            name.contains(&wanted) || label.contains(&wanted)
        };
        return schema
            .fields
            .iter()
            .filter(matches)
            .map(|(name, _)| name.as_str())
            .collect();
    }
    let in_view: Vec<&str> = match view {
        View::Form => schema.form_fields.iter().map(String::as_str).collect(),
        View::List => schema.list_fields.iter().map(String::as_str).collect(),
        View::Search => Vec::new(),
    };
    if !in_view.is_empty() {
        return in_view;
    }
    let marked: Vec<&str> = schema
        .fields
        .iter()
        .filter(|(_, field)| field.is_in(view))
        .map(|(name, _)| name.as_str())
        .collect();
    if marked.is_empty() {
        schema.fields.keys().map(String::as_str).collect()
    } else {
        marked
    }
}

fn headline(schema: &ModelSchema) -> String {
    let may: Vec<&str> = [
        ("read", schema.access.read),
        ("create", schema.access.create),
        ("update", schema.access.write),
        ("delete", schema.access.unlink),
    ]
    .into_iter()
    .filter_map(|(name, allowed)| allowed.then_some(name))
    .collect();
    format!(
        "{} ({}): {} fields; this user may {}",
        schema.model,
        clean(&schema.label, 60),
        schema.fields.len(),
        if may.is_empty() {
            "do nothing".to_owned()
        } else {
            may.join(", ")
        }
    )
}

fn field_line(name: &str, field: &FieldSchema) -> String {
    let mut line = format!("{name}: {}", field.field_type);
    if let Some(relation) = &field.relation {
        line.push_str(&format!(" → {relation}"));
    }
    if let Some(options) = &field.selection {
        let keys: Vec<String> = options
            .iter()
            .map(|option| format!("{}={}", option.key, clean(&option.label, 30)))
            .collect();
        line.push_str(&format!(
            " [{}]",
            join_bounded(keys.iter().map(String::as_str), 15)
        ));
    }
    for (mark, is_set) in [
        ("required", field.required),
        ("readonly", field.readonly),
        ("computed", field.computed),
    ] {
        if is_set {
            line.push_str(&format!(", {mark}"));
        }
    }
    if let Some(label) = &field.label {
        line.push_str(&format!(" – {}", clean(label, 60)));
    }
    line
}

/// The facts of a field that a call depends on.
pub(super) fn brief(field: &FieldSchema) -> Value {
    let mut brief = Map::new();
    brief.insert("type".to_owned(), json!(field.field_type));
    if let Some(label) = &field.label {
        brief.insert("label".to_owned(), json!(clean(label, 60)));
    }
    if let Some(relation) = &field.relation {
        brief.insert("relation".to_owned(), json!(relation));
    }
    if let Some(options) = &field.selection {
        brief.insert("selection".to_owned(), json!(options));
    }
    for (name, is_set) in [
        ("required", field.required),
        ("readonly", field.readonly),
        ("computed", field.computed),
    ] {
        if is_set {
            brief.insert(name.to_owned(), json!(true));
        }
    }
    Value::Object(brief)
}
