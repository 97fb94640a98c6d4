//! What the checks refuse, what they mend, and what they say.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::ModelSchema;

fn order() -> ModelSchema {
    ModelSchema::from_wire(&json!({
        "model": "sale.order", "label": "Sales Order", "rec_name": "name",
        "list_fields": ["name", "partner_id", "state"],
        "fields": {
            "id": {"type": "integer", "readonly": true},
            "name": {"type": "char", "string": "Reference", "required": true, "has_default": true},
            "partner_id": {"type": "many2one", "string": "Customer", "relation": "res.partner", "required": true},
            "state": {"type": "selection", "selection": [["draft", "Quotation"], ["sale", "Sales Order"]]},
            "amount_total": {"type": "monetary", "readonly": true, "store": true},
            "priority": {"type": "integer"},
            "active": {"type": "boolean"},
            "date_order": {"type": "datetime", "required": true, "has_default": true},
            "validity_date": {"type": "date"},
            "margin": {"type": "float", "searchable": false, "sortable": false, "computed": true},
            "order_line": {"type": "one2many", "relation": "sale.order.line", "relation_field": "order_id"},
            "tag_ids": {"type": "many2many", "relation": "crm.tag"},
            "signature": {"type": "binary"},
            "create_date": {"type": "datetime", "readonly": true}
        }
    }))
    .unwrap()
}

fn partner() -> ModelSchema {
    ModelSchema::from_wire(&json!({
        "model": "res.partner", "label": "Contact", "rec_name": "display_name",
        "fields": {
            "name": {"type": "char"},
            "country_id": {"type": "many2one", "relation": "res.country"}
        }
    }))
    .unwrap()
}

fn line() -> ModelSchema {
    ModelSchema::from_wire(&json!({
        "model": "sale.order.line", "label": "Line",
        "fields": {
            "product_id": {"type": "many2one", "relation": "product.product"},
            "product_uom_qty": {"type": "float", "required": true},
            "order_id": {"type": "many2one", "relation": "sale.order", "required": true}
        }
    }))
    .unwrap()
}

fn models(name: &str) -> Option<Arc<ModelSchema>> {
    match name {
        "res.partner" => Some(Arc::new(partner())),
        "sale.order.line" => Some(Arc::new(line())),
        _ => None,
    }
}

#[allow(clippy::needless_pass_by_value)] // reads better at the many calls
fn domain(value: Value) -> Result<Value, String> {
    let mut problems = Problems::default();
    let prepared = prepare_domain(&order(), &value, &models, &mut problems);
    problems
        .into_result("sale.order")
        .map(|()| prepared)
        .map_err(|error| error.to_string())
}

fn values(value: Value, purpose: Purpose) -> Result<Value, String> {
    let Value::Object(values) = value else {
        panic!("values are an object")
    };
    let mut problems = Problems::default();
    let prepared = prepare_values(&order(), &values, purpose, "values", &models, &mut problems);
    problems
        .into_result("sale.order")
        .map(|()| Value::Object(prepared))
        .map_err(|error| error.to_string())
}

#[test]
fn right_domains_pass_and_are_mended() {
    for (given, sent) in [
        (json!([]), json!([])),
        (
            json!([["name", "ilike", "S0"]]),
            json!([["name", "ilike", "S0"]]),
        ),
        (json!(["name", "=", "S0"]), json!([["name", "=", "S0"]])),
        (
            json!([["amount_total", ">", "1000"]]),
            json!([["amount_total", ">", 1000.0]]),
        ),
        (
            json!([["priority", "in", "1", "2"]]),
            json!([["priority", "in", [1, 2]]]),
        ),
        (
            json!([["priority", "in", "1,2"]]),
            json!([["priority", "in", [1, 2]]]),
        ),
        (
            json!([["state", "=", "Sales Order"]]),
            json!([["state", "=", "sale"]]),
        ),
        (
            json!([["partner_id", "=", "7"]]),
            json!([["partner_id", "=", 7]]),
        ),
        (
            json!([["partner_id", "=", {"id": 7, "name": "Azure"}]]),
            json!([["partner_id", "=", 7]]),
        ),
        (
            json!([["partner_id", "ilike", "azure"]]),
            json!([["partner_id", "ilike", "azure"]]),
        ),
        (
            json!([["partner_id.country_id.code", "=", "BE"]]),
            json!([["partner_id.country_id.code", "=", "BE"]]),
        ),
        (
            json!([["date_order", ">=", "2026-11-22T10:00:00Z"]]),
            json!([["date_order", ">=", "2026-11-22 10:00:00"]]),
        ),
        (
            json!([["date_order", ">=", "2026-11-22T10:00:00+02:00"]]),
            json!([["date_order", ">=", "2026-11-22 08:00:00"]]),
        ),
        (
            json!([["date_order", ">=", "2026-11-22"]]),
            json!([["date_order", ">=", "2026-11-22"]]),
        ),
        (
            json!(["|", ["state", "=", "sale"], ["priority", "=", 1]]),
            json!(["|", ["state", "=", "sale"], ["priority", "=", 1]]),
        ),
        (
            json!([["|"], ["state", "=", "sale"], ["priority", "=", 1]]),
            json!(["|", ["state", "=", "sale"], ["priority", "=", 1]]),
        ),
        (
            json!(["!", ["state", "=", "sale"]]),
            json!(["!", ["state", "=", "sale"]]),
        ),
        (
            json!([["validity_date", "=", false]]),
            json!([["validity_date", "=", false]]),
        ),
        (json!([[1, "=", 1]]), json!([[1, "=", 1]])),
        (
            json!([["tag_ids", "in", [1, 2]]]),
            json!([["tag_ids", "in", [1, 2]]]),
        ),
    ] {
        assert_eq!(domain(given.clone()), Ok(sent), "{given}");
    }
}

#[test]
fn wrong_domains_are_refused_with_the_mend() {
    for (given, parts) in [
        (
            json!([["stat", "=", "sale"]]),
            &["no field \"stat\"", "did you mean state"][..],
        ),
        (
            json!([["state", "=", "sold"]]),
            &["\"draft\" (Quotation)", "\"sale\" (Sales Order)"],
        ),
        (
            json!([["state", "==", "sale"]]),
            &["\"==\" is no operator", "use \"=\""],
        ),
        (json!([["name", "contains", "S"]]), &["use \"ilike\""]),
        (
            json!([["state", ">", "sale"]]),
            &["does not work on \"state\"", "selection"],
        ),
        (
            json!([["priority", "=", "high"]]),
            &["a whole number", "\"high\""],
        ),
        (
            json!([["validity_date", "=", "22/11/2026"]]),
            &["YYYY-MM-DD"],
        ),
        (
            json!([["partner_id.nmae", "=", "x"]]),
            &["res.partner has no field \"nmae\"", "did you mean name"],
        ),
        (json!([["name.first", "=", "x"]]), &["leads nowhere"]),
        (json!([["margin", ">", 1]]), &["cannot be searched"]),
        (json!(["|", ["state", "=", "sale"]]), &["one is missing"]),
        (json!(["!"]), &["no condition"]),
        (json!([["name", "="]]), &["[field, operator, value]"]),
        (json!({"name": "x"}), &["a list of conditions"]),
        (
            json!([["signature", "ilike", "x"]]),
            &["does not work on \"signature\""],
        ),
    ] {
        let error = domain(given.clone()).expect_err(&given.to_string());
        for part in parts {
            assert!(error.contains(part), "{given}: {error}");
        }
        assert!(error.contains("Nothing was sent"), "{error}");
    }
}

#[test]
fn right_values_pass_and_are_mended() {
    for (given, sent) in [
        (json!({"priority": "12"}), json!({"priority": 12})),
        (json!({"priority": 3.0}), json!({"priority": 3})),
        (json!({"state": "Quotation"}), json!({"state": "draft"})),
        (
            json!({"partner_id": [7, "Azure"]}),
            json!({"partner_id": 7}),
        ),
        (
            json!({"validity_date": null}),
            json!({"validity_date": false}),
        ),
        (json!({"active": "yes"}), json!({"active": true})),
        (json!({"active": null}), json!({"active": false})),
        (
            json!({"tag_ids": [1, 2]}),
            json!({"tag_ids": [[6, 0, [1, 2]]]}),
        ),
        (json!({"tag_ids": []}), json!({"tag_ids": [[6, 0, []]]})),
        (json!({"tag_ids": null}), json!({"tag_ids": [[5, 0, 0]]})),
        (
            json!({"order_line": [{"product_id": "5", "product_uom_qty": 2}]}),
            json!({"order_line": [[0, 0, {"product_id": 5, "product_uom_qty": 2}]]}),
        ),
        (
            json!({"order_line": [{"id": 9, "product_uom_qty": "3"}]}),
            json!({"order_line": [[1, 9, {"product_uom_qty": 3.0}]]}),
        ),
        (
            json!({"order_line": [[2, 9], [4, 8], [5], [6, 0, [1]]]}),
            json!({"order_line": [[2, 9, 0], [4, 8, 0], [5, 0, 0], [6, 0, [1]]]}),
        ),
    ] {
        assert_eq!(values(given.clone(), Purpose::Update), Ok(sent), "{given}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_with_their_paths() {
    let error = values(
        json!({
            "nam": "x", "state": "sold", "priority": "high",
            "order_line": [{"product": 5}, {"product_uom_qty": "many"}],
            "create_date": "2026-01-01"
        }),
        Purpose::Create,
    )
    .unwrap_err();
    for part in [
        "7 mistakes",
        "values.nam: sale.order has no field \"nam\"; did you mean name",
        "values.state: expected one of",
        "values.priority: expected a whole number",
        "values.order_line[0].product: sale.order.line has no field \"product\"",
        "values.order_line[1].product_uom_qty: expected a number, got \"many\"",
        "values.create_date: Odoo fills this field in by itself",
        "values.partner_id: required and missing (Customer",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn an_update_needs_no_required_field_but_cannot_clear_one() {
    assert!(values(json!({"priority": 1}), Purpose::Update).is_ok());
    let error = values(json!({"partner_id": null}), Purpose::Update).unwrap_err();
    assert!(error.contains("cannot be cleared"), "{error}");
}

#[test]
fn orders_are_checked() {
    for (order_by, mistake) in [
        ("name desc, id", None),
        ("date_order DESC NULLS LAST", None),
        ("nme", Some("did you mean name")),
        ("name downwards", Some("no direction")),
        ("margin", Some("cannot be sorted")),
        ("name,,id", Some("an empty part")),
    ] {
        let mut problems = Problems::default();
        check_order(&order(), order_by, &mut problems);
        let outcome = problems
            .into_result("sale.order")
            .map_err(|e| e.to_string());
        match mistake {
            None => assert_eq!(outcome, Ok(()), "{order_by}"),
            Some(part) => {
                let error = outcome.expect_err(order_by);
                assert!(error.contains(part), "{order_by}: {error}");
            }
        }
    }
}

#[test]
fn fields_to_read_are_fields_of_the_model() {
    let mut problems = Problems::default();
    let names = ["name", "partner_id.name", "colour"].map(str::to_owned);
    check_fields(&order(), &names, &mut problems);
    let error = problems.into_result("sale.order").unwrap_err().to_string();
    assert!(
        error.contains("fields[1]") && error.contains("is a path"),
        "{error}"
    );
    assert!(
        error.contains("fields[2]") && error.contains("no field \"colour\""),
        "{error}"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("name"),
            Just("state"),
            Just("partner_id"),
            Just("order_line"),
            Just("="),
            Just("in"),
            Just("|"),
            Just("&"),
            Just("!"),
            Just("partner_id.name"),
            Just("id")
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,10}", inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn any_domain_is_refused_or_mended_once_and_for_all(given in any_json()) {
        if let Ok(once) = domain(given) {
            prop_assert_eq!(domain(once.clone()), Ok(once));
        }
    }

    #[test]
    fn any_values_are_refused_or_mended_once_and_for_all(
        name in prop::sample::select(vec!["name", "state", "priority", "order_line", "tag_ids", "date_order", "active"]),
        given in any_json(),
    ) {
        if let Ok(once) = values(json!({name: given}), Purpose::Update) {
            prop_assert_eq!(values(once.clone(), Purpose::Update), Ok(once));
        }
    }
}
