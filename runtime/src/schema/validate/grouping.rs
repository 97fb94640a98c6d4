//! What records are grouped by (`partner_id`, `date_order:month`) and what is summed up
//! (`amount_total:sum`).

use super::Known;
use super::Problems;
use super::condition::article;
use super::fields::find_field;
use crate::schema::{FieldType, ModelSchema};

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
    let (base, rest) = match name.split_once('.') {
        Some((base, rest)) => (base, Some(rest)),
        None => (name, None),
    };
    if base == "id" && rest.is_none() {
        return;
    }
    let Some(field) = find_field(model, base, path, problems) else {
        return;
    };
    let is_date = matches!(field.field_type, FieldType::Date | FieldType::Datetime);
    match (rest, granularity) {
        (Some(rest), _) if field.field_type == FieldType::Many2one => {
            let target = field.relation.as_deref().and_then(|name| known.model(name));
            if let Some(target) = target {
                check_group(&target, rest, granularity, path, known, problems);
            }
        }
        (Some(_), _) if field.field_type == FieldType::Properties => {}
        (Some(_), _) => problems.add(
            path,
            format!(
                "\"{base}\" is {} and leads nowhere; the path ends there",
                article(&field.field_type)
            ),
        ),
        (None, _) if field.groupable == Some(false) || field.store == Some(false) => problems.add(
            path,
            format!("\"{base}\" is not stored, so records cannot be grouped by it"),
        ),
        (None, Some(granularity)) if !is_date => problems.add(
            path,
            format!(
                "\"{base}\" is {}; only dates have parts such as \"{granularity}\"",
                article(&field.field_type)
            ),
        ),
        (None, Some(granularity)) if !GRANULARITIES.contains(&granularity) => problems.add(
            path,
            format!(
                "\"{granularity}\" is no part of a date; use one of {}",
                GRANULARITIES.join(", ")
            ),
        ),
        _ => {}
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
