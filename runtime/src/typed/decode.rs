//! One value of Odoo's JSON to one Rust value, by field type: tolerant where Odoo varies,
//! refusing (`None` of the outer option) what cannot be meant.
//!
//! `false` stands for "no value" in every type but boolean (`odoo/fields.py`,
//! `Field.convert_to_read`); custom computes and older series send more: a whole number as
//! `3.0`, a many2one as a bare id or an object, an id list of objects.

use serde_json::{Map, Value};

use super::{Date, DateTime, Reference};

/// What a decoder answers: `None` when the value is not of the type at all.
pub(super) type Decoded<T> = Option<T>;

/// Odoo's "no value".
pub(super) fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false))
}

fn optional<T>(value: &Value, read: impl FnOnce(&Value) -> Option<T>) -> Decoded<Option<T>> {
    if is_nothing(value) {
        Some(None)
    } else {
        read(value).map(Some)
    }
}

pub(super) fn text(value: &Value) -> Decoded<Option<String>> {
    optional(value, |value| match value {
        Value::String(text) => Some(text.clone()),
        // Related and computed char fields may pass a number through.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[allow(clippy::cast_possible_truncation)] // checked: integral and within range
        let whole = number as i64;
        let is_whole = number.fract() == 0.0 && number.abs() < 9.0e15;
        is_whole.then_some(whole)
    })
}

pub(super) fn integer(value: &Value) -> Decoded<i64> {
    if is_nothing(value) {
        return Some(0);
    }
    whole(value)
}

pub(super) fn float(value: &Value) -> Decoded<f64> {
    if is_nothing(value) {
        return Some(0.0);
    }
    value.as_f64()
}

pub(super) fn boolean(value: &Value) -> Decoded<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Null => Some(false),
        Value::Number(number) if number.as_i64() == Some(0) => Some(false),
        Value::Number(number) if number.as_i64() == Some(1) => Some(true),
        _ => None,
    }
}

pub(super) fn date(value: &Value) -> Decoded<Option<Date>> {
    optional(value, |value| value.as_str()?.parse().ok())
}

pub(super) fn datetime(value: &Value) -> Decoded<Option<DateTime>> {
    optional(value, |value| value.as_str()?.parse().ok())
}

pub(super) fn key(value: &Value) -> Decoded<Option<String>> {
    optional(value, |value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

pub(super) fn reference(value: &Value) -> Decoded<Option<Reference>> {
    if let Value::String(text) = value
        && (text.is_empty() || text.ends_with(",False") || text.ends_with(",0"))
    {
        return Some(None);
    }
    optional(value, |value| value.as_str()?.parse().ok())
}

/// The id of a many2one reference; 0 and `false` are none.
pub(super) fn loose_id(value: &Value) -> Decoded<Option<i64>> {
    optional(value, one_id).map(|id| id.filter(|id| *id != 0))
}

/// An id however it is wrapped: `5`, `5.0`, `[5, "name"]`, `{"id": 5}`.
fn one_id(value: &Value) -> Option<i64> {
    match value {
        Value::Array(pair) => whole(pair.first()?),
        Value::Object(record) => whole(record.get("id")?),
        other => whole(other),
    }
}

pub(super) fn many2one(value: &Value) -> Decoded<Option<(i64, Option<String>)>> {
    optional(value, |value| {
        let name = match value {
            Value::Array(pair) => pair.get(1),
            Value::Object(record) => record_name(record),
            _ => None,
        };
        let name = name.and_then(Value::as_str).map(str::to_owned);
        Some((one_id(value)?, name))
    })
}

fn record_name(record: &Map<String, Value>) -> Option<&Value> {
    record.get("display_name").or_else(|| record.get("name"))
}

pub(super) fn ids(value: &Value) -> Decoded<Vec<i64>> {
    if is_nothing(value) {
        return Some(Vec::new());
    }
    value.as_array()?.iter().map(one_id).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_arrive_as_floats() {
        assert_eq!(integer(&json!(3.0)), Some(3));
        assert_eq!(integer(&json!(3.5)), None);
        assert_eq!(integer(&json!("3")), None);
        assert_eq!(integer(&json!(1e300)), None);
        assert_eq!(integer(&json!(false)), Some(0));
    }

    #[test]
    fn a_link_is_read_however_it_is_wrapped() {
        for link in [
            json!([5, "A"]),
            json!({"id": 5, "display_name": "A"}),
            json!([5.0, "A"]),
        ] {
            assert_eq!(many2one(&link), Some(Some((5, Some("A".to_owned())))));
        }
        for bare in [json!(5), json!([5]), json!([5, false])] {
            assert_eq!(many2one(&bare), Some(Some((5, None))), "{bare}");
        }
        assert_eq!(many2one(&json!(false)), Some(None));
        assert_eq!(many2one(&json!([])), None);
        assert_eq!(many2one(&json!("5")), None);
        assert_eq!(many2one(&json!(true)), None);
    }

    #[test]
    fn an_id_list_may_hold_objects() {
        assert_eq!(ids(&json!([1, {"id": 2}, [3, "C"]])), Some(vec![1, 2, 3]));
        assert_eq!(ids(&json!(["x"])), None);
        assert_eq!(ids(&json!(7)), None);
    }

    #[test]
    fn a_reference_to_nothing_is_none() {
        assert_eq!(reference(&json!("res.partner,False")), Some(None));
        assert_eq!(reference(&json!("res.partner,0")), Some(None));
        assert_eq!(reference(&json!("res.partner")), None);
        assert_eq!(
            reference(&json!("res.partner,7")).flatten().map(|r| r.id),
            Some(7)
        );
    }

    #[test]
    fn only_booleans_are_booleans() {
        assert_eq!(boolean(&json!(false)), Some(false));
        assert_eq!(boolean(&json!(1)), Some(true));
        assert_eq!(boolean(&json!("true")), None);
        assert_eq!(boolean(&json!(2)), None);
    }
}
