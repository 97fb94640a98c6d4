//! Checks of field names: the fields to read and the order of a search.

use super::Problems;
use crate::schema::text::{join_bounded, nearest};
use crate::schema::{FieldSchema, ModelSchema};

/// Checks that the model has these fields.
pub fn check_fields(model: &ModelSchema, names: &[String], problems: &mut Problems) {
    for (index, name) in names.iter().enumerate() {
        let path = format!("fields[{index}]");
        if name.contains('.') {
            problems.add(
                &path,
                format!(
                    "\"{name}\" is a path; fields to read are fields of {} itself",
                    model.model
                ),
            );
        } else {
            find_field(model, name, &path, problems);
        }
    }
}

/// Checks an order such as `"date_order desc, id"`.
pub fn check_order(model: &ModelSchema, order: &str, problems: &mut Problems) {
    for part in order.split(',') {
        let mut words = part.split_whitespace();
        let Some(name) = words.next() else {
            problems.add("order", "an empty part; use \"field desc, field\"");
            continue;
        };
        // `field:direction` and properties (`field.property`) are Odoo's to judge.
        let base = name.split(['.', ':']).next().unwrap_or(name);
        if base != "id"
            && let Some(field) = find_field(model, base, "order", problems)
            && field.sortable == Some(false)
        {
            problems.add(
                "order",
                format!("\"{base}\" is not stored and cannot be sorted by"),
            );
        }
        let direction: Vec<String> = words.map(str::to_ascii_lowercase).collect();
        let direction: Vec<&str> = direction.iter().map(String::as_str).collect();
        let is_direction = matches!(
            direction.as_slice(),
            [] | ["asc" | "desc"]
                | ["nulls", "first" | "last"]
                | ["asc" | "desc", "nulls", "first" | "last"]
        );
        if !is_direction {
            problems.add(
                "order",
                format!(
                    "\"{}\" is no direction; use asc or desc",
                    direction.join(" ")
                ),
            );
        }
    }
}

/// The field, or a mistake with the nearest names.
pub(super) fn find_field<'a>(
    model: &'a ModelSchema,
    name: &str,
    path: &str,
    problems: &mut Problems,
) -> Option<&'a FieldSchema> {
    let field = model.field(name);
    if field.is_none() {
        let near = nearest(name, model.fields.keys().map(String::as_str));
        let advice = if near.is_empty() {
            let usual = model.summary_fields();
            format!(
                "it has {}",
                join_bounded(usual.iter().map(String::as_str), 8)
            )
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        problems.add(
            path,
            format!("{} has no field \"{name}\"; {advice}", model.model),
        );
    }
    field
}
