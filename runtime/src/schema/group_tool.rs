//! What the typed tool that answers groups says, and the arguments about groups that it shares
//! with the generic search.

use serde_json::{Value, json};

use super::text::{clean, join_bounded};
use super::{FieldSchema, FieldType, ModelSchema};

/// The description of the tool of a model, with fields of the model to begin with.
pub(super) fn description(model: &ModelSchema) -> String {
    let label = clean(&model.label, 60);
    let (keys, measures) = (example_keys(model), example_measures(model));
    let mut text = format!(
        "Group {label} ({}) and count each group, or sum up fields: sum, avg, min, max, count_distinct.",
        model.model
    );
    if !keys.is_empty() {
        let keys = join_bounded(keys.iter().map(String::as_str), 8);
        text.push_str(&format!(" Group by: {keys}."));
    }
    if !measures.is_empty() {
        let measures = join_bounded(measures.iter().map(String::as_str), 4);
        text.push_str(&format!(" Sum up: {measures}."));
    }
    text.push_str(" Each group names the domain that finds its records.");
    text
}

/// The arguments that ask for groups.
pub fn group_schemas() -> [(&'static str, Value); 2] {
    let names = |description: &str| json!({"type": "array", "items": {"type": "string"}, "description": description});
    [
        (
            "group_by",
            names(
                "Fields to group by; dates with :day, :week, :month (the default), :quarter or :year",
            ),
        ),
        (
            "aggregates",
            names(
                "field:function for each group; the number of records is always there. Without group_by: over all records",
            ),
        ),
    ]
}

fn example_keys(model: &ModelSchema) -> Vec<String> {
    let names = model.summary_fields().into_iter();
    let made = names.filter_map(|name| {
        let field = model.field(&name)?;
        let kind = &field.field_type;
        let is_key = field.groupable == Some(true) && !kind.is_numeric() && !kind.is_text();
        is_key.then(|| match kind {
            FieldType::Date | FieldType::Datetime => format!("{name}:month"),
            _ => name,
        })
    });
    made.collect()
}

/// Sums of the fields that come first, then of other amounts; of other numbers, where there are
/// neither.
fn example_measures(model: &ModelSchema) -> Vec<String> {
    let specification = |(name, field): (&String, &FieldSchema)| {
        let function = field.aggregator.as_deref()?;
        let is_summed = field.field_type.is_numeric() && field.store == Some(true);
        is_summed.then(|| format!("{name}:{function}"))
    };
    let summary = model.summary_fields();
    let first = summary
        .iter()
        .filter_map(|name| Some((name, model.field(name)?)));
    let others = |amounts: bool| {
        model
            .fields
            .iter()
            .filter(move |(_, field)| (field.field_type == FieldType::Monetary) == amounts)
    };
    let mut made: Vec<String> = Vec::new();
    for example in first.chain(others(true)).filter_map(specification) {
        if made.len() < 3 && !made.contains(&example) {
            made.push(example);
        }
    }
    if made.is_empty() {
        made.extend(others(false).filter_map(specification).take(3));
    }
    made
}
