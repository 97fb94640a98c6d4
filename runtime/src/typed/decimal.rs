//! Amounts as decimals, behind the feature `decimal`.
//!
//! Odoo computes in binary floats, rounds to the currency, and sends the shortest text that
//! reads back as the same float; reading *that text* as a decimal is exact.

use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::decode;

pub(super) fn decode(value: &Value) -> decode::Decoded<Decimal> {
    if decode::is_nothing(value) {
        return Some(Decimal::ZERO);
    }
    let Value::Number(number) = value else {
        return None;
    };
    let text = number.to_string();
    Decimal::from_str(&text)
        .or_else(|_| Decimal::from_scientific(&text))
        .ok()
}

pub(super) fn to_json(value: Decimal) -> Value {
    value
        .to_f64()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!(decode(&json!(0.1)), Some(Decimal::new(1, 1)));
        assert_eq!(decode(&json!(1234.56)), Some(Decimal::new(123_456, 2)));
        assert_eq!(decode(&json!(1e-7)), Some(Decimal::new(1, 7)));
        assert_eq!(decode(&json!(false)), Some(Decimal::ZERO));
        assert_eq!(decode(&json!("1")), None);
        assert_eq!(to_json(Decimal::new(123_456, 2)), json!(1234.56));
    }
}
