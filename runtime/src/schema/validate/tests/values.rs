//! Values of records and their lines.

use serde_json::json;

use super::super::names::NameBook;
use super::super::*;
use super::{book, values, values_with};

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
        (
            json!({"order_line": {"product_id": 5, "product_uom_qty": 1}}),
            json!({"order_line": [[0, 0, {"product_id": 5, "product_uom_qty": 1}]]}),
        ),
        (
            json!({"order_line": {
                "create": [{"product_id": 5}], "update": {"id": 9, "product_uom_qty": 3},
                "remove": [8], "unlink": 7, "link": ["6"], "delete": [4]
            }}),
            json!({"order_line": [
                [2, 4, 0], [2, 8, 0], [3, 7, 0], [4, 6, 0],
                [1, 9, {"product_uom_qty": 3}], [0, 0, {"product_id": 5}]
            ]}),
        ),
        (
            json!({"tag_ids": {"remove": [8], "link": "VIP"}}),
            json!({"tag_ids": [[3, 8, 0], [4, 3, 0]]}),
        ),
        (
            json!({"tag_ids": {"set": [1, "VIP"]}}),
            json!({"tag_ids": [[6, 0, [1, 3]]]}),
        ),
        (
            json!({"tag_ids": {"clear": true}}),
            json!({"tag_ids": [[5, 0, 0]]}),
        ),
        (
            json!({"tag_ids": ["VIP", 2]}),
            json!({"tag_ids": [[6, 0, [3, 2]]]}),
        ),
        (
            json!({"partner_id": "Azure Interior"}),
            json!({"partner_id": 14}),
        ),
        (json!({"partner_id": "14"}), json!({"partner_id": 14})),
        (
            json!({"partner_id": {"id": "14"}}),
            json!({"partner_id": 14}),
        ),
        (
            json!({"validity_date": "+2w"}),
            json!({"validity_date": "2026-12-08"}),
        ),
        (
            json!({"date_order": "start_of_month"}),
            json!({"date_order": "2026-10-31 23:00:00"}),
        ),
        (
            json!({"validity_date": "2026-11-22T00:00:00"}),
            json!({"validity_date": "2026-11-22"}),
        ),
        (
            json!({"signature": "data:image/png;base64,AAAA"}),
            json!({"signature": "AAAA"}),
        ),
        (json!({"state": "SALE"}), json!({"state": "sale"})),
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
fn names_are_collected_and_what_they_stand_for_is_noted() {
    let given =
        json!({"partner_id": "Azure Interior", "tag_ids": ["VIP"], "validity_date": "today"});
    let (_, findings) = values_with(given.clone(), Purpose::Update, &NameBook::default()).unwrap();
    assert_eq!(findings.wanted["res.partner"].names.len(), 1);
    assert_eq!(findings.wanted["crm.tag"].names.len(), 1);
    let (_, findings) = values_with(given, Purpose::Update, &book()).unwrap();
    assert!(findings.wanted.is_empty() && findings.uses_clock);
    assert_eq!(
        describe_resolved(&findings.resolved).unwrap(),
        "resolved: values.partner_id “Azure Interior” → 14; values.tag_ids[0] “VIP” → 3; \
         values.validity_date “today” → 2026-11-24"
    );
}

#[test]
fn a_number_as_text_is_looked_up_and_told() {
    let given = json!({"partner_id": "14", "order_line": [{"product_id": 5}]});
    let (waits, findings) =
        values_with(given.clone(), Purpose::Update, &NameBook::default()).unwrap();
    assert_eq!(waits["partner_id"], json!("14"));
    assert!(findings.wanted["res.partner"].single.contains("14"));
    assert!(!findings.wanted.contains_key("product.product"));
    let (_, findings) = values_with(given, Purpose::Update, &book()).unwrap();
    assert_eq!(
        describe_resolved(&findings.resolved).unwrap(),
        "resolved: values.partner_id “14” → 14 (“Azure Interior”)"
    );
}

#[test]
fn a_fields_domain_narrows_a_name_of_several() {
    let names = |offered: &[i64]| {
        let mut book = book();
        book.offer(
            "res.partner",
            "[('x', '=', 1)]",
            offered.iter().copied().collect(),
        );
        book
    };
    let sent = |book: &NameBook| {
        values_with(json!({"partner_id": "Twin"}), Purpose::Update, book).map(|(values, _)| values)
    };
    assert_eq!(sent(&names(&[8])), Ok(json!({"partner_id": 8})));
    assert!(
        sent(&names(&[]))
            .unwrap_err()
            .contains("2 records of res.partner")
    );
    let first = values_with(
        json!({"partner_id": "Twin"}),
        Purpose::Update,
        &NameBook::default(),
    );
    let (_, findings) = first.unwrap();
    assert!(
        findings.wanted["res.partner"]
            .domains
            .contains("[('x', '=', 1)]")
    );
}

#[test]
fn a_name_of_several_records_or_of_none_is_refused_in_values() {
    for (given, part) in [
        (
            json!({"partner_id": "Twin"}),
            "values.partner_id: 2 records of res.partner are named “Twin”: “Twin” (7), “Twin” (8); give the id",
        ),
        (
            json!({"partner_id": "Azur"}),
            "no record of res.partner is named “Azur”; the nearest are “Azure Interior” (14)",
        ),
        (
            json!({"partner_id": "3"}),
            "values.partner_id: “3” is the name of “3” (15) and the id of “Azure Interior” (14) of res.partner; write 14 without quotes",
        ),
        (
            json!({"partner_id": "Twin (14)"}),
            "“Twin (14)”: 14 of res.partner is “Azure Interior” (14)",
        ),
        (
            json!({"partner_id": "Old"}),
            "“Old” of res.partner is archived: “Old” (16)",
        ),
        (
            json!({"partner_id": -3}),
            "the id or the exact name of a record of res.partner, got -3",
        ),
        (json!({"partner_id": " "}), "the id or the exact name"),
        (json!({"partner_id": "0"}), "the id or the exact name"),
        (json!({"partner_id": "-3"}), "the id or the exact name"),
    ] {
        let error = values(given, Purpose::Update).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn wrong_lists_of_records_are_refused_with_the_mend() {
    for (given, part) in [
        (
            json!({"tag_ids": 5}),
            "expected a list of ids, objects or commands",
        ),
        (json!({"tag_ids": {"lnik": [5]}}), "expected a list of ids"),
        (
            json!({"tag_ids": {"link": [5], "dele": [6]}}),
            "values.tag_ids.dele: nothing that can be done to a list; did you mean delete?",
        ),
        (
            json!({"order_line": {"update": [{"product_id": 5}]}}),
            "values.order_line.update[0]: the id of the line is missing",
        ),
        (
            json!({"order_line": {"create": [{"id": 5}]}}),
            "a new line has no id",
        ),
        (
            json!({"order_line": {"create": [5]}}),
            "values.order_line.create[0]: expected an object",
        ),
        (
            json!({"order_line": [[6, 0, [0]]]}),
            "values.order_line[0][2][0]: expected the id or",
        ),
        (
            json!({"order_line": [[0, 0, {"product": 5}]]}),
            "values.order_line[0][2].product",
        ),
    ] {
        let error = values(given.clone(), Purpose::Update).expect_err(&given.to_string());
        assert!(error.contains(part), "{given}: {error}");
    }
}

#[test]
fn what_a_column_does_not_hold_is_refused() {
    for (given, part) in [
        (
            json!({"priority": 99_999_999_999_i64}),
            "at most 2147483647",
        ),
        (json!({"signature": "not base64!"}), "base64 text"),
    ] {
        let error = values(given, Purpose::Update).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_a_model_fills_in_when_it_creates_is_not_asked_for() {
    for (model, is_asked_for) in [("account.analytic.line", false), ("x.line", true)] {
        let schema = ModelSchema::from_wire(&json!({
            "model": model,
            "fields": {"account_id": {
                "type": "many2one", "relation": "account.analytic.account", "required": true
            }}
        }))
        .unwrap();
        assert_eq!(schema.must_be_given("account_id"), is_asked_for, "{model}");
    }
}

#[test]
fn a_model_without_a_log_may_call_its_own_fields_as_the_logs() {
    let model = ModelSchema::from_wire(&json!({
        "model": "x.log", "fields": {
            "write_uid": {"type": "char"}, "create_date": {"type": "datetime"}
        }
    }))
    .unwrap();
    let (names, now) = (NameBook::default(), Zoned::default());
    let known = Known::new(&|_| None, &names, &now);
    let mut problems = Problems::default();
    let Value::Object(given) = json!({"write_uid": "A", "create_date": "2026-01-01 00:00:00"})
    else {
        panic!("not an object")
    };
    let prepared = prepare_values(
        &model,
        &given,
        Purpose::Create,
        "values",
        &known,
        &mut problems,
    );
    assert_eq!(Value::Object(prepared), json!({"write_uid": "A"}));
    let error = problems.into_result("x.log").unwrap_err().to_string();
    assert!(
        error.contains("values.create_date: Odoo fills this field in by itself"),
        "{error}"
    );
}

#[test]
fn lines_within_lines_are_looked_at_once() {
    let mut values = json!({"name": "x"});
    for _ in 0..60 {
        values = json!({"line_ids": {"create": [values]}});
    }
    let paths = value_paths(values.as_object().unwrap());
    assert_eq!(paths.len(), 60);
    assert!(paths.contains(&"line_ids.line_ids".to_owned()));
    // Commands of Odoo's, and a single line in place of a list.
    let values = json!({"a": [[0, 0, {"b": [{"c": [4]}]}]], "d": {"e": {"f": [1]}}});
    let mut paths = value_paths(values.as_object().unwrap());
    paths.sort_unstable();
    assert_eq!(paths, ["a", "a.b", "a.b.c", "d", "d.e", "d.e.f"]);
}
