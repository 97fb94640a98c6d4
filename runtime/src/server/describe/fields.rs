//! Which fields of a model are described, and in which order.

use crate::schema::{FieldSchema, FieldType, ModelSchema, View};

/// How many amounts, and how many dates, come first of those that are no key fields.
const MAX_OF_A_KIND: usize = 5;

/// The fields with this text in their name or label, that of this very name first.
pub(super) fn found_fields<'a>(schema: &'a ModelSchema, search: &str) -> Vec<&'a str> {
    let wanted = search.to_lowercase();
    let matches = |(name, field): &(&String, &FieldSchema)| {
        let label = field.label.as_deref().unwrap_or_default().to_lowercase();
        name.to_lowercase().contains(&wanted) || label.contains(&wanted)
    };
    let found = schema.fields.iter().filter(matches);
    let mut names: Vec<&str> = found.map(|(name, _)| name.as_str()).collect();
    names.sort_by_key(|name| (*name != search, name.to_lowercase() != wanted));
    names
}

/// The fields that come first and then those of the view; and how many the first are. Only a form
/// is described with fields that it has not: who asks for another view wants to know that one.
pub(super) fn described_fields(schema: &ModelSchema, view: View) -> (Vec<&str>, usize) {
    let mut names = head_fields(schema);
    let others = view_fields(schema, view);
    if view != View::Form {
        names.retain(|name| others.contains(name));
    }
    let first = names.len();
    let new: Vec<&str> = others.into_iter().filter(|n| !names.contains(n)).collect();
    names.extend(new);
    (names, first)
}

/// The fields that calls are about: those of `models.toml`, or else those that a row of a search
/// shows; the name and the state; what is required; amounts and dates, those of a list view
/// first. The form may have none of the amounts: a sales order shows them in one widget
/// (`sale/views/sale_order_views.xml`, `tax_totals`).
fn head_fields(schema: &ModelSchema) -> Vec<&str> {
    let mut head: Vec<&str> = Vec::new();
    let mut add = |name: &str| {
        if let Some((name, _)) = schema.fields.get_key_value(name)
            && !head.contains(&name.as_str())
        {
            head.push(name);
        }
    };
    let summary = schema.summary_fields();
    // Its value is that of the name, and no call is about it.
    let summary = summary.iter().filter(|name| *name != "display_name");
    summary.for_each(|name| add(name));
    schema.rec_name.iter().for_each(|name| add(name));
    ["name", "state", "stage_id"].into_iter().for_each(&mut add);
    let is_required = |name: &str, field: &FieldSchema| {
        schema.must_be_given(name) || (field.required && !field.computed && !field.readonly)
    };
    for (name, field) in &schema.fields {
        if is_required(name, field) {
            add(name);
        }
    }
    let is_amount = |kind: &FieldType| *kind == FieldType::Monetary;
    let is_date = |kind: &FieldType| matches!(kind, FieldType::Date | FieldType::Datetime);
    for name in of_a_kind(schema, is_amount) {
        add(name);
    }
    for name in of_a_kind(schema, is_date) {
        add(name);
    }
    head
}

/// The most telling stored fields of a kind: the columns of a list view, what is shown, totals.
fn of_a_kind(schema: &ModelSchema, is_it: impl Fn(&FieldType) -> bool) -> Vec<&str> {
    let about_the_row = |name: &str| {
        matches!(name, "create_date" | "write_date")
            || name.contains("activity_")
            || name.starts_with("message_")
    };
    let mut found: Vec<(&str, &FieldSchema)> = schema
        .fields
        .iter()
        .filter(|(_, field)| is_it(&field.field_type) && field.store != Some(false))
        .map(|(name, field)| (name.as_str(), field))
        .filter(|(name, _)| !about_the_row(name))
        .collect();
    found.sort_by_key(|(name, field)| {
        let is_column = schema.list_fields.iter().any(|column| column == name);
        (
            !is_column,
            field.is_always_hidden(),
            !name.contains("total"),
        )
    });
    let found = found.into_iter().take(MAX_OF_A_KIND);
    found.map(|(name, _)| name).collect()
}

fn view_fields(schema: &ModelSchema, view: View) -> Vec<&str> {
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
