//! Checks of field names: the fields to read and the order of a search.

use super::Problems;
use crate::schema::text::{join_bounded, nearest};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// Checks that the model has these fields.
pub fn check_fields(model: &ModelSchema, names: &[String], at: &str, problems: &mut Problems) {
    for (index, name) in names.iter().enumerate() {
        let path = format!("{at}[{index}]");
        if name.contains('.') {
            problems.add(
                &path,
                format!(
                    "\"{name}\" is a path; fields to read are fields of {} itself",
                    model.model
                ),
            );
        } else if name != "id" {
            find_field(model, name, &path, problems);
        }
    }
}

/// Checks an order such as `"date_order desc, id"`.
pub fn check_order(model: &ModelSchema, order: &str, at: &str, problems: &mut Problems) {
    for part in order.split(',') {
        let mut words = part.split_whitespace();
        let Some(name) = words.next() else {
            problems.add(at, "an empty part; use \"field desc, field\"");
            continue;
        };
        check_sorted_by(model, name, at, problems);
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
                at,
                format!(
                    "\"{}\" is no direction; use asc or desc",
                    direction.join(" ")
                ),
            );
        }
    }
}

fn check_sorted_by(model: &ModelSchema, name: &str, at: &str, problems: &mut Problems) {
    // `field:direction` is Odoo's to judge.
    let name = name.split(':').next().unwrap_or(name);
    let (base, rest) = match name.split_once('.') {
        Some((base, rest)) => (base, Some(rest)),
        None => (name, None),
    };
    if base == "id" {
        return;
    }
    let Some(field) = find_field(model, base, at, problems) else {
        return;
    };
    if !model.can_sort(field) {
        let why = if field.field_type.is_x2many() {
            "has several values"
        } else if field.store == Some(true) {
            "is nothing that Odoo compares"
        } else {
            "is not stored"
        };
        problems.add(at, format!("\"{base}\" {why} and cannot be sorted by"));
    } else if let Some(rest) = rest
        && rest != "id"
        && field.field_type != FieldType::Properties
    {
        problems.add(
            at,
            format!(
                "\"{name}\" is a path; an order has fields of {} itself, such as \"{base}\"",
                model.model
            ),
        );
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
        problems.add(
            path,
            format!(
                "{} has no field \"{name}\"; {}",
                model.model,
                advice(model, name)
            ),
        );
    }
    field
}

/// The mistake of a condition on a field that Odoo computes and has no search for.
pub(super) fn not_searched(model: &ModelSchema, name: &str) -> String {
    let searched = model
        .fields
        .iter()
        .filter(|(_, field)| model.can_search(field))
        .map(|(name, _)| name.as_str());
    let advice = match nearest(name, searched).first() {
        Some(near) => format!("; \"{near}\" can be"),
        None => String::new(),
    };
    format!(
        "\"{name}\" of {} is computed and not stored, so it cannot be searched by{advice}",
        model.model
    )
}

/// The fields that are meant: by their label, or by a name that is near.
fn advice(model: &ModelSchema, name: &str) -> String {
    let spoken = name.replace('_', " ");
    let labels: Vec<(&str, &str)> = model
        .fields
        .iter()
        .filter_map(|(name, field)| Some((field.label.as_deref()?, name.as_str())))
        .collect();
    let by_label = nearest(&spoken, labels.iter().map(|(label, _)| *label));
    let mut near = nearest(name, model.fields.keys().map(String::as_str));
    for label in by_label {
        let labelled = labels.iter().find(|(other, _)| *other == label);
        let is_likely = near.is_empty() || label.eq_ignore_ascii_case(&spoken);
        if let Some((_, name)) = labelled
            && is_likely
            && !near.contains(name)
        {
            near.push(name);
        }
    }
    if near.is_empty() {
        let usual = model.summary_fields();
        return format!(
            "it has {}",
            join_bounded(usual.iter().map(String::as_str), 8)
        );
    }
    format!("did you mean {}?", near.join(" or "))
}
