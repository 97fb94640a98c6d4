//! Reading: every type × {its own values, false, null, values of other types}.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test fails by panicking

use butopea_runtime::error::ErrorKind;
use butopea_runtime::typed::{Record as _, Row};
use golden_models::nasty_thing::{F, Record, State};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A value of every field of the record, as Odoo would send it.
fn sample() -> Map<String, Value> {
    let mut sample = Map::new();
    for name in Record::FIELDS {
        sample.insert((*name).to_owned(), value_of(kind(name)));
    }
    sample
}

/// What the reader takes the field for; by name, because a descriptor has no run-time kind.
fn kind(name: &str) -> &'static str {
    match name {
        "id" => "id",
        "abstract" | "match" | "_data_fetched" => "boolean",
        "posX" | "posx" | "weight" | "amount" => "float",
        "x_studio_Größe" | "1st" | "limit" => "integer",
        "type" | "state" | "operator" | "priority" | "number" | "unicode" | "tz" | "none"
        | "many" | "record" | "fields" => "selection",
        "parent_id" | "currency_id" => "many2one",
        "child_ids" | "tag_ids" => "ids",
        "day" => "date",
        "moment" => "datetime",
        "ref" => "reference",
        "res_id" => "many2one_reference",
        _ => "text",
    }
}

fn value_of(kind: &str) -> Value {
    match kind {
        "id" | "many2one_reference" => json!(7),
        "boolean" => json!(true),
        "float" => json!(1.25),
        "integer" => json!(3),
        "many2one" => json!([5, "Five"]),
        "ids" => json!([1, 2]),
        "date" => json!("2024-02-29"),
        "datetime" => json!("2024-02-29 01:02:03"),
        "reference" => json!("res.partner,9"),
        _ => json!("draft"),
    }
}

/// What stands for "nothing" when the field is written back.
fn nothing(kind: &str) -> Value {
    match kind {
        "float" => json!(0.0),
        "integer" => json!(0),
        "ids" => json!([]),
        _ => json!(false),
    }
}

/// Values that no reader of this kind may take.
fn wrong(kind: &str) -> Vec<Value> {
    let object = json!({"a": 1});
    let list = json!(["a", "b"]);
    let text = json!("certainly not");
    match kind {
        "boolean" => vec![text, object, list, json!(2)],
        "id" | "integer" | "float" => vec![text, object, list, json!(true)],
        "many2one" | "many2one_reference" => vec![text, object, list, json!(true), json!([])],
        "ids" => vec![text, object, list, json!(true), json!(1)],
        "date" | "datetime" | "reference" => vec![text, object, list, json!(true), json!(1)],
        _ => vec![object, list, json!(true)],
    }
}

fn read(answer: &Map<String, Value>) -> (Record, Result<(), butopea_runtime::Error>) {
    let mut row = Row::new("nasty.thing", answer);
    let record = Record::read(&mut row);
    (record, row.finish())
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() < f64::EPSILON,
        _ => left == right,
    }
}

#[test]
fn values_survive() {
    let (record, outcome) = read(&sample());
    outcome.unwrap();
    assert_eq!(record.state, Some(State::Draft));
    let written = record.to_json();
    assert_eq!(written.len(), Record::FIELDS.len());
    for (name, value) in sample() {
        assert!(
            equal(&written[&name], &value),
            "{name}: {} ≠ {value}",
            written[&name]
        );
    }
}

#[test]
fn false_and_null_are_nothing() {
    for empty in [json!(false), Value::Null] {
        for name in Record::FIELDS.iter().filter(|name| **name != "id") {
            let mut answer = sample();
            answer.insert((*name).to_owned(), empty.clone());
            let (record, outcome) = read(&answer);
            outcome.unwrap();
            let written = record.to_json();
            assert!(
                equal(&written[*name], &nothing(kind(name))),
                "{name}: {}",
                written[*name]
            );
        }
    }
}

#[test]
fn wrong_values_are_named() {
    for name in Record::FIELDS {
        for value in wrong(kind(name)) {
            let mut answer = sample();
            answer.insert((*name).to_owned(), value.clone());
            let (_, outcome) = read(&answer);
            let error = outcome.expect_err(&format!("{name} took {value}"));
            assert_eq!(error.kind(), ErrorKind::Decode);
            let message = error.message();
            assert!(
                message.contains(&format!("the field \"{name}\"")),
                "{message}"
            );
            assert!(message.starts_with("nasty.thing "), "{message}");
        }
    }
}

#[test]
fn unknown_options_survive() {
    let mut answer = sample();
    answer.insert("state".into(), json!("brand_new"));
    let (record, outcome) = read(&answer);
    outcome.unwrap();
    assert_eq!(record.state, Some(State::Unlisted("brand_new".into())));
    assert_eq!(record.to_json()["state"], json!("brand_new"));
    assert_eq!(
        F.number
            .eq(golden_models::nasty_thing::Number::V2)
            .to_json(),
        json!([["number", "=", 2]])
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{2}:[0-9]{2}:[0-9]{2})?".prop_map(Value::from),
        "[a-z.]{1,6},[0-9]{1,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("id|name|[a-z]{1,3}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_read_or_named(index in 0..Record::FIELDS.len(), value in any_json()) {
        let name = Record::FIELDS[index];
        let mut answer = sample();
        answer.insert(name.to_owned(), value);
        let (record, outcome) = read(&answer);
        match outcome {
            Err(error) => prop_assert!(error.message().contains(name), "{}", error),
            // What was taken is stable: written and read again it is the same.
            Ok(()) => {
                let written = record.to_json();
                let (again, outcome) = read(&written);
                prop_assert!(outcome.is_ok(), "{:?}", outcome);
                prop_assert_eq!(again.to_json(), written);
            }
        }
    }
}
