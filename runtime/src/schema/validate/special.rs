//! Fields whose values follow a rule that their type does not say.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::references::prepare_record;
use super::scalars::{as_float, as_integer, show};
use super::{Known, Problems};
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// The model whose records `analytic_distribution` names.
pub const ANALYTIC_ACCOUNT: &str = "account.analytic.account";
/// The field of every model that has a distribution.
const DISTRIBUTION_FIELD: &str = "analytic_distribution";
/// What a distribution looks like.
const DISTRIBUTION: &str =
    "{\"<analytic account, id or name>\": percent}, such as {\"12\": 60, \"12,15\": 40}";
/// The key by which Odoo's forms say which plans they change (`analytic_mixin.py`,
/// `_merge_distribution`).
const PLANS_TO_UPDATE: &str = "__update__";

/// Why a field of this model takes no value over JSON at all.
///
/// The bytes of a file (`addons/base/models/ir_attachment.py`, `raw`): Odoo stores a text that
/// is sent for them as it is, base64 and all.
pub(super) fn refusal(model: &ModelSchema, name: &str) -> Option<&'static str> {
    let is_bytes = (model.model.as_str(), name) == ("ir.attachment", "raw");
    is_bytes.then_some("bytes, which cannot be sent as JSON; use datas (base64)")
}

/// Whether the field is a distribution over analytic accounts (`addons/analytic/models/analytic_mixin.py`).
pub(super) fn is_distribution(name: &str, field: &FieldSchema) -> bool {
    name == DISTRIBUTION_FIELD && field.field_type == FieldType::Json
}

/// A distribution with ids for names.
///
/// Keys are ids of accounts, several of them (of different plans) with commas between; the
/// shares of all keys need not be 100 (`_validate_distribution`).
pub(super) fn prepare_distribution(
    value: &Value,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<Value> {
    let Some(given) = value.as_object() else {
        problems.add(
            path,
            format!("expected {DISTRIBUTION}, got {}", show(value)),
        );
        return None;
    };
    let mut prepared = Map::new();
    for (accounts, percent) in given {
        let here = format!("{path}.{accounts}");
        if accounts == PLANS_TO_UPDATE {
            prepared.insert(accounts.clone(), percent.clone());
            continue;
        }
        let key = accounts_of(accounts, &here, known, problems);
        let share = as_percent(percent);
        if share.is_none() {
            let got = show(percent);
            problems.add(&here, format!("expected a number of percent, got {got}"));
        }
        if let (Some(key), Some(share)) = (key, share)
            && prepared.insert(key.clone(), share).is_some()
        {
            problems.add(&here, format!("the account {key} is there twice"));
        }
    }
    Some(if prepared.is_empty() {
        json!(false)
    } else {
        Value::Object(prepared)
    })
}

/// The analytic accounts that distributions in values name, also in lines. The values are in
/// Odoo's form.
pub fn distributed_to(values: &Map<String, Value>, found: &mut BTreeSet<i64>) {
    for (name, value) in values {
        match value {
            Value::Object(shares) if name == DISTRIBUTION_FIELD => {
                let ids = shares.keys().flat_map(|key| key.split(','));
                found.extend(ids.filter_map(|id| id.parse::<i64>().ok()));
            }
            Value::Array(commands) => {
                let lines = commands.iter().filter_map(|command| command.get(2));
                let lines = lines.filter_map(Value::as_object);
                lines.for_each(|line| distributed_to(line, found));
            }
            _ => {}
        }
    }
}

/// `12`, `12,15` or the name of an account.
fn accounts_of(
    key: &str,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) -> Option<String> {
    let ids: Option<Vec<String>> = key
        .split(',')
        .map(|part| {
            let id = as_integer(&json!(part)).filter(|id| *id > 0)?;
            Some(id.to_string())
        })
        .collect();
    if let Some(ids) = ids {
        return Some(ids.join(","));
    }
    let found = prepare_record(Some(ANALYTIC_ACCOUNT), &json!(key), path, known, problems)?;
    Some(match found {
        // Not looked up yet.
        Value::String(name) => name,
        id => id.to_string(),
    })
}

/// `60`, `"60"`, `"60 %"`.
fn as_percent(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => as_float(&json!(text.trim_end_matches(['%', ' ']))),
        other => as_float(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::validate::names::{Candidate, NameBook, NameMatch};

    fn prepared(value: &Value) -> Result<Value, String> {
        let mut names = NameBook::default();
        let found = Candidate::new(7, "Events");
        names.insert(ANALYTIC_ACCOUNT, "Events", NameMatch::Exact(vec![found]));
        let now = "2026-11-24T15:30:00[Europe/Brussels]".parse().unwrap();
        let known = Known::new(&|_| None, &names, &now);
        let mut problems = Problems::default();
        let value = prepare_distribution(value, "values.x", &known, &mut problems);
        problems
            .into_result("x")
            .map_err(|error| error.to_string())?;
        Ok(value.unwrap())
    }

    #[test]
    fn accounts_are_named_by_id_or_name() {
        for (given, expected) in [
            (
                json!({"Events": 60, "3": "40 %"}),
                json!({"7": 60, "3": 40.0}),
            ),
            (json!({" 3, 4 ": 12.5}), json!({"3,4": 12.5})),
            (
                json!({"3": 70, "__update__": ["x"]}),
                json!({"3": 70, "__update__": ["x"]}),
            ),
            (json!({}), json!(false)),
        ] {
            assert_eq!(prepared(&given), Ok(expected), "{given}");
        }
    }

    #[test]
    fn another_shape_is_refused_with_the_right_one() {
        for (given, says) in [
            (
                json!("Events"),
                "values.x: expected {\"<analytic account, id or name>\": percent}",
            ),
            (json!([{"3": 50}]), "values.x: expected {"),
            (
                json!({"3": "half"}),
                "values.x.3: expected a number of percent, got \"half\"",
            ),
            (
                json!({"0": 50}),
                "values.x.0: expected the id or the exact name",
            ),
            (
                json!({"Events": 50, "7": 50}),
                "values.x.7: the account 7 is there twice",
            ),
        ] {
            let refusal = prepared(&given).unwrap_err();
            assert!(refusal.contains(says), "{given}: {refusal}");
        }
    }

    #[test]
    fn accounts_in_lines_are_found_too() {
        let values = json!({
            "analytic_distribution": {"3,4": 50},
            "line_ids": [[0, 0, {"analytic_distribution": {"5": 50}}], [6, 0, [9]]],
            "other": {"8": 1},
        });
        let mut found = BTreeSet::new();
        distributed_to(values.as_object().unwrap(), &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn the_bytes_of_a_file_alone_are_refused() {
        let model =
            |name: &str| ModelSchema::from_wire(&json!({"model": name, "fields": {}})).unwrap();
        assert!(refusal(&model("ir.attachment"), "raw").is_some());
        assert_eq!(refusal(&model("ir.attachment"), "datas"), None);
        assert_eq!(refusal(&model("x.file"), "raw"), None);
    }
}
