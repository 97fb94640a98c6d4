use super::*;
use crate::client::RecordGroup;
use crate::schema::ModelSchema;
use crate::schema::validate::Aggregation;
use crate::server::grouping::currency::Currencies;

fn field(name: &str) -> FieldSchema {
    let schema = ModelSchema::from_wire(&json!({"model": "x", "fields": {
        "partner_id": {"type": "many2one", "relation": "res.partner", "string": "Customer"},
        "state": {"type": "selection", "selection": [["draft", "Quotation"]], "string": "Status"},
        "active": {"type": "boolean", "string": "Active"},
        "date_order": {"type": "datetime", "string": "Order Date"},
        "date": {"type": "date", "string": "Date"},
        "tag_ids": {"type": "many2many", "relation": "crm.tag", "string": "Tags"},
        "domain": {"type": "char", "string": "Filter"},
    }}));
    schema.unwrap().fields.remove(name).unwrap()
}

fn key(specification: &str) -> Key {
    let name = specification.split(':').next().unwrap();
    Key {
        specification: specification.to_owned(),
        field: Some(field(name)),
    }
}

/// The answer for one group with this value of this key.
fn shown(specification: &str, value: &Value, label: Option<&str>) -> Output {
    let aggregation = Aggregation {
        keys: vec![key(specification)],
        measures: vec![Measure::new("total", "sum")],
        order: Vec::new(),
    };
    let page = PageOfGroups {
        model: "x",
        aggregation: &aggregation,
        groups: vec![RecordGroup {
            keys: vec![GroupKey {
                value: value.clone(),
                label: label.map(str::to_owned),
            }],
            count: 3,
            measures: vec![Some(json!(0.1 + 0.2))],
            condition: Vec::new(),
            domain: vec![json!([specification, "=", value])],
        }],
        total: Total {
            groups: 1,
            is_lower_bound: false,
        },
        offset: 0,
        zone: Some(TimeZone::get("Europe/Brussels").unwrap()),
        currencies: Currencies::default(),
    };
    page.output()
}

#[test]
fn keys_have_a_value_and_a_label() {
    for (specification, value, label, expected, words) in [
        (
            "partner_id",
            json!([7, "Azure\u{200B}"]),
            None,
            json!({"value": 7, "label": "Azure"}),
            "Azure (7)",
        ),
        (
            "partner_id",
            json!(false),
            None,
            json!({"value": null, "label": "no Customer"}),
            "no Customer",
        ),
        (
            "state",
            json!("draft"),
            None,
            json!({"value": "draft", "label": "Quotation"}),
            "Quotation (draft)",
        ),
        (
            "state",
            json!("gone"),
            None,
            json!({"value": "gone", "label": "gone"}),
            "gone",
        ),
        (
            "active",
            json!(false),
            None,
            json!({"value": false, "label": "no"}),
            "no",
        ),
        (
            "active",
            json!(true),
            None,
            json!({"value": true, "label": "yes"}),
            "yes",
        ),
        // Midnight of a summer and of a winter day in Brussels.
        (
            "date_order:month",
            json!("2026-06-30 22:00:00"),
            Some("July 2026"),
            json!({"value": "2026-07-01", "label": "July 2026"}),
            "July 2026 (2026-07-01)",
        ),
        (
            "date_order:day",
            json!("2026-11-30 23:00:00"),
            Some("01 Dec"),
            json!({"value": "2026-12-01", "label": "01 Dec"}),
            "01 Dec (2026-12-01)",
        ),
        (
            "date_order:hour",
            json!("2026-07-01 22:00:00"),
            Some("00:00"),
            json!({"value": "2026-07-02 00:00", "label": "00:00"}),
            "00:00 (2026-07-02 00:00)",
        ),
        (
            "date_order:month",
            json!(false),
            None,
            json!({"value": null, "label": "no Order Date"}),
            "no Order Date",
        ),
        (
            "date:month",
            json!("2026-07-01"),
            Some("July 2026"),
            json!({"value": "2026-07-01", "label": "July 2026"}),
            "July 2026 (2026-07-01)",
        ),
    ] {
        let output = shown(specification, &value, label);
        let group = &output.structured["groups"][0];
        assert_eq!(group[specification], expected);
        assert_eq!(
            (&group["count"], &group["total:sum"]),
            (&json!(3), &json!(0.3))
        );
        let line = output.text.lines().rev().nth(1).unwrap();
        assert_eq!(line, format!("{words}|3|0.3"));
    }
}

#[test]
fn a_field_called_domain_hides_no_domain() {
    let group = &shown("domain", &json!("[]"), None).structured["groups"][0];
    assert_eq!(group["domain_"]["value"], "[]");
    assert_eq!(group["domain"], json!([["domain", "=", "[]"]]));
}

#[test]
fn a_domain_with_hidden_characters_is_not_told() {
    let group = &shown("domain", &json!("a\u{E0041}b"), None).structured["groups"][0];
    assert_eq!(group["domain_"]["value"], "ab");
    assert_eq!(group["domain"], Value::Null);
}

#[test]
fn overlapping_groups_say_so() {
    let output = shown("tag_ids", &json!([4, "VIP"]), None);
    assert!(
        output.text.contains("these groups overlap"),
        "{}",
        output.text
    );
    assert_eq!(output.structured["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn the_total_says_whether_all_were_counted() {
    let total = |groups, is_lower_bound| Total {
        groups,
        is_lower_bound,
    };
    assert_eq!(
        counted(20, 0, total(45, false), Some(20)),
        "20 of 45 groups, next offset 20"
    );
    assert_eq!(
        counted(20, 0, total(1020, true), Some(20)),
        "20 of more than 1020 groups, next offset 20"
    );
    assert_eq!(counted(0, 0, total(0, false), None), "none found");
    assert_eq!(
        counted(0, 90, total(45, false), None),
        "45 groups in all, none at offset 90"
    );
}
