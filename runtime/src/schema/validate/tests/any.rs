//! Whatever is given: a check refuses it, or mends it once and for all.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::*;
use super::{domain, values};

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
