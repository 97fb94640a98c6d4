//! What groups may be asked for, as the tools take it.

use super::*;
use crate::schema::{Measure, Sort, SortBy};

fn sales() -> ModelSchema {
    let stored = |kind: &str| json!({"type": kind, "store": true, "groupable": true});
    let link = |relation: &str| json!({"type": "many2one", "relation": relation, "store": true, "groupable": true});
    ModelSchema::from_wire(&json!({
        "model": "sale.order", "label": "Sales Order",
        "fields": {
            "name": stored("char"),
            "partner_id": link("res.partner"),
            "state": {"type": "selection", "selection": [["draft", "Quotation"]], "store": true, "groupable": true},
            "amount_total": {"type": "monetary", "store": true, "groupable": true, "aggregator": "sum"},
            "discount": {"type": "float", "store": true, "groupable": true, "aggregator": "avg"},
            "locked": stored("boolean"),
            "date_order": stored("datetime"),
            "validity_date": stored("date"),
            "margin": {"type": "float", "computed": true},
            "company_currency": {"type": "many2one", "relation": "res.currency", "groupable": true, "computed": true},
            "tag_ids": {"type": "many2many", "relation": "crm.tag", "store": true, "groupable": true},
            "order_line": {"type": "one2many", "relation": "sale.order.line", "store": true},
            "count": stored("integer"),
        }
    }))
    .unwrap()
}

fn prepared(
    model: Option<&ModelSchema>,
    group_by: &[&str],
    aggregates: &[&str],
    order: &str,
) -> Result<Aggregation, String> {
    let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let wanted = WantedGroups {
        group_by: texts(group_by),
        aggregates: texts(aggregates),
        order: (!order.is_empty()).then(|| order.to_owned()),
    };
    let (names, now) = (NameBook::default(), now());
    let known = Known::new(&models, &names, &now);
    let mut problems = Problems::default();
    let made = prepare_groups(model, &wanted, &known, &mut problems);
    problems
        .into_result("sale.order")
        .map(|()| made)
        .map_err(|error| error.to_string())
}

fn groups(group_by: &[&str], aggregates: &[&str], order: &str) -> Result<Aggregation, String> {
    prepared(Some(&sales()), group_by, aggregates, order)
}

fn specifications(made: &Aggregation) -> (Vec<String>, Vec<String>) {
    let measures = made.measures.iter().map(Measure::specification);
    (made.specifications(), measures.collect())
}

#[test]
fn natural_words_become_odoos() {
    let made = groups(
        &[
            "date_order",
            "validity_date:Yearly",
            "partner_id",
            "date_order:day",
        ],
        &[
            "amount_total",
            "discount",
            "sum(amount_total)",
            "average:amount_total",
            "amount_total:maximum",
            "__count",
            "*",
            "partner_id:distinct",
            "date_order:min",
            "locked:bool_and",
            "count",
            "count:avg",
        ],
        "",
    );
    // `count` is a field of this model, and has no way of its own.
    assert!(
        made.unwrap_err()
            .contains("aggregates[10]: how \"count\" is summed up is missing")
    );
    let made = groups(
        &[
            "date_order",
            "validity_date:Yearly",
            "partner_id",
            "date_order:day",
        ],
        &[
            "amount_total",
            "discount",
            "sum(amount_total)",
            "average:amount_total",
            "amount_total:maximum",
            "__count",
            "*",
            "partner_id:distinct",
            "date_order:min",
            "locked:bool_and",
            "count:avg",
            "company_currency:count_distinct",
        ],
        "",
    )
    .unwrap();
    let (keys, measures) = specifications(&made);
    assert_eq!(
        keys,
        [
            "date_order:month",
            "validity_date:year",
            "partner_id",
            "date_order:day"
        ]
    );
    assert_eq!(
        measures,
        [
            "amount_total:sum",
            "discount:avg",
            "amount_total:avg",
            "amount_total:max",
            "partner_id:count_distinct",
            "date_order:min",
            "locked:bool_and",
            "count:avg",
            "company_currency:count_distinct",
        ]
    );
}

#[test]
fn a_path_ends_at_a_field_of_its_model() {
    let made = groups(&["partner_id.country_id", "tag_ids"], &[], "").unwrap();
    assert_eq!(made.specifications(), ["partner_id.country_id", "tag_ids"]);
    let wanted = WantedGroups {
        group_by: vec!["partner_id.create_date:day".to_owned(), "state".to_owned()],
        ..WantedGroups::default()
    };
    assert_eq!(wanted.paths(), ["partner_id.create_date"]);
}

#[test]
fn every_order_is_total() {
    let sort = |by, descending| Sort {
        by,
        descending,
        empty_last: descending && by != SortBy::Count,
    };
    let order_of = |order: &str| {
        groups(&["date_order", "partner_id"], &["amount_total"], order)
            .unwrap()
            .order
    };
    assert_eq!(
        order_of(""),
        [
            sort(SortBy::Key(0), false),
            sort(SortBy::Key(1), false),
            sort(SortBy::FirstRecord, false)
        ]
    );
    for same in [
        "amount_total:sum desc",
        "amount_total desc",
        "sum(amount_total) DESC",
        "amount_total:sum desc nulls last",
    ] {
        assert_eq!(
            order_of(same),
            [
                sort(SortBy::Measure(0), true),
                sort(SortBy::Key(0), false),
                sort(SortBy::Key(1), false),
                sort(SortBy::FirstRecord, false)
            ],
            "{same}"
        );
    }
    assert_eq!(
        order_of("__count desc, date_order:month desc"),
        [
            sort(SortBy::Count, true),
            sort(SortBy::Key(0), true),
            sort(SortBy::Key(1), false),
            sort(SortBy::FirstRecord, false)
        ]
    );
    assert_eq!(order_of("date_order")[0], sort(SortBy::Key(0), false));
    // What groups are sorted by is told, too.
    let made = groups(&["state"], &[], "discount desc, amount_total:max").unwrap();
    assert_eq!(
        specifications(&made).1,
        ["discount:avg", "amount_total:max"]
    );
    assert_eq!(made.order[1], sort(SortBy::Measure(1), false));
}

/// Keys, aggregates and order, and a part of what is said about them.
const MISTAKES: [(&[&str], &[&str], &str, &str); 25] = [
    (
        &["stat"],
        &[],
        "",
        "group_by[0]: sale.order has no field \"stat\"; did you mean state?",
    ),
    (
        &["partner_id.nme"],
        &[],
        "",
        "res.partner has no field \"nme\"; did you mean name?",
    ),
    (&["name.x"], &[], "", "leads nowhere"),
    (
        &["margin"],
        &[],
        "",
        "\"margin\" is not stored, so records cannot be grouped by it",
    ),
    (
        &["order_line"],
        &[],
        "",
        "one2many field, so records cannot be grouped by it",
    ),
    (
        &["state:month"],
        &[],
        "",
        "only dates have parts such as \"month\"",
    ),
    (
        &["date_order:moon"],
        &[],
        "",
        "\"moon\" is no part of a datetime field; use one of hour, day",
    ),
    (
        &["validity_date:hour"],
        &[],
        "",
        "\"hour\" is no part of a date field; use one of day, week",
    ),
    (
        &["date_order.month"],
        &[],
        "",
        "stands after a colon: \"date_order:month\"",
    ),
    (
        &["state", "state"],
        &[],
        "",
        "group_by[1]: \"state\" stands there twice",
    ),
    (
        &["date_order", "date_order:monthly"],
        &[],
        "",
        "\"date_order:month\" stands there twice",
    ),
    (&["id"], &[], "", "leave out group_by to read records"),
    (
        &[],
        &["amount"],
        "",
        "aggregates[0]: sale.order has no field \"amount\"; did you mean amount_total",
    ),
    (
        &[],
        &["amount_total:summ"],
        "",
        "did you mean \"amount_total:sum\"?",
    ),
    (
        &[],
        &["amount_total:array_agg"],
        "",
        "is no way to sum up; use one of sum, avg",
    ),
    (
        &[],
        &["state:sum"],
        "",
        "\"sum\" does not work on \"state\", a selection field; use count_distinct",
    ),
    (&[], &["date_order:avg"], "", "use min, max, count"),
    (
        &[],
        &["discount:sum_currency"],
        "",
        "\"sum_currency\" does not work on \"discount\"",
    ),
    (
        &[],
        &["margin:sum"],
        "",
        "\"margin\" is not stored, so it cannot be summed up",
    ),
    (&[], &["order_line:count"], "", "cannot be summed up"),
    (
        &[],
        &["partner_id.color:sum"],
        "",
        "\"partner_id.color\" is a path",
    ),
    (
        &["state"],
        &[],
        "name",
        "order: \"name\" sorts no groups; use __count, what they are grouped by (state)",
    ),
    (
        &["state"],
        &["amount_total:sum", "amount_total:avg"],
        "amount_total",
        "is one of amount_total:sum, amount_total:avg; say which",
    ),
    (
        &["state"],
        &[],
        "state down",
        "\"down\" is no direction; use asc or desc",
    ),
    (
        &[],
        &["amount_total"],
        "amount_total",
        "without group_by there is one group and no order",
    ),
];

#[test]
fn mistakes_are_told_with_their_mend() {
    for (group_by, aggregates, order, part) in MISTAKES {
        let error = groups(group_by, aggregates, order).expect_err(part);
        assert!(error.contains(part), "{error}");
        assert!(error.contains("Nothing was sent to Odoo"), "{error}");
    }
    let error = groups(&["stat"], &["amount"], "state up").unwrap_err();
    assert!(error.starts_with("2 mistakes"), "{error}");
    let error = groups(&["state"], &["amount"], "state up").unwrap_err();
    assert!(
        error.contains("aggregates[0]") && error.contains("order: \"up\""),
        "{error}"
    );
}

#[test]
fn an_unknown_model_is_left_to_odoo() {
    let made = prepared(
        None,
        &["anything", "date:month"],
        &["amount:sum", "count"],
        "amount:sum desc",
    )
    .unwrap();
    assert_eq!(
        specifications(&made),
        (
            vec!["anything".to_owned(), "date:month".to_owned()],
            vec!["amount:sum".to_owned()]
        )
    );
    assert!(prepared(None, &[], &["amount"], "").is_err());
}

#[test]
fn where_odoo_does_not_say_it_decides() {
    let made = prepared(
        Some(&order()),
        &["partner_id", "state"],
        &["priority:sum"],
        "",
    );
    assert_eq!(specifications(&made.unwrap()).1, ["priority:sum"]);
}
