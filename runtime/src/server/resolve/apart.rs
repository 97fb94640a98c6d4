//! What tells records of one name apart: in a few words, from fields that their model has.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::RawRecord;
use crate::schema::text::quoted;
use crate::schema::validate::names::Candidate;
use crate::schema::{FieldType, ModelSchema};

/// Fields that tell records apart, the most telling first.
const TELLING: [&str; 27] = [
    COMPANY,
    COMPANIES,
    "default_code",
    "code",
    "parent_id",
    "partner_id",
    "email",
    "login",
    "ref",
    "vat",
    "barcode",
    "type_tax_use",
    "account_type",
    "type",
    "usage",
    "project_id",
    "country_id",
    "city",
    "phone",
    "state",
    "date",
    "invoice_date",
    "date_order",
    "scheduled_date",
    "date_deadline",
    "amount_total",
    "create_date",
];
const COMPANY: &str = "company_id";
const COMPANIES: &str = "company_ids";
/// The most of them that one record is told by.
const MAX_TOLD: usize = 3;

/// The fields of a model that tell its records apart. Records of closed models are not read.
pub(super) fn telling_fields(schema: &ModelSchema, is_open: impl Fn(&str) -> bool) -> Vec<String> {
    let is_telling = |name: &&str| {
        let Some(field) = schema.field(name) else {
            return false;
        };
        let is_kind = match field.field_type {
            FieldType::Many2one => field.relation.as_deref().is_some_and(&is_open),
            FieldType::Many2many => *name == COMPANIES,
            FieldType::Char
            | FieldType::Selection
            | FieldType::Date
            | FieldType::Datetime
            | FieldType::Monetary => true,
            _ => false,
        };
        is_kind && (field.store == Some(true) || field.searchable == Some(true))
    };
    let names = TELLING.into_iter().filter(is_telling);
    names.map(str::to_owned).collect()
}

/// Notes what tells these records of one name apart, in the fields that were read; those of the
/// user's company come first, and those of no company before those of others.
pub(super) fn tell_apart(
    candidates: &mut [Candidate],
    rows: &[RawRecord],
    fields: &[String],
    company: Option<i64>,
) {
    let row = |id: i64| {
        rows.iter()
            .find(|row| row.get("id").and_then(Value::as_i64) == Some(id))
    };
    let value = |id: i64, field: &str| row(id).and_then(|row| row.get(field)).and_then(shown);
    let ids: Vec<i64> = candidates.iter().map(|candidate| candidate.id).collect();
    let mut told: Vec<Vec<Option<String>>> = vec![Vec::new(); ids.len()];
    let mut chosen: Vec<&str> = Vec::new();
    let mut kinds = 1;
    for field in fields.iter().filter(|field| *field != COMPANIES) {
        if kinds == ids.len() || chosen.len() == MAX_TOLD {
            break;
        }
        let values: Vec<Option<String>> = ids.iter().map(|id| value(*id, field)).collect();
        let mut with: Vec<Vec<Option<String>>> = told.clone();
        with.iter_mut()
            .zip(values)
            .for_each(|(told, value)| told.push(value));
        let now = with.iter().collect::<BTreeSet<_>>().len();
        if now > kinds {
            (kinds, told) = (now, with);
            chosen.push(field);
        }
    }
    for (candidate, values) in candidates.iter_mut().zip(told) {
        let parts: Vec<String> = chosen
            .iter()
            .zip(values)
            .filter_map(|(field, value)| Some(format!("{field} {}", value?)))
            .collect();
        candidate.about = (!parts.is_empty()).then(|| parts.join(", "));
    }
    candidates.sort_by_key(|candidate| row(candidate.id).map_or(1, |row| distance(row, company)));
}

/// How far a record is from the user's company: in it, in none, in another.
fn distance(row: &RawRecord, company: Option<i64>) -> u8 {
    let companies: Vec<i64> = [COMPANY, COMPANIES]
        .iter()
        .filter_map(|field| row.get(*field))
        .flat_map(|value| match value {
            // `[1, "My Company"]` or a list of ids.
            Value::Array(items) => items.iter().filter_map(Value::as_i64).collect(),
            _ => Vec::new(),
        })
        .collect();
    match company {
        Some(own) if companies.contains(&own) => 0,
        _ if companies.is_empty() => 1,
        _ => 2,
    }
}

/// A value in a few words; none, where there is none.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quoted(text, 40)),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(pair) => match pair.as_slice() {
            [_, Value::String(name)] => Some(quoted(name, 40)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> RawRecord {
        let Value::Object(row) = value else {
            panic!("an object")
        };
        row
    }

    fn told(rows: Vec<Value>, fields: &[&str], company: Option<i64>) -> Vec<(i64, String)> {
        let rows: Vec<RawRecord> = rows.into_iter().map(row).collect();
        let mut candidates: Vec<Candidate> = rows
            .iter()
            .map(|row| Candidate::new(row["id"].as_i64().unwrap(), "Twin"))
            .collect();
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        tell_apart(&mut candidates, &rows, &fields, company);
        candidates
            .into_iter()
            .map(|candidate| (candidate.id, candidate.about.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn only_what_differs_is_told_and_no_more_than_is_needed() {
        let rows = vec![
            json!({"id": 1, "parent_id": [9, "A"], "email": "x@y", "city": "Gent"}),
            json!({"id": 2, "parent_id": [9, "A"], "email": "z@y", "city": "Aalst"}),
            json!({"id": 3, "parent_id": [9, "A"], "email": false, "city": false}),
        ];
        assert_eq!(
            told(rows, &["parent_id", "email", "city"], None),
            [
                (1, "email “x@y”".to_owned()),
                (2, "email “z@y”".to_owned()),
                (3, String::new())
            ]
        );
    }

    #[test]
    fn records_of_the_users_company_come_first() {
        let rows = vec![
            json!({"id": 1, "company_id": [2, "B"]}),
            json!({"id": 2, "company_id": false}),
            json!({"id": 3, "company_id": [1, "A"]}),
        ];
        assert_eq!(
            told(rows, &["company_id"], Some(1)),
            [
                (3, "company_id “A”".to_owned()),
                (2, String::new()),
                (1, "company_id “B”".to_owned())
            ]
        );
    }

    #[test]
    fn accounts_of_several_companies_are_ordered_too() {
        let rows = vec![
            json!({"id": 1, "company_ids": [2], "code": "4"}),
            json!({"id": 2, "company_ids": [1, 2], "code": "4"}),
        ];
        let ids: Vec<i64> = told(rows, &["company_ids", "code"], Some(1))
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        assert_eq!(ids, [2, 1]);
    }

    #[test]
    fn what_is_of_a_closed_model_is_not_read() {
        let fields = json!({
            "company_id": {"type": "many2one", "relation": "res.company", "store": true},
            "parent_id": {"type": "many2one", "relation": "secret", "store": true},
            "email": {"type": "char", "store": true},
            "city": {"type": "char"},
            "type": {"type": "selection", "store": true},
        });
        let schema =
            ModelSchema::from_wire(&json!({"model": "res.partner", "fields": fields})).unwrap();
        assert_eq!(
            telling_fields(&schema, |model| model != "secret"),
            ["company_id", "email", "type"]
        );
    }
}
