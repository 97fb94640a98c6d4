//! `odoo_schema`: a model's fields and actions in a form that fits a conversation.
//!
//! A model of Odoo can have 250 fields, and all of them would cost more than the question that
//! they are read for. So an answer has a budget: it begins with the fields that calls are about
//! (`fields`), what a person sees in the view follows, and a line says how many are left
//! and how to find them.

mod fields;

use serde_json::{Map, Value, json};

use super::UserSession;
use super::args::Arguments;
use super::present::{Output, fenced};
use crate::client::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, join_bounded, listed, quoted, shorten};
use crate::schema::{ActionSchema, FieldSchema, ModelSchema, SelectionOption, View};
use fields::{described_fields, found_fields};

/// The size of what is described, in bytes of JSON: about 2,000 tokens with all around it.
const MAX_BYTES: usize = 7_400;
/// The part of it that actions may take.
const MAX_BYTES_OF_ACTIONS: usize = 1_600;
/// The most options of a selection; who searches for the field by its name sees them all.
const MAX_OPTIONS: usize = 12;
/// How long a label may be.
const MAX_LABEL: usize = 60;
/// How long an option's key or label may be.
const MAX_OPTION: usize = 100;

impl UserSession {
    pub(super) async fn schema(&self, args: &Arguments) -> Result<Output> {
        let name = args.required_text("model", "\"sale.order\"")?;
        let view = parse_view(args.text("view_type")?.as_deref())?;
        let search = args.text("search")?.filter(|text| !text.is_empty());
        let live = self
            .client()?
            .model_schema(&name, Some(view), &Context::new())
            .await?;
        let mut schema = if live.fields.is_empty() {
            self.shared
                .catalogue
                .generated_schema(&name)
                .map(|schema| schema.as_ref().clone())
                .ok_or_else(|| too_old(&name))?
        } else {
            live
        };
        let policy = self.shared.catalogue.policy();
        policy.limit(&name, &mut schema.access);
        schema.key_fields = self.shared.catalogue.profile().key_fields(&name).to_vec();
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
    let actions: Vec<&ActionSchema> = schema
        .actions
        .iter()
        .filter(|action| search.is_none_or(|text| mentions_action(action, text)))
        .collect();
    let (actions, actions_bytes) = within(actions, MAX_BYTES_OF_ACTIONS, |action| {
        brief_action(action).to_string().len()
    });
    let (wanted, first) = match search {
        Some(text) => (found_fields(schema, text), 0),
        None => described_fields(schema, view),
    };
    let room = MAX_BYTES.saturating_sub(actions_bytes);
    let shown = that_fit(schema, &wanted, first, room);
    let hidden = schema.fields.len() - shown.len();
    // Who asks for one field wants to know all of it.
    let options_of = |name: &str| {
        if search == Some(name) {
            usize::MAX
        } else {
            MAX_OPTIONS
        }
    };
    let mut described: Vec<String> = shown
        .iter()
        .map(|(name, field)| field_line(name, field, options_of(name)))
        .collect();
    if !actions.is_empty() {
        described.push("actions (odoo_execute):".to_owned());
        described.extend(actions.iter().map(|action| {
            let label = action.label.as_deref().unwrap_or_default();
            format!("  {}: {}", action.method, clean(label, MAX_LABEL))
        }));
    }
    let more_actions = schema.actions.len() - actions.len();
    let mut lines = vec![headline(schema)];
    if !described.is_empty() {
        // Labels are what people and module authors call things.
        lines.push(fenced(&described.join("\n")));
    }
    lines.extend(rest(
        wanted.len() - shown.len(),
        hidden,
        more_actions,
        search,
    ));
    let fields: Map<String, Value> = shown
        .iter()
        .map(|(name, field)| ((*name).to_owned(), short(name, field, options_of(name))))
        .collect();
    let mut structured = json!({
        "model": schema.model,
        "label": clean(&schema.label, MAX_LABEL),
        "record_name_field": schema.rec_name,
        "access": schema.access,
        "fields": fields,
        "actions": actions.iter().map(|action| brief_action(action)).collect::<Vec<_>>(),
        "more_fields": hidden,
    });
    if search.is_none() {
        structured["more_actions"] = json!(more_actions);
    }
    Output {
        structured,
        text: lines.join("\n"),
    }
}

/// The first of these that take so many bytes together, and how many they take.
pub(super) fn within<T>(
    items: Vec<T>,
    bytes: usize,
    size: impl Fn(&T) -> usize,
) -> (Vec<T>, usize) {
    let mut taken = 0;
    let mut kept = Vec::new();
    for item in items {
        let size = size(&item) + 1;
        if taken + size > bytes {
            break;
        }
        taken += size;
        kept.push(item);
    }
    (kept, taken)
}

/// The fields that an answer has room for, in the order of `wanted`: the `first` of them before
/// any other.
fn that_fit<'a>(
    schema: &'a ModelSchema,
    wanted: &[&'a str],
    first: usize,
    bytes: usize,
) -> Vec<(&'a str, &'a FieldSchema)> {
    let mut ranked: Vec<(u8, usize, &str, &FieldSchema)> = wanted
        .iter()
        .enumerate()
        .filter_map(|(place, name)| Some((place, *name, schema.field(name)?)))
        .map(|(place, name, field)| {
            let rank = if place < first || schema.must_be_given(name) {
                0
            } else {
                1 + u8::from(field.is_always_hidden() || field.field_type.is_binary())
            };
            (rank, place, name, field)
        })
        .collect();
    ranked.sort_by_key(|(rank, place, ..)| (*rank, *place));
    let (mut kept, _) = within(ranked, bytes, |(_, _, name, field)| {
        name.len() + short(name, field, MAX_OPTIONS).to_string().len() + 3
    });
    kept.sort_by_key(|(_, place, ..)| *place);
    kept.into_iter()
        .map(|(.., name, field)| (name, field))
        .collect()
}

/// What is not shown, and how to find it.
fn rest(unfit: usize, hidden: usize, more_actions: usize, search: Option<&str>) -> Option<String> {
    if let Some(search) = search {
        return (unfit > 0).then(|| {
            format!(
                "{unfit} more fields have {}: search for more of the name",
                quoted(search, MAX_LABEL)
            )
        });
    }
    let actions = match more_actions {
        0 => String::new(),
        more => format!(" and {more} actions"),
    };
    (hidden + more_actions > 0)
        .then(|| format!("{hidden} more fields{actions}: use `search`, or another view_type"))
}

fn mentions_action(action: &ActionSchema, text: &str) -> bool {
    let text = text.to_lowercase();
    let label = action.label.as_deref().unwrap_or_default();
    action.method.contains(&text) || label.to_lowercase().contains(&text)
}

fn brief_action(action: &ActionSchema) -> Value {
    let label = action.label.as_deref().unwrap_or_default();
    json!({"method": action.method, "label": clean(label, MAX_LABEL)})
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
        quoted(&schema.label, MAX_LABEL),
        schema.fields.len(),
        if may.is_empty() {
            "do nothing".to_owned()
        } else {
            may.join(", ")
        }
    )
}

fn field_line(name: &str, field: &FieldSchema, max_options: usize) -> String {
    let mut line = format!("{name}: {}", field.field_type);
    if let Some(relation) = &field.relation {
        line.push_str(&format!(" → {relation}"));
    }
    if let Some(options) = &field.selection {
        let keys: Vec<String> = options
            .iter()
            .map(|option| format!("{}={}", option_key(option), listed(&option.label, 30)))
            .collect();
        line.push_str(&format!(
            " [{}]",
            join_bounded(keys.iter().map(String::as_str), max_options)
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
    if let Some(label) = telling_label(name, field) {
        line.push_str(&format!(" – {label}"));
    }
    line
}

/// The key as it stands before a label: as it is, or in quotes with what would break the line or
/// turn it escaped.
fn option_key(option: &SelectionOption) -> String {
    let key = option.key.to_string();
    let is_plain = !key.is_empty() && listed(&key, usize::MAX) == key;
    if is_plain {
        shorten(&key, MAX_OPTION)
    } else {
        format!(
            "\"{}\"",
            shorten(&key.escape_debug().to_string(), MAX_OPTION)
        )
    }
}

/// The label, where the name does not say it already.
fn telling_label(name: &str, field: &FieldSchema) -> Option<String> {
    let label = clean(field.label.as_deref()?, MAX_LABEL);
    let said = |name: &str| name.replace('_', " ").eq_ignore_ascii_case(&label);
    let stem = name.strip_suffix("_id").or(name.strip_suffix("_ids"));
    (!said(name) && !stem.is_some_and(said)).then_some(label)
}

/// The facts of a field within a budget: without a label that the name says, and with the first
/// options of many.
fn short(name: &str, field: &FieldSchema, max_options: usize) -> Value {
    let mut facts = brief(field);
    if let Some(facts) = facts.as_object_mut() {
        if telling_label(name, field).is_none() {
            facts.shift_remove("label");
        }
        if let Some(Value::Array(options)) = facts.get_mut("selection")
            && options.len() > max_options
        {
            let more = options.len() - max_options;
            options.truncate(max_options);
            facts.insert("more_options".to_owned(), json!(more));
        }
    }
    facts
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
        let pairs = options
            .iter()
            .map(|option| json!([option.key, clean(&option.label, MAX_OPTION)]));
        brief.insert("selection".to_owned(), pairs.collect());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": "x.case", "label": "Case", "fields": {
                "ab": {"type": "char"}, "AB": {"type": "char"}, "aB_c": {"type": "char"},
                "kind": {"type": "selection", "selection": [
                    ["plain", "Plain"], ["two\nlines", "Two"], ["\u{202e}", "Turned"], ["", "None"]
                ]},
            },
        }))
        .unwrap()
    }

    #[test]
    fn fields_are_found_in_any_case_and_the_one_of_this_name_first() {
        let schema = schema();
        let found = |text| found_fields(&schema, text);
        assert_eq!(found("AB"), ["AB", "ab", "aB_c"]);
        assert_eq!(found("ab"), ["ab", "AB", "aB_c"]);
        assert_eq!(found("aB"), ["AB", "ab", "aB_c"]);
        assert_eq!(found("b_C"), ["aB_c"]);
    }

    #[test]
    fn a_description_begins_with_what_calls_are_about() {
        let fields: Map<String, Value> = (0..100)
            .map(|n| {
                (
                    format!("a{n:02}"),
                    json!({"type": "char", "string": "x".repeat(60)}),
                )
            })
            .collect();
        let mut schema = ModelSchema::from_wire(&json!({
            "model": "x.order", "label": "Order", "rec_name": "name",
            "form_fields": fields.keys().collect::<Vec<_>>(), "fields": fields,
        }))
        .unwrap();
        for (name, facts) in [
            ("amount_total", json!({"type": "monetary", "store": true})),
            ("amount_tax", json!({"type": "monetary", "store": true})),
            ("create_date", json!({"type": "datetime", "store": true})),
            ("date_order", json!({"type": "datetime", "store": true})),
            ("name", json!({"type": "char"})),
            ("partner_id", json!({"type": "many2one", "required": true})),
            ("state", json!({"type": "selection"})),
            ("zip", json!({"type": "char"})),
        ] {
            let field = serde_json::from_value(facts).unwrap();
            schema.fields.insert(name.to_owned(), field);
        }
        schema.key_fields = vec!["zip".to_owned()];
        let named = |shown: &Output| -> Vec<String> {
            let fields = shown.structured["fields"].as_object().unwrap();
            fields.keys().cloned().collect()
        };
        let first = [
            "zip",
            "name",
            "state",
            "partner_id",
            "amount_total",
            "amount_tax",
            "date_order",
        ];
        let shown = describe(&schema, View::Form, None);
        assert_eq!(named(&shown)[..7], first);
        assert!(shown.structured["more_fields"].as_u64() > Some(20));
        let lines: Vec<&str> = shown.text.lines().skip(2).take(7).collect();
        let lines = lines.iter().map(|line| line.split(':').next().unwrap());
        assert_eq!(lines.collect::<Vec<_>>(), first);
        // Another view is described as it is.
        schema.list_fields = ["a00", "name", "zip"].map(str::to_owned).to_vec();
        let list = describe(&schema, View::List, None);
        assert_eq!(named(&list), ["zip", "name", "a00"]);
    }

    #[test]
    fn keys_of_options_neither_break_nor_turn_a_line() {
        let schema = schema();
        let line = field_line("kind", schema.field("kind").unwrap(), 10);
        assert_eq!(
            line,
            "kind: selection [plain=Plain, \"two\\nlines\"=Two, \"\\u{202e}\"=Turned, \"\"=None]"
        );
    }
}
