//! What the checks refuse, what they mend, and what they say.

mod any;
mod domains;
mod groups;
mod methods;
mod moments;
mod values;

use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{Candidate, NameMatch};
use super::*;
use crate::schema::ModelSchema;

/// As the module describes it: it says what can be searched and sorted by, and leaves out what cannot.
fn order() -> ModelSchema {
    let mut wire = json!({
        "model": "sale.order", "label": "Sales Order", "rec_name": "name",
        "list_fields": ["name", "partner_id", "state"],
        "fields": {
            "id": {"type": "integer", "readonly": true},
            "name": {"type": "char", "string": "Reference", "required": true, "has_default": true},
            "partner_id": {"type": "many2one", "string": "Customer", "relation": "res.partner", "required": true, "domain": "[('x', '=', 1)]"},
            "state": {"type": "selection", "selection": [["draft", "Quotation"], ["sale", "Sales Order"]]},
            "amount_total": {"type": "monetary", "readonly": true, "store": true},
            "priority": {"type": "integer"},
            "active": {"type": "boolean"},
            "date_order": {"type": "datetime", "required": true, "has_default": true},
            "validity_date": {"type": "date"},
            "margin": {"type": "float", "computed": true},
            "order_line": {"type": "one2many", "relation": "sale.order.line", "relation_field": "order_id", "store": true},
            "tag_ids": {"type": "many2many", "relation": "crm.tag"},
            "signature": {"type": "binary"},
            "create_date": {"type": "datetime", "readonly": true}
        }
    });
    for (name, field) in wire["fields"].as_object_mut().unwrap() {
        if name != "margin" {
            field["searchable"] = json!(true);
            field["sortable"] = json!(true);
        }
    }
    ModelSchema::from_wire(&wire).unwrap()
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

/// A Tuesday afternoon in Brussels.
fn now() -> Zoned {
    "2026-11-24T15:30:00[Europe/Brussels]".parse().unwrap()
}

/// Two contacts of one name, one of another, an archived one, and numbers.
fn book() -> NameBook {
    let azure = Candidate::new(14, "Azure Interior");
    let twins = vec![Candidate::new(7, "Twin"), Candidate::new(8, "Twin")];
    let three = Candidate::new(15, "3");
    let old = Candidate::new(16, "Old");
    let mut book = NameBook::default();
    for (name, found) in [
        ("Azure Interior", NameMatch::Exact(vec![azure.clone()])),
        ("14", NameMatch::Exact(vec![azure.clone()])),
        ("7", NameMatch::Exact(vec![twins[0].clone()])),
        ("Twin", NameMatch::Exact(twins)),
        ("3", NameMatch::NameOrId(vec![three], azure.clone())),
        ("Twin (14)", NameMatch::OtherName(azure.clone())),
        ("Old", NameMatch::Archived(vec![old])),
        ("Azur", NameMatch::Near(vec![azure])),
        ("Nobody", NameMatch::Near(Vec::new())),
    ] {
        book.insert("res.partner", name, found);
    }
    let vip = NameMatch::Exact(vec![Candidate::new(3, "VIP")]);
    book.insert("crm.tag", "VIP", vip);
    let five = NameMatch::Exact(vec![Candidate::new(5, "Chair")]);
    book.insert("product.product", "5", five);
    let six = NameMatch::Exact(vec![Candidate::new(6, "Line")]);
    book.insert("sale.order.line", "6", six);
    book
}

fn filter(given: &Filter, names: &NameBook) -> Result<(Value, Findings), String> {
    let now = now();
    let known = Known::new(&models, names, &now);
    let mut problems = Problems::default();
    let prepared = prepare_filter(&order(), given, &known, &mut problems);
    problems
        .into_result("sale.order")
        .map(|()| (prepared, known.into_findings()))
        .map_err(|error| error.to_string())
}

fn domain(value: Value) -> Result<Value, String> {
    let given = Filter {
        domain: value,
        ..Filter::default()
    };
    filter(&given, &book()).map(|(domain, _)| domain)
}

fn values_with(
    value: Value,
    purpose: Purpose,
    names: &NameBook,
) -> Result<(Value, Findings), String> {
    let Value::Object(values) = value else {
        panic!("values are an object")
    };
    let now = now();
    let known = Known::new(&models, names, &now);
    let mut problems = Problems::default();
    let prepared = prepare_values(&order(), &values, purpose, "values", &known, &mut problems);
    problems
        .into_result("sale.order")
        .map(|()| (Value::Object(prepared), known.into_findings()))
        .map_err(|error| error.to_string())
}

fn values(value: Value, purpose: Purpose) -> Result<Value, String> {
    values_with(value, purpose, &book()).map(|(values, _)| values)
}
