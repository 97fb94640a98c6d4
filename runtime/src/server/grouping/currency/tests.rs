use serde_json::json;

use super::*;
use crate::client::GroupKey;
use crate::schema::validate::Key;

fn model() -> ModelSchema {
    ModelSchema::from_wire(&json!({"model": "x", "fields": {
        "amount": {"type": "monetary", "currency_field": "currency_id", "store": true},
        "tax": {"type": "monetary", "currency_field": "currency_id", "store": true},
        "cost": {"type": "monetary", "currency_field": "company_currency", "store": true},
        "lost": {"type": "monetary", "currency_field": "hidden", "store": true},
        "weight": {"type": "float", "store": true},
        "price_unit": {"type": "float", "store": true},
        "currency_id": {"type": "many2one", "relation": "res.currency", "store": true},
        "company_currency": {"type": "many2one", "relation": "res.currency", "computed": true},
    }}))
    .unwrap()
}

fn aggregation(measures: &[(&str, &str)], keys: &[&str]) -> Aggregation {
    Aggregation {
        keys: keys
            .iter()
            .map(|key| Key {
                specification: (*key).to_owned(),
                field: None,
            })
            .collect(),
        measures: measures
            .iter()
            .map(|(field, function)| Measure::new(*field, *function))
            .collect(),
        order: Vec::new(),
    }
}

fn group(keys: Value, measures: Value) -> RecordGroup {
    let Value::Array(keys) = keys else { panic!() };
    let Value::Array(measures) = measures else {
        panic!()
    };
    RecordGroup {
        keys: keys
            .into_iter()
            .map(|value| GroupKey { value, label: None })
            .collect(),
        count: 1,
        measures: measures.into_iter().map(Some).collect(),
        condition: Vec::new(),
        domain: Vec::new(),
    }
}

#[test]
fn currencies_are_asked_for_once() {
    let asked = aggregation(
        &[
            ("amount", "sum"),
            ("tax", "avg"),
            ("weight", "sum"),
            ("amount", "count"),
            ("cost", "max"),
            ("lost", "sum"),
            ("amount", "sum_currency"),
            ("price_unit", "avg"),
            ("price_unit", "count_distinct"),
        ],
        &["partner_id"],
    );
    let plan = plan(Some(&model()), &asked);
    let span = Source::Span("currency_id".to_owned(), 9, 10);
    assert_eq!(
        plan.sources,
        [
            Some(span.clone()),
            Some(span.clone()),
            None,
            None,
            Some(Source::Records("company_currency".to_owned())),
            Some(Source::Unknown),
            Some(Source::Company),
            Some(span),
            None,
        ]
    );
    assert_eq!(plan.prices.iter().filter(|is_price| **is_price).count(), 2);
    let all = plan.with_spans(&asked.measures);
    assert_eq!(
        all[9..],
        [
            Measure::new("currency_id", "min"),
            Measure::new("currency_id", "max")
        ]
    );
}

#[test]
fn groups_by_currency_need_not_be_asked() {
    let asked = aggregation(&[("amount", "sum")], &["state", "currency_id"]);
    let plan = plan(Some(&model()), &asked);
    assert_eq!(plan.sources, [Some(Source::Key(1))]);
    assert!(plan.spans.is_empty());
    let known = Known::default();
    let unit = |key| {
        known.unit(
            plan.sources[0].as_ref(),
            &group(json!(["x", key]), json!([])),
        )
    };
    assert_eq!(unit(json!([1, "EUR"])), Unit::One(Currency::named("EUR")));
    assert_eq!(unit(json!(false)), Unit::Unknown);
}

#[test]
fn a_group_of_two_currencies_is_mixed() {
    let asked = aggregation(&[("amount", "sum")], &["state"]);
    let plan = plan(Some(&model()), &asked);
    let known = Known {
        currencies: HashMap::from([(1, Currency::named("EUR")), (2, Currency::named("USD"))]),
        ..Known::default()
    };
    let groups = [
        group(json!(["a"]), json!([10.0, 1, 1])),
        group(json!(["b"]), json!([10.0, 1, 2])),
        group(json!(["c"]), json!([0, false, false])),
    ];
    let units: Vec<Vec<Unit>> = groups
        .iter()
        .map(|group| vec![known.unit(plan.sources[0].as_ref(), group)])
        .collect();
    assert_eq!(
        units,
        [
            vec![Unit::One(Currency::named("EUR"))],
            vec![Unit::Mixed],
            vec![Unit::Unknown]
        ]
    );
    let grouping = Grouping {
        measures: plan.with_spans(&asked.measures),
        ..Grouping::new("x")
    };
    let (newer, older) = (
        mixed_notes(&plan, &grouping, &units, true),
        mixed_notes(&plan, &grouping, &units, false),
    );
    assert!(
        newer[0].contains("left out in 1 of these groups"),
        "{newer:?}"
    );
    assert!(
        newer[0].contains("add \"currency_id\" to group_by, or ask for \"amount:sum_currency\"")
    );
    assert!(!older[0].contains("sum_currency"), "{older:?}");
    let currencies = Currencies {
        units,
        prices: vec![false],
        notes: Vec::new(),
    };
    assert_eq!(currencies.common(0), None);
}

#[test]
fn one_currency_of_all_groups_is_common() {
    let euro = || vec![Unit::One(Currency::named("EUR")), Unit::Unknown];
    let currencies = Currencies {
        units: vec![euro(), euro()],
        prices: Vec::new(),
        notes: Vec::new(),
    };
    assert_eq!(currencies.common(0), Some("EUR"));
    assert_eq!(currencies.common(1), None);
    assert_eq!(Currencies::default().common(0), None);
}

#[test]
fn a_price_without_a_currency_is_a_number() {
    let mut model = model();
    model.fields.remove("currency_id");
    let asked = aggregation(&[("price_unit", "avg")], &["partner_id"]);
    assert_eq!(plan(Some(&model), &asked).sources, [None]);
}
