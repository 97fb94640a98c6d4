//! Moments and days, as the user's clock has them. It is a Tuesday afternoon in Brussels.

use serde_json::{Value, json};

use super::super::*;
use super::{book, domain, filter, values, values_with};

/// What a condition on a moment becomes.
fn condition(operator: &str, value: &Value) -> Value {
    domain(json!([["date_order", operator, value]])).unwrap()
}

const BEGIN: &str = "2026-11-23 23:00:00";
const NEXT: &str = "2026-11-24 23:00:00";

#[test]
fn a_day_is_meant_as_a_whole() {
    let within = json!(["&", ["date_order", ">=", BEGIN], ["date_order", "<", NEXT]]);
    for value in ["today", "2026-11-24", "tomorrow -1d"] {
        assert_eq!(condition("=", &json!(value)), within, "{value}");
        assert_eq!(
            condition("<=", &json!(value)),
            json!([["date_order", "<", NEXT]])
        );
        assert_eq!(
            condition(">", &json!(value)),
            json!([["date_order", ">=", NEXT]])
        );
        assert_eq!(
            condition("<", &json!(value)),
            json!([["date_order", "<", BEGIN]])
        );
        assert_eq!(
            condition(">=", &json!(value)),
            json!([["date_order", ">=", BEGIN]])
        );
    }
    assert_eq!(
        condition("!=", &json!("today")),
        json!([
            "|",
            ["date_order", "=", false],
            "|",
            ["date_order", "<", BEGIN],
            ["date_order", ">=", NEXT]
        ])
    );
}

#[test]
fn lists_of_days_and_moments() {
    let within = [
        json!("&"),
        json!(["date_order", ">=", BEGIN]),
        json!(["date_order", "<", NEXT]),
    ];
    let expected: Vec<Value> = [json!("|")]
        .into_iter()
        .chain(within.clone())
        .chain([json!(["date_order", "=", "2026-11-01 08:00:00"])])
        .collect();
    let list = json!(["today", "2026-11-01 09:00"]);
    assert_eq!(condition("in", &list), json!(expected));
    assert_eq!(condition("=", &list), json!(expected));
    let expected: Vec<Value> = [json!("|")]
        .into_iter()
        .chain(within)
        .chain([json!(["date_order", "=", false])])
        .collect();
    assert_eq!(condition("in", &json!([false, "today"])), json!(expected));
    let outside = [
        json!("|"),
        json!(["date_order", "<", BEGIN]),
        json!(["date_order", ">=", NEXT]),
    ];
    let expected: Vec<Value> = [json!("|"), json!(["date_order", "=", false])]
        .into_iter()
        .chain(outside.clone())
        .collect();
    assert_eq!(condition("not in", &json!(["today"])), json!(expected));
    let expected: Vec<Value> = [json!("&"), json!(["date_order", "!=", false])]
        .into_iter()
        .chain(outside)
        .collect();
    assert_eq!(
        condition("not in", &json!(["today", false])),
        json!(expected)
    );
    assert!(domain(json!([["date_order", "in", ["today", "soon"]]])).is_err());
}

#[test]
fn a_day_within_groups_is_one_term() {
    let given = json!([{"any_of": [["date_order", "=", "today"], ["state", "=", "draft"]]}]);
    assert_eq!(
        domain(given).unwrap(),
        json!([
            "|",
            "&",
            ["date_order", ">=", BEGIN],
            ["date_order", "<", NEXT],
            ["state", "=", "draft"]
        ])
    );
    assert_eq!(
        domain(json!(["!", ["date_order", "=", "today"]])).unwrap(),
        json!([
            "!",
            "&",
            ["date_order", ">=", BEGIN],
            ["date_order", "<", NEXT]
        ])
    );
}

#[test]
fn the_end_of_a_month_is_the_end_of_its_last_day() {
    let next = "2026-11-30 23:00:00";
    assert_eq!(
        condition("<=", &json!("end_of_month")),
        json!([["date_order", "<", next]])
    );
    assert_eq!(
        condition(">=", &json!("start_of_month")),
        json!([["date_order", ">=", "2026-10-31 23:00:00"]])
    );
}

#[test]
fn a_moment_is_the_users_clock_and_told() {
    assert_eq!(
        condition(">=", &json!("2026-11-24 09:00")),
        json!([["date_order", ">=", "2026-11-24 08:00:00"]])
    );
    assert_eq!(
        condition(">=", &json!("2026-11-24T09:00:00Z")),
        json!([["date_order", ">=", "2026-11-24 09:00:00"]])
    );
    let given = json!({"date_order": "2026-11-24 09:00:00"});
    let (prepared, findings) = values_with(given, Purpose::Update, &book()).unwrap();
    assert_eq!(prepared, json!({"date_order": "2026-11-24 08:00:00"}));
    assert!(findings.uses_clock);
    assert_eq!(
        describe_resolved(&findings.resolved).unwrap(),
        "resolved: values.date_order “2026-11-24 09:00:00” → 2026-11-24 08:00:00 UTC"
    );
    let exact = json!({"date_order": "2026-11-24T10:00:00+05:30"});
    let (prepared, findings) = values_with(exact, Purpose::Update, &book()).unwrap();
    assert_eq!(prepared, json!({"date_order": "2026-11-24 04:30:00"}));
    assert!(findings.resolved.is_empty() && !findings.uses_clock);
}

#[test]
fn what_a_day_was_taken_for_is_told() {
    for (operator, expected) in [
        (
            "=",
            "2026-11-23 23:00:00 until before 2026-11-24 23:00:00 UTC",
        ),
        ("<=", "before 2026-11-24 23:00:00 UTC"),
        (">", "2026-11-24 23:00:00 UTC"),
        ("<", "2026-11-23 23:00:00 UTC"),
    ] {
        let given = Filter {
            domain: json!([["date_order", operator, "today"]]),
            ..Filter::default()
        };
        let (_, findings) = filter(&given, &book()).unwrap();
        let line = describe_resolved(&findings.resolved).unwrap();
        assert_eq!(line, format!("resolved: domain[0] “today” → {expected}"));
    }
}

#[test]
fn what_must_be_there_cannot_be_cleared_and_null_leaves_a_default() {
    for value in [json!(null), json!(false)] {
        let error = values(json!({"date_order": value}), Purpose::Update).unwrap_err();
        assert!(error.contains("values.date_order: required and cannot be cleared"));
    }
    let of_one = |value: Value| json!({"partner_id": 14, "date_order": value});
    let error = values(of_one(json!(false)), Purpose::Create).unwrap_err();
    assert!(error.contains("values.date_order: required and cannot be cleared"));
    assert_eq!(
        values(of_one(json!(null)), Purpose::Create).unwrap(),
        json!({"partner_id": 14})
    );
}
