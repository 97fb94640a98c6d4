//! Amounts: in which currency, and with how many decimals.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Number, Value, json};

use crate::client::{Context, RawRecord};
use crate::schema::{FieldType, ModelSchema};
use crate::server::UserSession;

const CURRENCY: &str = "res.currency";
/// Decimals of an amount whose currency does not say.
const USUAL_DECIMALS: u32 = 2;
/// The most decimals of a price.
const MOST_OF_A_PRICE: u32 = 4;
/// Decimals of a number of which nothing is known: more than anybody enters, and too few for the
/// noise of binary arithmetic (0.1 + 0.2) to show.
const MOST_DECIMALS: u32 = 10;

/// A currency, as far as amounts depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Currency {
    /// `EUR`.
    pub(crate) code: String,
    pub(crate) decimals: u32,
}

impl Currency {
    /// The currency of a link, of which nothing but the name is known.
    pub(crate) fn named(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            decimals: USUAL_DECIMALS,
        }
    }

    /// An amount in both forms: the number, and the text with exactly the currency's decimals.
    pub(crate) fn amount(&self, value: &Value) -> (Value, String) {
        let number = rounded(value, Some(self.decimals));
        let text = fixed(number.as_f64().unwrap_or_default(), self.decimals);
        (number, text)
    }

    /// A price in both forms, which may have more decimals than the currency (`product`, the
    /// accuracy "Product Price").
    pub(crate) fn price(&self, value: &Value) -> (Value, String) {
        let number = rounded(value, Some(MOST_OF_A_PRICE.max(self.decimals)));
        let own = short(&number);
        let decimals = own
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        if decimals > self.decimals as usize {
            return (number, own);
        }
        let text = fixed(number.as_f64().unwrap_or_default(), self.decimals);
        (number, text)
    }
}

/// The field that holds the currency of an amount, if the user can read it. Where the older
/// module does not name it, it is the one that Odoo takes by itself (`odoo/fields.py`,
/// `Monetary.get_currency_field`).
pub(super) fn currency_field<'a>(schema: &'a ModelSchema, name: &str) -> Option<&'a str> {
    let field = schema.field(name)?;
    if field.field_type != FieldType::Monetary {
        return None;
    }
    let usual = ["currency_id", "x_currency_id"];
    let named = field.currency_field.as_deref();
    let candidates = named.map_or(usual.to_vec(), |name| vec![name]);
    candidates.into_iter().find_map(|name| {
        let (name, field) = schema.fields.get_key_value(name)?;
        (field.relation.as_deref() == Some(CURRENCY)).then_some(name.as_str())
    })
}

/// The currency of a record: the id and what it is called.
fn currency_of<'a>(raw: &'a RawRecord, field: &str) -> Option<(i64, &'a str)> {
    let pair = raw.get(field)?.as_array()?;
    Some((
        pair.first()?.as_i64()?,
        pair.get(1)?.as_str().unwrap_or_default(),
    ))
}

/// The currencies of some records' amounts.
#[derive(Debug, Default)]
pub(super) struct Purse {
    known: HashMap<i64, Currency>,
}

impl Purse {
    pub(super) fn of(&self, raw: &RawRecord, field: &str) -> Option<Currency> {
        let (id, name) = currency_of(raw, field)?;
        let known = self.known.get(&id).cloned();
        Some(known.unwrap_or_else(|| Currency::named(name)))
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn with(known: impl IntoIterator<Item = (i64, Currency)>) -> Self {
        Self {
            known: known.into_iter().collect(),
        }
    }
}

impl UserSession {
    /// The currencies in these fields of the records.
    pub(super) async fn purse(&self, records: &[RawRecord], fields: &BTreeSet<&str>) -> Purse {
        let wanted: BTreeSet<i64> = records
            .iter()
            .flat_map(|raw| fields.iter().filter_map(|field| currency_of(raw, field)))
            .map(|(id, _)| id)
            .collect();
        Purse {
            known: self.currencies_of(&wanted).await,
        }
    }

    /// The currencies with these ids, as far as Odoo tells; each is asked for once in a session.
    pub(crate) async fn currencies_of(&self, wanted: &BTreeSet<i64>) -> HashMap<i64, Currency> {
        let mut known = self.currencies.lock().await;
        let missing: Vec<i64> = wanted
            .iter()
            .copied()
            .filter(|id| !known.contains_key(id))
            .collect();
        if !missing.is_empty()
            && let Ok(client) = self.client()
        {
            let fields = ["name", "decimal_places"].map(str::to_owned);
            match client
                .read(CURRENCY, &missing, &fields, &Context::new())
                .await
            {
                Ok(rows) => known.extend(rows.iter().filter_map(read_currency)),
                Err(error) => tracing::debug!(%error, "amounts are shown with two decimals"),
            }
        }
        let is_wanted = |(id, _): &(&i64, &Currency)| wanted.contains(*id);
        known
            .iter()
            .filter(is_wanted)
            .map(|(id, currency)| (*id, currency.clone()))
            .collect()
    }
}

fn read_currency(raw: &RawRecord) -> Option<(i64, Currency)> {
    let currency = Currency {
        code: raw.get("name")?.as_str()?.to_owned(),
        decimals: raw
            .get("decimal_places")
            .and_then(Value::as_u64)
            .and_then(|decimals| u32::try_from(decimals).ok())
            .unwrap_or(USUAL_DECIMALS),
    };
    Some((raw.get("id")?.as_i64()?, currency))
}

/// The number, without what binary arithmetic added to it.
pub(super) fn rounded(value: &Value, decimals: Option<u32>) -> Value {
    let Some(number) = value.as_f64().filter(|_| value.is_f64()) else {
        return value.clone();
    };
    // The shortest text of a rounded number reads as the nearest number to it.
    let text = fixed(number, decimals.unwrap_or(MOST_DECIMALS).min(MOST_DECIMALS));
    let number = text.parse().ok().and_then(Number::from_f64);
    number.map_or_else(|| value.clone(), |number| json!(number))
}

/// The number with exactly so many decimals; never `-0`.
pub(super) fn fixed(number: f64, decimals: u32) -> String {
    let text = format!("{number:.*}", decimals as usize);
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        _ => text,
    }
}

/// The number as short as it can be written: `2` for 2.0.
pub(super) fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)] // the very number is what is asserted
    fn noise_goes_and_nothing_else() {
        let of = |number: f64, decimals| rounded(&json!(number), decimals).as_f64().unwrap();
        assert_eq!(of(0.1 + 0.2, None), 0.3);
        assert_eq!(of(1.1 * 1.1, Some(2)), 1.21);
        assert_eq!(of(1_234_567.891, None), 1_234_567.891);
        assert_eq!(of(1e15, Some(2)), 1e15);
        assert_eq!(of(-0.001, Some(2)), 0.0);
        assert_eq!(rounded(&json!(7), Some(2)), json!(7));
        assert_eq!(rounded(&json!(null), None), json!(null));
        assert_eq!(fixed(1250.0, 2), "1250.00");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(1250.0, 0), "1250");
        assert_eq!(short(&json!(2.0)), "2");
        assert_eq!(short(&json!(-0.0)), "0");
        assert_eq!(short(&json!(2.5)), "2.5");
        assert_eq!(short(&json!(1e300)), "1e+300");
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency_and_prices_may_have_more() {
        let currency = |decimals| Currency {
            decimals,
            ..Currency::named("X")
        };
        let text = |(_, text): (Value, String)| text;
        let third = json!(100.0 / 3.0);
        assert_eq!(currency(0).amount(&third), (json!(33.0), "33".to_owned()));
        assert_eq!(
            currency(2).amount(&third),
            (json!(33.33), "33.33".to_owned())
        );
        assert_eq!(text(currency(2).amount(&json!(2))), "2.00");
        assert_eq!(text(currency(2).price(&json!(1.5))), "1.50");
        assert_eq!(text(currency(0).price(&json!(7.0))), "7");
        assert_eq!(text(currency(2).price(&json!(0.0125))), "0.0125");
        assert_eq!(
            currency(2).price(&third),
            (json!(33.3333), "33.3333".to_owned())
        );
    }

    #[test]
    fn an_amount_knows_its_currency_field() {
        let schema = |currency: &Value| {
            ModelSchema::from_wire(&json!({"model": "x", "fields": {
                "total": {"type": "monetary", "currency_field": currency},
                "price": {"type": "float"},
                "currency_id": {"type": "many2one", "relation": "res.currency"},
                "company_currency_id": {"type": "many2one", "relation": "res.currency"},
                "company_id": {"type": "many2one", "relation": "res.company"},
            }}))
            .unwrap()
        };
        let of =
            |currency: Value, name| currency_field(&schema(&currency), name).map(str::to_owned);
        assert_eq!(
            of(json!("company_currency_id"), "total").unwrap(),
            "company_currency_id"
        );
        assert_eq!(of(json!(null), "total").unwrap(), "currency_id");
        assert_eq!(of(json!("company_id"), "total"), None);
        assert_eq!(of(json!("not_for_this_user"), "total"), None);
        assert_eq!(of(json!(null), "price"), None);
    }
}
