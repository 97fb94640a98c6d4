//! Moments in the domains behind groups.
//!
//! Odoo writes them in UTC and without an offset, which in a call is the user's clock: each gets its
//! offset here, so that the domain that an answer names finds the same records when it is sent back.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::schema::validate::is_operator;
use crate::schema::{FieldType, ModelSchema};
use crate::server::present::moment;

/// Finds the descriptor of another model, where it is known.
type Models<'a> = &'a dyn Fn(&str) -> Option<Arc<ModelSchema>>;

/// Gives every moment in a domain of the model its offset.
pub(super) fn with_offsets(
    domain: &mut [Value],
    model: &ModelSchema,
    models: Models<'_>,
    zone: &TimeZone,
) {
    for term in domain {
        let Value::Array(parts) = term else { continue };
        let [Value::String(path), Value::String(operator), value] = parts.as_mut_slice() else {
            continue;
        };
        if !is_operator(operator) {
            continue;
        }
        match end_of(path, model, models) {
            End::Moment => in_value(value, zone),
            End::Model(target) => {
                if let Value::Array(inner) = value {
                    with_offsets(inner, &target, models, zone);
                }
            }
            End::Other => {}
        }
    }
}

/// What a dotted path leads to.
enum End {
    Moment,
    Model(Arc<ModelSchema>),
    Other,
}

fn end_of(path: &str, model: &ModelSchema, models: Models<'_>) -> End {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let Some(field) = model.field(first) else {
        return End::Other;
    };
    if rest.is_none() && field.field_type == FieldType::Datetime {
        return End::Moment;
    }
    match (field.relation.as_deref().and_then(models), rest) {
        (Some(target), Some(rest)) => end_of(rest, &target, models),
        (Some(target), None) => End::Model(target),
        (None, _) => End::Other,
    }
}

fn in_value(value: &mut Value, zone: &TimeZone) {
    match value {
        Value::String(text) if text.len() == 19 => {
            if let Some((written, _)) = moment(text, zone) {
                *value = json!(written);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, zone)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str) -> Option<Arc<ModelSchema>> {
        let fields = match name {
            "sale.order" => json!({
                "name": {"type": "char"},
                "date_order": {"type": "datetime"},
                "order_line": {"type": "one2many", "relation": "sale.order.line"},
            }),
            "sale.order.line" => json!({
                "order_id": {"type": "many2one", "relation": "sale.order"},
            }),
            _ => return None,
        };
        let wire = json!({"model": name, "fields": fields});
        ModelSchema::from_wire(&wire).ok().map(Arc::new)
    }

    #[test]
    fn moments_of_every_path_have_an_offset_and_texts_have_none() {
        let zone = TimeZone::get("Europe/Brussels").unwrap();
        let utc = "2026-10-31 23:00:00";
        let local = "2026-11-01T00:00:00+01:00";
        let mut domain = vec![
            json!("&"),
            json!(["date_order", ">=", utc]),
            json!(["date_order", "in", [utc, false]]),
            json!(["name", "=", utc]),
            json!(["order_line.order_id.date_order", "<", utc]),
            json!([
                "order_line",
                "any",
                [["order_id.date_order", "<", utc], ["order_id", "=", 7]]
            ]),
            json!(["order_line.nothing", "=", utc]),
            json!([1, "=", 1]),
        ];
        let start = model("sale.order").unwrap();
        with_offsets(&mut domain, &start, &model, &zone);
        assert_eq!(
            json!(domain),
            json!([
                "&",
                ["date_order", ">=", local],
                ["date_order", "in", [local, false]],
                ["name", "=", utc],
                ["order_line.order_id.date_order", "<", local],
                [
                    "order_line",
                    "any",
                    [["order_id.date_order", "<", local], ["order_id", "=", 7]]
                ],
                ["order_line.nothing", "=", utc],
                [1, "=", 1],
            ])
        );
    }
}
