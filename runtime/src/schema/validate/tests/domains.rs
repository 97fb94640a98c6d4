//! Domains: conditions, groups, paths, operators and values.

use serde_json::{Value, json};

use super::super::names::NameBook;
use super::super::*;
use super::{domain, filter};

#[test]
#[allow(clippy::too_many_lines)] // a table
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
            json!([["date_order", ">=", "2026-11-21 23:00:00"]]),
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
        (
            json!([{"any_of": [["priority", "=", 1], ["state", "=", "sale"]]}, ["name", "=", "S"]]),
            json!([
                "|",
                ["priority", "=", 1],
                ["state", "=", "sale"],
                ["name", "=", "S"]
            ]),
        ),
        (
            json!({"none_of": [["priority", "=", 1], ["priority", "=", 2]]}),
            json!(["!", "|", ["priority", "=", 1], ["priority", "=", 2]]),
        ),
        (
            json!([{"any_of": [[["priority", "=", 1], ["name", "=", "S"]], {"none_of": ["state", "=", "sale"]}]}]),
            json!([
                "|",
                "&",
                ["priority", "=", 1],
                ["name", "=", "S"],
                "!",
                ["state", "=", "sale"]
            ]),
        ),
        (
            json!([
                ["|", ["priority", "=", 1], ["priority", "=", 2]],
                ["name", "=", "S"]
            ]),
            json!([
                "|",
                ["priority", "=", 1],
                ["priority", "=", 2],
                ["name", "=", "S"]
            ]),
        ),
        (
            json!({"field": "name", "operator": "ilike", "value": 7}),
            json!([["name", "ilike", "7"]]),
        ),
        (
            json!([["state", "=", ["draft", "Sales Order"]]]),
            json!([["state", "in", ["draft", "sale"]]]),
        ),
        (
            json!([["partner_id", "=", true]]),
            json!([["partner_id", "!=", false]]),
        ),
        (
            json!([["partner_id", "=", "Azure Interior"]]),
            json!([["partner_id", "=", 14]]),
        ),
        (
            json!([["partner_id", "=", "Twin"]]),
            json!([["partner_id", "in", [7, 8]]]),
        ),
        (
            json!([["partner_id", "in", ["Azure Interior", 7]]]),
            json!([["partner_id", "in", [14, 7]]]),
        ),
        (
            json!([["partner_id", "=", "14"]]),
            json!([["partner_id", "=", 14]]),
        ),
        (
            json!([["partner_id", "in", "14, 15"]]),
            json!([["partner_id", "in", [14, 15]]]),
        ),
        (
            json!([["partner_id", "child_of", "Azure Interior"]]),
            json!([["partner_id", "child_of", 14]]),
        ),
        (
            json!([["partner_id", "parent_of", ["Azure Interior", 7]]]),
            json!([["partner_id", "parent_of", [14, 7]]]),
        ),
        (
            json!([["partner_id", "child_of", "Twin"]]),
            json!([["partner_id", "child_of", [7, 8]]]),
        ),
        (
            json!([["partner_id.id", "child_of", "Azure Interior"]]),
            json!([["partner_id.id", "child_of", 14]]),
        ),
        (
            json!([["partner_id", "not in", ["Twin", 9]]]),
            json!([["partner_id", "not in", [7, 8, 9]]]),
        ),
        (
            json!([["validity_date", "<", "-7d"]]),
            json!([["validity_date", "<", "2026-11-17"]]),
        ),
        (
            json!([["date_order", ">=", "=monday"]]),
            json!([["date_order", ">=", "=monday"]]),
        ),
        (
            json!([["state", "==", "sale"], ["name", "Contains", "S"]]),
            json!([["state", "=", "sale"], ["name", "ilike", "S"]]),
        ),
        (
            json!(["name", "not_in", ["a", "b"]]),
            json!([["name", "not in", ["a", "b"]]]),
        ),
        (
            json!([["order_line", "any", ["product_id", "=", "5"]]]),
            json!([["order_line", "any", [["product_id", "=", 5]]]]),
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
            json!([["state", "~", "sale"]]),
            &["\"~\" is no operator", "use one of ="],
        ),
        (json!([["name", "ilke", "S"]]), &["did you mean \"ilike\"?"]),
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
        (
            json!([["signature", "!=", [false]]]),
            &["does not work on \"signature\"", "with false"],
        ),
        (
            json!([{"any_of": []}]),
            &["domain[0].any_of: the group is empty"],
        ),
        (
            json!([{"some_of": [["name", "=", "x"]]}]),
            &["domain[0]", "got {\"some_of\""],
        ),
        (
            json!([{"any_of": [["nme", "=", "x"]], "not": [["name", "=", "x"]]}]),
            &["domain[0].any_of[0]", "domain[0].not: not a group"],
        ),
        (
            json!([["partner_id", "=", "Azur"]]),
            &["no record of res.partner is named “Azur”; the nearest are “Azure Interior” (14)"],
        ),
        (
            json!([["partner_id", "child_of", ["Azur"]]]),
            &[
                "the nearest are “Azure Interior” (14)",
                "\"ilike\" finds parts of names",
            ],
        ),
        (
            json!([["partner_id", "=", "3"]]),
            &["“3” is the name of “3” (15) and the id of “Azure Interior” (14)"],
        ),
        (
            json!([["partner_id", "in", ["Old"]]]),
            &["“Old” of res.partner is archived: “Old” (16)"],
        ),
        (
            json!([["partner_id", "in", ["Nobody"]]]),
            &["nor anything like it"],
        ),
        (
            json!([["order_line", "any", [["product", "=", 5]]]]),
            &["domain[0].any[0]: sale.order.line has no field \"product\""],
        ),
        (
            json!([["order_line", "any", 5]]),
            &["takes a domain of sale.order.line"],
        ),
        (
            json!([["order_line", ">", 5]]),
            &["does not work on \"order_line\""],
        ),
        (json!([["name", "ilike", true]]), &["a text to look for"]),
        (json!([["state", "between", "sale"]]), &["use one of ="]),
    ] {
        let error = domain(given.clone()).expect_err(&given.to_string());
        for part in parts {
            assert!(error.contains(part), "{given}: {error}");
        }
        assert!(error.contains("Nothing was sent"), "{error}");
    }
}

#[test]
fn groups_stand_next_to_the_domain() {
    let given = Filter {
        domain: json!([["name", "=", "S"]]),
        all_of: Value::Null,
        any_of: json!([["priority", "=", "1"], ["priority", "=", "2"]]),
        none_of: json!([["state", "=", "sale"]]),
    };
    let (domain, _) = filter(&given, &NameBook::default()).unwrap();
    assert_eq!(
        domain,
        json!([
            ["name", "=", "S"],
            "|",
            ["priority", "=", 1],
            ["priority", "=", 2],
            "!",
            ["state", "=", "sale"]
        ])
    );
    let wrong = Filter {
        any_of: json!([["name", "=", "S"], ["nme", "=", "S"]]),
        ..Filter::default()
    };
    let error = filter(&wrong, &NameBook::default()).unwrap_err();
    assert!(
        error.contains("any_of[1]: sale.order has no field"),
        "{error}"
    );
}
