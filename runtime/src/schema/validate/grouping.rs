//! What records are grouped by (`partner_id`, `date_order:month`) and what is summed up
//! (`amount_total:sum`), in calls of Odoo's own methods. What the tools take is checked in
//! [`super::aggregation`], with the search for the field that both have in common.

use super::Known;
use super::Problems;
use super::condition::article;
use super::fields::find_field;
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// The parts of a date that make groups (`odoo/orm/models.py`, `READ_GROUP_TIME_GRANULARITY`
/// and `READ_GROUP_NUMBER_GRANULARITY`).
const GRANULARITIES: [&str; 16] = [
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "second_number",
    "minute_number",
    "hour_number",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "iso_week_number",
    "month_number",
    "quarter_number",
    "year_number",
];

/// The ways to sum up (`READ_GROUP_AGGREGATE`).
const AGGREGATES: [&str; 12] = [
    "sum",
    "avg",
    "max",
    "min",
    "bool_and",
    "bool_or",
    "array_agg",
    "array_agg_distinct",
    "recordset",
    "count",
    "count_distinct",
    "sum_currency",
];

/// Checks what records are grouped by.
pub(super) fn check_groups(
    model: &ModelSchema,
    groups: &[String],
    at: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) {
    for (index, group) in groups.iter().enumerate() {
        let path = format!("{at}[{index}]");
        let (name, granularity) = match group.split_once(':') {
            Some((name, granularity)) => (name, Some(granularity)),
            None => (group.as_str(), None),
        };
        check_group(model, name, granularity, &path, known, problems);
    }
}

fn check_group(
    model: &ModelSchema,
    name: &str,
    granularity: Option<&str>,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) {
    let (KeyField::Found(field), Some(granularity)) =
        (find_key(model, name, path, known, problems), granularity)
    else {
        return;
    };
    if !is_date(&field.field_type) {
        problems.add(path, no_date(name, &field.field_type, granularity));
    } else if !GRANULARITIES.contains(&granularity) {
        problems.add(
            path,
            format!(
                "\"{granularity}\" is no part of a date; use one of {}",
                GRANULARITIES.join(", ")
            ),
        );
    }
}

/// Where a name leads that records are to be grouped by.
pub(super) enum KeyField {
    /// To this field.
    Found(Box<FieldSchema>),
    /// To a model or property of which nothing is known: Odoo decides.
    Unknown,
    /// Nowhere; the mistake was noted.
    Wrong,
}

/// Follows a name such as `state` or `partner_id.country_id` to a field that makes groups.
pub(super) fn find_key(
    model: &ModelSchema,
    name: &str,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> KeyField {
    let (base, rest) = match name.split_once('.') {
        Some((base, rest)) => (base, Some(rest)),
        None => (name, None),
    };
    if base == "id" && rest.is_none() {
        return KeyField::Unknown;
    }
    let Some(field) = find_field(model, base, path, problems) else {
        return KeyField::Wrong;
    };
    match rest {
        Some(rest) if field.field_type == FieldType::Many2one => {
            let target = field.relation.as_deref().and_then(|name| known.model(name));
            match target {
                Some(target) => find_key(&target, rest, path, known, problems),
                None => KeyField::Unknown,
            }
        }
        Some(_) if field.field_type == FieldType::Properties => KeyField::Unknown,
        Some(rest) if is_date(&field.field_type) => {
            problems.add(
                path,
                format!("a part of a date stands after a colon: \"{base}:{rest}\""),
            );
            KeyField::Wrong
        }
        Some(_) => {
            problems.add(
                path,
                format!(
                    "\"{base}\" is {} and leads nowhere; the path ends there",
                    article(&field.field_type)
                ),
            );
            KeyField::Wrong
        }
        None if !makes_groups(model, field) => {
            problems.add(
                path,
                format!(
                    "\"{base}\" {}, so records cannot be grouped by it",
                    why_not(field)
                ),
            );
            KeyField::Wrong
        }
        None => KeyField::Found(Box::new(field.clone())),
    }
}

pub(super) fn is_date(kind: &FieldType) -> bool {
    matches!(kind, FieldType::Date | FieldType::Datetime)
}

pub(super) fn no_date(name: &str, kind: &FieldType, granularity: &str) -> String {
    format!(
        "\"{name}\" is {}; only dates have parts such as \"{granularity}\"",
        article(kind)
    )
}

/// Whether Odoo says which fields of the model make groups: it names those that do.
pub(super) fn tells_groupable(model: &ModelSchema) -> bool {
    model.fields.values().any(|field| field.groupable.is_some())
}

fn makes_groups(model: &ModelSchema, field: &FieldSchema) -> bool {
    match field.groupable {
        Some(groupable) => groupable,
        None => field.store != Some(false) && !tells_groupable(model),
    }
}

fn why_not(field: &FieldSchema) -> String {
    if field.field_type == FieldType::One2many || field.field_type.is_binary() {
        format!("is {}", article(&field.field_type))
    } else {
        "is not stored".to_owned()
    }
}

/// Checks what is summed up: `field:how`, or `__count`.
pub(super) fn check_aggregates(
    model: &ModelSchema,
    aggregates: &[String],
    at: &str,
    problems: &mut Problems,
) {
    for (index, aggregate) in aggregates.iter().enumerate() {
        if aggregate == "__count" {
            continue;
        }
        let path = format!("{at}[{index}]");
        let (name, how) = match aggregate.split_once(':') {
            Some((name, how)) => (name, Some(how)),
            None => (aggregate.as_str(), None),
        };
        if name != "id" {
            find_field(model, name, &path, problems);
        }
        match how {
            Some(how) if AGGREGATES.contains(&how) => {}
            Some(how) => problems.add(
                &path,
                format!(
                    "\"{how}\" is no way to sum up; use one of {}",
                    AGGREGATES.join(", ")
                ),
            ),
            None => problems.add(
                &path,
                format!("how \"{name}\" is summed up is missing, such as \"{name}:sum\""),
            ),
        }
    }
}
