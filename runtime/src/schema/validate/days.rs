//! Conditions on a moment whose right side is a day: `["date_order", "=", "today"]`.
//!
//! A person who asks for what is "until today" means the whole day, where they are. To Odoo a day
//! is its first second in UTC, so that `<= 2026-11-24` leaves out nearly all of it and
//! `= 2026-11-24` finds nothing. Here a day becomes the moments from its midnight up to the next
//! one on the user's clock.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Known;
use super::dates::{self, Meaning};

/// A day on the user's clock: its first moment, and the first one after it, in UTC.
struct Day {
    begin: String,
    next: String,
}

impl Day {
    fn of(date: Date, known: &Known<'_>) -> Option<Self> {
        Some(Self {
            begin: dates::midnight(date, known.now)?,
            next: dates::midnight(date.tomorrow().ok()?, known.now)?,
        })
    }
}

/// One of the values of a condition.
enum Member {
    Nothing,
    Moment(String),
    Day(Day),
}

/// The condition in prefix notation, as one term. `None` where no whole day is in it, or where a
/// part of it is wrong: then it is checked like any other.
pub(super) fn whole_days(
    field: &str,
    operator: &str,
    value: &Value,
    path: &str,
    known: &Known<'_>,
) -> Option<Vec<Value>> {
    if value.is_array() || matches!(operator, "in" | "not in") {
        return of_several(field, operator, value, path, known);
    }
    let Member::Day(day) = member(operator, value, path, known)? else {
        return None;
    };
    Some(match operator {
        "=" => within(field, &day),
        "!=" | "<>" => {
            let mut terms = vec![json!("|"), json!([field, "=", false])];
            terms.extend(outside(field, &day));
            terms
        }
        "<" | ">=" => vec![json!([field, operator, day.begin])],
        "<=" => vec![json!([field, "<", day.next])],
        ">" => vec![json!([field, ">=", day.next])],
        _ => return None,
    })
}

/// `in` and `not in`, also where they are written as `=` and `!=` with a list.
fn of_several(
    field: &str,
    operator: &str,
    value: &Value,
    path: &str,
    known: &Known<'_>,
) -> Option<Vec<Value>> {
    let is_wanted = match operator {
        "in" | "=" => true,
        "not in" | "!=" | "<>" => false,
        _ => return None,
    };
    let members = items(value)
        .iter()
        .map(|item| member("=", item, path, known))
        .collect::<Option<Vec<_>>>()?;
    if !members
        .iter()
        .any(|member| matches!(member, Member::Day(_)))
    {
        return None;
    }
    let has_nothing = members
        .iter()
        .any(|member| matches!(member, Member::Nothing));
    let mut terms: Vec<Vec<Value>> = members
        .iter()
        .filter_map(|member| match (member, is_wanted) {
            (Member::Nothing, _) => None,
            (Member::Moment(moment), true) => Some(vec![json!([field, "=", moment])]),
            (Member::Moment(moment), false) => Some(vec![json!([field, "!=", moment])]),
            (Member::Day(day), true) => Some(within(field, day)),
            (Member::Day(day), false) => Some(outside(field, day)),
        })
        .collect();
    if is_wanted {
        if has_nothing {
            terms.push(vec![json!([field, "=", false])]);
        }
        return Some(joined("|", terms));
    }
    let others = joined("&", terms);
    let (join, nothing) = if has_nothing { ("&", "!=") } else { ("|", "=") };
    Some(joined(
        join,
        vec![vec![json!([field, nothing, false])], others],
    ))
}

fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => text.split(',').map(|part| json!(part.trim())).collect(),
        other => vec![other.clone()],
    }
}

/// What a value is; `None` where it is none of these.
fn member(operator: &str, value: &Value, path: &str, known: &Known<'_>) -> Option<Member> {
    if matches!(value, Value::Bool(false) | Value::Null) {
        return Some(Member::Nothing);
    }
    let text = value.as_str()?.trim();
    if let Some(date) = dates::whole_day(text, operator, known.now) {
        let day = Day::of(date, known)?;
        known.note_date(path, text, json!(words(operator, &day)));
        return Some(Member::Day(day));
    }
    let moment = match dates::meaning(text, known.now)? {
        Meaning::Said(moment) => {
            known.note_date(path, text, json!(moment));
            moment
        }
        Meaning::OnTheClock(moment) => {
            known.use_clock();
            moment
        }
        Meaning::Exact(moment) => moment,
    };
    Some(Member::Moment(moment))
}

/// What the day is taken for, as it is echoed.
fn words(operator: &str, day: &Day) -> String {
    let Day { begin, next } = day;
    match operator {
        "<" | ">=" => begin.clone(),
        "<=" => format!("before {next}"),
        ">" => next.clone(),
        _ => format!("{begin} until before {next}"),
    }
}

fn within(field: &str, day: &Day) -> Vec<Value> {
    vec![
        json!("&"),
        json!([field, ">=", day.begin]),
        json!([field, "<", day.next]),
    ]
}

fn outside(field: &str, day: &Day) -> Vec<Value> {
    vec![
        json!("|"),
        json!([field, "<", day.begin]),
        json!([field, ">=", day.next]),
    ]
}

/// Terms as one.
fn joined(join: &str, terms: Vec<Vec<Value>>) -> Vec<Value> {
    let joins = terms.len().saturating_sub(1);
    let mut flat = vec![json!(join); joins];
    flat.extend(terms.into_iter().flatten());
    flat
}
