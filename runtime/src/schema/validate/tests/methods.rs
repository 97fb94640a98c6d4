//! Orders, fields to read, and the arguments of Odoo's own methods.

use serde_json::{Value, json};

use super::super::*;
use super::{book, models, now, order};

#[test]
fn orders_are_checked() {
    for (order_by, mistake) in [
        ("name desc, id", None),
        ("date_order DESC NULLS LAST", None),
        ("nme", Some("did you mean name")),
        ("name downwards", Some("no direction")),
        ("margin", Some("cannot be sorted")),
        ("name,,id", Some("an empty part")),
        ("partner_id.name", Some("is a path")),
        ("partner_id.id desc", None),
    ] {
        let mut problems = Problems::default();
        check_order(&order(), order_by, "order", &mut problems);
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
    check_fields(&order(), &names, "fields", &mut problems);
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

#[test]
#[allow(clippy::too_many_lines)] // a table
fn methods_of_odoo_are_checked_like_the_tools() {
    let run = |name: &str, ids: bool, args: Value, kwargs: Value| {
        let (Value::Array(mut args), Value::Object(mut kwargs)) = (args, kwargs) else {
            panic!("a list and an object")
        };
        let (names, now) = (book(), now());
        let known = Known::new(&models, &names, &now);
        let mut problems = Problems::default();
        let arguments = (args.as_mut_slice(), &mut kwargs);
        prepare_method(&order(), name, ids, arguments, &known, &mut problems);
        problems
            .into_result("sale.order")
            .map(|()| json!([args, kwargs]))
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        run(
            "write",
            true,
            json!([{"priority": "3", "partner_id": "Azure Interior"}]),
            json!({})
        ),
        Ok(json!([[{"priority": 3, "partner_id": 14}], {}]))
    );
    assert_eq!(
        run(
            "search",
            false,
            json!([]),
            json!({"domain": {"any_of": [["priority", "=", "1"]]}, "order": "name"})
        ),
        Ok(json!([[], {"domain": [["priority", "=", 1]], "order": "name"}]))
    );
    assert_eq!(
        run("search_count", false, json!([]), json!({})),
        Ok(json!([[], {"domain": []}]))
    );
    assert_eq!(
        run(
            "message_post",
            true,
            json!([]),
            json!({"body": "hi", "partner_ids": "Azure Interior", "attachment_ids": [[6, 0, [1]]]})
        ),
        Ok(json!([[], {"body": "hi", "partner_ids": [14], "attachment_ids": [[6, 0, [1]]]}]))
    );
    assert!(run("anything", false, json!([1, "x"]), json!({"y": 2})).is_ok());
    for (name, ids, args, kwargs, part) in [
        (
            "write",
            false,
            json!([{"priority": 1}]),
            json!({}),
            "ids: write does nothing without the ids",
        ),
        (
            "write",
            true,
            json!([{"prioriti": 1}]),
            json!({}),
            "args[0].prioriti",
        ),
        (
            "search",
            false,
            json!([[["nme", "=", 1]]]),
            json!({}),
            "args[0][0]: sale.order has no field",
        ),
        (
            "search",
            false,
            json!([]),
            json!({"domian": []}),
            "did you mean domain?",
        ),
        (
            "search",
            false,
            json!([[], 0, 1, "id", 5]),
            json!({}),
            "takes 4 positional",
        ),
        (
            "read_group",
            false,
            json!([]),
            json!({"groupby": ["stat"]}),
            "kwargs.groupby[0]",
        ),
        (
            "read_group",
            false,
            json!([]),
            json!({"groupby": "state:month"}),
            "only dates have parts",
        ),
        (
            "read_group",
            false,
            json!([]),
            json!({"groupby": ["date_order:moon"]}),
            "no part of a date",
        ),
        (
            "formatted_read_group",
            false,
            json!([]),
            json!({"aggregates": ["amount_total"]}),
            "amount_total:sum",
        ),
        (
            "formatted_read_group",
            false,
            json!([]),
            json!({"aggregates": ["amount_total:total"]}),
            "no way to sum up",
        ),
        (
            "create",
            false,
            json!([[{"partner_id": 1}, {"state": "sold"}]]),
            json!({}),
            "args[0][1].partner_id: required",
        ),
        (
            "message_post",
            true,
            json!(["hi"]),
            json!({}),
            "message_post takes 0 positional arguments, not 1; name them in kwargs: body, subject",
        ),
        (
            "message_post",
            true,
            json!([]),
            json!({"partner_ids": ["Twin"]}),
            "kwargs.partner_ids[0]: 2 records of res.partner are named",
        ),
        (
            "name_create",
            false,
            json!([{"name": "x"}]),
            json!({}),
            "args[0]: expected text",
        ),
        (
            "read_group",
            false,
            json!([[]]),
            json!({}),
            "kwargs.groupby: read_group does not go without this argument",
        ),
        (
            "search",
            false,
            json!([[]]),
            json!({"domain": []}),
            "kwargs.domain: search has this argument already: it is args[0]",
        ),
        (
            "toggle_active",
            true,
            json!([1]),
            json!({}),
            "toggle_active takes 0 positional arguments, not 1",
        ),
    ] {
        let error = run(name, ids, args, kwargs).expect_err(part);
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn the_values_that_a_method_writes_are_found_with_their_places() {
    let places = |name: &str, mut args: Value, kwargs: Value| -> Vec<String> {
        let Value::Object(mut kwargs) = kwargs else {
            panic!("an object")
        };
        let args = args.as_array_mut().unwrap();
        let found = method_records(name, args, &mut kwargs);
        found.into_iter().map(|(path, _)| path).collect()
    };
    assert_eq!(places("write", json!([{"a": 1}]), json!({})), ["args[0]"]);
    assert_eq!(
        places("write", json!([]), json!({"vals": {"a": 1}})),
        ["kwargs.vals"]
    );
    assert_eq!(
        places("create", json!([[{"a": 1}, {"a": 2}]]), json!({})),
        ["args[0][0]", "args[0][1]"]
    );
    assert!(places("search", json!([[]]), json!({})).is_empty());
    assert!(places("anything", json!([{"a": 1}]), json!({})).is_empty());
}

#[test]
fn every_method_for_suggestions_is_checked() {
    for name in METHODS {
        let mut kwargs = serde_json::Map::new();
        let mut args = vec![json!({}); 20];
        let mut problems = Problems::default();
        let (names, now) = (book(), now());
        let known = Known::new(&models, &names, &now);
        let arguments = (args.as_mut_slice(), &mut kwargs);
        prepare_method(&order(), name, true, arguments, &known, &mut problems);
        let refusal = problems.into_result("x").unwrap_err().to_string();
        assert!(refusal.contains("positional arguments, not 20"), "{name}");
    }
}
