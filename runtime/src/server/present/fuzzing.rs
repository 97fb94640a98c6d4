//! What the fuzz target `answer` shows: see [`crate::fuzzing`].

use jiff::tz::TimeZone;
use serde_json::Value;

use super::links::WebClient;
use super::money::Purse;
use super::records::Records;
use super::value::{Style, show};
use super::{Currency, Found, Output, Reading, Viewer};
use crate::client::RawRecord;
use crate::fuzzing::assert_visible;
use crate::schema::{FieldSchema, FieldType, ModelSchema};

/// The types of fields whose values are shown in ways of their own.
const KINDS: [&str; 12] = [
    "boolean",
    "binary",
    "char",
    "date",
    "datetime",
    "float",
    "html",
    "integer",
    "json",
    "many2many",
    "many2one",
    "monetary",
];

fn viewer() -> Viewer {
    let zone = TimeZone::get("America/St_Johns");
    let url = "https://odoo.example/".parse();
    match (zone, url) {
        (Ok(zone), Ok(url)) => Viewer {
            zone,
            web: WebClient::new(&url, Some("19.0")),
        },
        _ => panic!("no time zones"),
    }
}

/// Shows a value as that of a field of each type, and as one of which nothing is known.
///
/// # Panics
/// When something hidden is left in what is shown.
pub(in crate::server) fn assert_shown_well(value: &Value) {
    let zone = viewer().zone;
    let fields = KINDS.map(|kind| FieldSchema::new(FieldType::from_name(kind)));
    for field in fields.iter().map(Some).chain([None]) {
        let style = Style {
            zone: &zone,
            currency: Some(Currency {
                code: "JPY".to_owned(),
                decimals: 0,
            }),
            names_currency: true,
            max_text: 60,
        };
        let shown = show(value, field, &style);
        assert_visible(&shown.text);
        assert_json_visible(&shown.json);
        assert!(shown.text.chars().count() <= 1_000 || value.is_array());
    }
}

/// Checks all texts of a structured answer.
///
/// # Panics
/// When one has something hidden.
pub(in crate::server) fn assert_json_visible(value: &Value) {
    match value {
        Value::String(text) => assert_visible(text),
        Value::Array(items) => items.iter().for_each(assert_json_visible),
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            assert_visible(name);
            assert_json_visible(value);
        }),
        _ => {}
    }
}

/// Records as each tool that reads would answer with them.
pub(in crate::server) fn answers(model: &ModelSchema, rows: &[RawRecord]) -> Vec<Output> {
    let fields: Vec<String> = match rows.first() {
        Some(first) => first.keys().filter(|name| *name != "id").cloned().collect(),
        None => model.summary_fields(),
    };
    let records = |rows: &[RawRecord]| {
        let reading = Reading {
            model: &model.model,
            fields: &fields,
            schema: Some(model),
        };
        let euro = Currency {
            code: "EUR".to_owned(),
            decimals: 2,
        };
        Records::new(reading, rows.to_vec(), viewer(), Purse::with([(1, euro)]))
    };
    let found = Found {
        total: rows.len() as u64,
        offset: 0,
    };
    let mut answers = vec![records(rows).page(found), records(rows).batch()];
    for row in rows.chunks(1).take(3) {
        answers.push(records(row).one());
        let (json, cells) = records(row).labelled();
        assert_json_visible(&Value::Object(json));
        for (_, cell) in &cells {
            assert!(!cell.contains('\n'), "{cell:?}");
        }
    }
    answers
}
