//! Schemas as Odoo 16, 17 and 18 answer them, where they differ from 19: written by hand after
//! real answers, small enough to read.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use butopea_generator::{Config, Generated, Snapshot, generate};
use butopea_runtime::schema::{ModelSchema, View};
use serde_json::{Value, json};

fn read(answer: &Value) -> ModelSchema {
    ModelSchema::from_wire(answer).unwrap()
}

fn generated(answers: &[Value]) -> Generated {
    let mut snapshot = Snapshot::default();
    for answer in answers {
        let schema = read(answer);
        snapshot.models.insert(schema.model.clone(), schema);
    }
    let config = Config::parse("[models]\ninclude = [\"*\"]").unwrap();
    generate(&snapshot, &config).unwrap()
}

fn file<'a>(generated: &'a Generated, path: &str) -> &'a str {
    &generated.output.files[std::path::Path::new(path)]
}

/// 16: conditions are domains as JSON text, the list is a `tree`, nothing is `false`.
fn sixteen() -> Value {
    json!({
        "model": "sale.order",
        "view_type": "tree",
        "label": "Sales Order",
        "description": false,
        "rec_name": "name",
        "order": "date_order desc, id desc",
        "transient": false,
        "abstract": false,
        "access": {"read": true, "write": true, "create": true, "unlink": false},
        "list_fields": ["name", "state"],
        "fields": {
            "name": {
                "type": "char", "string": "Order Reference", "required": true, "readonly": true,
                "selection": null, "relation": null, "help": false, "size": false,
                "views": ["form", "tree", "search"], "source": "view",
                "readonly_expr": "[[\"state\", \"not in\", [\"draft\", \"sent\"]]]"
            },
            "client_order_ref": {
                "type": "char", "string": "Customer Reference", "required": false,
                "readonly": false, "selection": null, "relation": null, "help": false,
                "views": ["form"],
                "required_expr": "[[\"state\", \"=\", \"sale\"], [\"partner_id\", \"!=\", false]]",
                "invisible_expr": "[\"|\", [\"state\", \"=\", \"cancel\"], [\"name\", \"=\", false]]"
            },
            "state": {
                "type": "selection", "string": "Status", "required": false, "readonly": true,
                "selection": [["draft", "Quotation"], ["sale", "Sales Order"], ["done", "Locked"]],
                "relation": null, "help": false, "views": ["tree"]
            },
            "priority": {
                "type": "selection", "string": "Priority", "required": false, "readonly": false,
                "selection": [[0, "Normal"], [1, "Urgent"]], "relation": null, "help": false
            },
            "amount_total": {
                "type": "monetary", "string": "Total", "required": false, "readonly": true,
                "selection": null, "relation": null, "help": false, "digits": false,
                "currency_field": "currency_id", "aggregator": "sum", "store": true
            },
            "partner_id": {
                "type": "many2one", "string": "Customer", "required": true, "readonly": false,
                "selection": null, "relation": "res.partner", "help": false,
                "domain": "['|', ('company_id', '=', False), ('company_id', '=', company_id)]"
            }
        },
        "actions": [
            {"method": "action_confirm", "label": "Confirm", "type": "object", "confirm": false,
             "help": false, "invisible_expr": "[[\"state\", \"!=\", \"draft\"]]"},
            {"method": "action_cancel", "label": false, "type": "object"}
        ]
    })
}

#[test]
fn conditions_of_16_are_domains() {
    let schema = read(&sixteen());
    let reference = &schema.fields["client_order_ref"];
    assert!(reference.help.is_none() && !reference.required);
    assert_eq!(
        reference.required_expr.as_deref(),
        Some(r#"[["state", "=", "sale"], ["partner_id", "!=", false]]"#)
    );
    assert!(schema.fields["name"].is_in(View::List));
    assert!(!reference.is_in(View::List));
    assert_eq!(schema.form_fields, ["name", "client_order_ref"]);
    // A condition is no fact: nothing is insisted on, and the field is still written.
    assert!(!schema.must_be_given("client_order_ref"));
    let generated = generated(&[sixteen()]);
    assert!(
        generated.diagnostics.is_empty(),
        "{:?}",
        generated.diagnostics
    );
    let tools: Value = serde_json::from_str(file(&generated, "schemas/sale.order.json")).unwrap();
    let tools = tools["tools"].as_array().unwrap();
    let named = |name: &str| tools.iter().find(|tool| tool["name"] == name).unwrap();
    let values = named("sale_order_create")["inputSchema"].to_string();
    assert!(values.contains("client_order_ref"), "{values}");
    let confirm = named("sale_order_action_confirm")["description"].to_string();
    assert!(
        confirm.contains(r#"[[\"state\", \"!=\", \"draft\"]]"#),
        "{confirm}"
    );
    assert!(tools.iter().all(|tool| tool["name"] != "sale_order_delete"));
}

#[test]
fn code_of_16_is_as_that_of_19() {
    let generated = generated(&[sixteen()]);
    let code = file(&generated, "src/sale_order.rs");
    for line in [
        "pub state: Option<State>,",
        "pub priority: Option<Priority>,",
        "pub amount_total: f64,",
        "pub partner_id: Option<Many2one<ResPartner>>,",
        "pub struct Cancel;",
        "pub struct Confirm;",
    ] {
        assert!(code.contains(line), "{line}:\n{code}");
    }
    // Keys that are numbers go back as numbers.
    assert!(file(&generated, "src/selections.rs").contains("numeric_key"));
}

#[test]
fn seventeen_and_eighteen_differ_in_words_alone() {
    let series = |list: &str, condition: &str| {
        json!({
            "model": "crm.stage", "label": "Stage", "list_fields": ["name"],
            "fields": {
                "name": {"type": "char", "string": "Stage Name", "required": true,
                         "readonly": false, "views": ["form", list],
                         "invisible_expr": condition}
            },
            "actions": []
        })
    };
    let seventeen = series("tree", "not is_won");
    let eighteen = series("list", "not is_won");
    assert_eq!(read(&seventeen), read(&eighteen));
    assert_eq!(
        generated(&[seventeen]).output,
        generated(&[eighteen]).output
    );
}

#[test]
fn switches_of_groups_are_no_fields() {
    let field = |kind: &str| json!({"type": kind, "string": "x", "required": false});
    let users = json!({
        "model": "res.users", "label": "User",
        "list_fields": ["login", "in_group_7"],
        "fields": {
            "login": field("char"),
            "in_group_7": field("boolean"),
            "sel_groups_1_10_11": field("selection"),
            "in_group_chat": field("boolean"),
            "groups_id": {"type": "many2many", "string": "Groups", "relation": "res.groups"}
        }
    });
    let generated = generated(&[users]);
    let code = file(&generated, "src/res_users.rs");
    assert!(code.contains("pub in_group_chat: bool,"));
    for text in [code, file(&generated, "schemas/res.users.json")] {
        assert!(!text.contains("in_group_7") && !text.contains("sel_groups_1"));
    }
}

/// The predecessor of our module knows seven keys a field, and none of a model.
#[test]
fn seven_keys_are_enough() {
    let field = |kind: &str, relation: Value, selection: Value| {
        json!({"type": kind, "string": "Label", "required": false, "readonly": false,
               "selection": selection, "relation": relation, "help": null})
    };
    let answer = json!({
        "model": "res.partner",
        "view_type": "form",
        "fields": {
            "name": field("char", Value::Null, Value::Null),
            "type": field("selection", Value::Null, json!([["contact", "Contact"]])),
            "child_ids": field("one2many", json!("res.partner"), Value::Null)
        }
    });
    let schema = read(&answer);
    assert_eq!(schema.label, "res.partner");
    assert!(schema.access.create && schema.access.unlink);
    let generated = generated(&[answer]);
    assert!(
        generated.diagnostics.is_empty(),
        "{:?}",
        generated.diagnostics
    );
    assert!(file(&generated, "src/res_partner.rs").contains("pub child_ids: Ids<ResPartner>,"));
    assert_eq!(generated.tools["res.partner"], 7);
}
