//! One value: from Odoo's form to the structured one and to a line of text.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Map, Value, json};

use super::html::html_to_text;
use super::money::{self, Currency};
use super::properties::show_properties;
use super::visible;
use crate::schema::text::first_chars;
use crate::schema::{FieldSchema, FieldType};

/// The form in which Odoo gives a moment, which is one of UTC.
const ODOO_FORM: &str = "%Y-%m-%d %H:%M:%S";
/// How many ids the text of a list of records has.
const IDS_IN_TEXT: usize = 20;
/// How many ids the structured form has.
const MAX_IDS: usize = 200;

/// What the form of a value depends on.
pub(super) struct Style<'a> {
    pub(super) zone: &'a TimeZone,
    /// The currency of an amount.
    pub(super) currency: Option<Currency>,
    /// Whether the text names the currency, because other records have another one.
    pub(super) names_currency: bool,
    /// The longest text, in characters.
    pub(super) max_text: usize,
}

/// A value in both forms.
#[derive(Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) json: Value,
    /// Without a value, empty. It may have several lines.
    pub(super) text: String,
    /// How long it is, where it was cut: in characters, or records of a list.
    pub(super) cut: Option<usize>,
}

impl Shown {
    pub(super) fn new(json: Value, text: impl Into<String>) -> Self {
        Self {
            json,
            text: text.into(),
            cut: None,
        }
    }

    pub(super) fn of_text(text: &str, style: &Style<'_>) -> Self {
        let text = visible(text);
        // Most texts have fewer bytes than that.
        let length = match text.len() {
            bytes if bytes <= style.max_text => bytes,
            _ => text.chars().count(),
        };
        if length <= style.max_text {
            return Self::new(json!(text), text);
        }
        let kept = format!("{}…", first_chars(&text, style.max_text));
        Self {
            cut: Some(length),
            ..Self::new(json!(kept), kept)
        }
    }
}

/// Brings a value into form. Without a field nothing is known of it but what it looks like.
pub(super) fn show(raw: &Value, field: Option<&FieldSchema>, style: &Style<'_>) -> Shown {
    let kind = field.map(|field| &field.field_type);
    match (raw, kind) {
        (Value::Bool(flag), None | Some(FieldType::Boolean)) => {
            Shown::new(json!(flag), if *flag { "yes" } else { "no" })
        }
        (Value::Null | Value::Bool(false), _) => Shown::new(Value::Null, ""),
        (Value::String(text), Some(FieldType::Datetime)) => match moment(text, style.zone) {
            Some((structured, short)) => Shown::new(json!(structured), short),
            None => Shown::of_text(text, style),
        },
        (Value::String(text), Some(FieldType::Html)) => Shown::of_text(&html_to_text(text), style),
        (Value::String(text), _) => Shown::of_text(text, style),
        (Value::Number(_), Some(FieldType::Monetary)) => amount(raw, style),
        (Value::Number(_), _) => {
            let digits = field.and_then(|field| field.digits);
            let number = money::rounded(raw, digits.map(|(_, decimals)| decimals));
            let text = money::short(&number);
            Shown::new(number, text)
        }
        (Value::Array(pair), None | Some(FieldType::Many2one)) if is_named(pair) => {
            let name = visible(pair[1].as_str().unwrap_or_default());
            let text = format!("{name} ({})", pair[0]);
            Shown::new(json!({"id": pair[0], "name": name}), text)
        }
        // A record whose name is empty.
        (Value::Array(pair), Some(FieldType::Many2one)) if is_nameless(pair) => Shown::new(
            json!({"id": pair[0], "name": null}),
            format!("({})", pair[0]),
        ),
        (Value::Array(ids), _) if !ids.is_empty() && ids.iter().all(Value::is_u64) => records(ids),
        (Value::Array(items), Some(FieldType::Properties)) if !items.is_empty() => {
            show_properties(items, style)
        }
        (Value::Array(empty), _) if empty.is_empty() => Shown::new(json!([]), ""),
        _ => {
            let cleaned = all_visible(raw);
            let text = Shown::of_text(&cleaned.to_string(), style);
            Shown {
                // A part of JSON is none, so what is too long is a text of it.
                json: if text.cut.is_some() {
                    text.json.clone()
                } else {
                    cleaned
                },
                ..text
            }
        }
    }
}

fn is_named(pair: &[Value]) -> bool {
    matches!(pair, [Value::Number(_), Value::String(_)])
}

fn is_nameless(pair: &[Value]) -> bool {
    matches!(pair, [Value::Number(_), Value::Bool(false) | Value::Null])
}

fn records(ids: &[Value]) -> Shown {
    let listed: Vec<String> = ids.iter().take(IDS_IN_TEXT).map(Value::to_string).collect();
    let listed = listed.join(", ");
    let text = match ids.len() {
        all if all > IDS_IN_TEXT => format!("{all} records: {listed}, …"),
        _ => listed,
    };
    let kept = &ids[..ids.len().min(MAX_IDS)];
    Shown {
        cut: (ids.len() > kept.len()).then_some(ids.len()),
        ..Shown::new(json!(kept), text)
    }
}

fn amount(raw: &Value, style: &Style<'_>) -> Shown {
    let Some(currency) = &style.currency else {
        let number = money::rounded(raw, None);
        let text = money::short(&number);
        return Shown::new(number, text);
    };
    let (number, mut text) = currency.amount(raw);
    if style.names_currency {
        text.push(' ');
        text.push_str(&visible(&currency.code));
    }
    Shown::new(number, text)
}

/// A moment where the reader is: as RFC 3339 has it, and shorter. The short form leaves out
/// seconds and minutes of the offset that are zero, and is still the very moment: either form can
/// be written back as it is, also in the hour that the clock goes through twice.
pub(crate) fn moment(text: &str, zone: &TimeZone) -> Option<(String, String)> {
    let utc = DateTime::strptime(ODOO_FORM, text.get(..19)?).ok()?;
    let moment = utc.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let offset = zone.to_offset(moment);
    // Before there were time zones, offsets had seconds, which no format takes.
    let offset = if offset.seconds() % 60 == 0 {
        offset
    } else {
        Offset::UTC
    };
    Some((structured(moment, offset), short(moment, offset)))
}

fn structured(moment: Timestamp, offset: Offset) -> String {
    let local = offset.to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S");
    let (sign, hours, minutes) = parts(offset);
    format!("{local}{sign}{hours:02}:{minutes:02}")
}

fn short(moment: Timestamp, offset: Offset) -> String {
    let local = offset.to_datetime(moment);
    let time = match local.second() {
        0 => local.strftime("%Y-%m-%d %H:%M"),
        _ => local.strftime("%Y-%m-%d %H:%M:%S"),
    };
    match parts(offset) {
        (_, 0, 0) => format!("{time}Z"),
        (sign, hours, 0) => format!("{time}{sign}{hours:02}"),
        (sign, hours, minutes) => format!("{time}{sign}{hours:02}:{minutes:02}"),
    }
}

fn parts(offset: Offset) -> (char, i32, i32) {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    (sign, minutes.abs() / 60, minutes.abs() % 60)
}

/// Any JSON with its texts as a person sees them.
pub(crate) fn all_visible(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(visible(text)),
        Value::Array(items) => items.iter().map(all_visible).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(name, value)| (visible(name), all_visible(value)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(zone: &TimeZone) -> Style<'_> {
        Style {
            zone,
            currency: None,
            names_currency: false,
            max_text: 100,
        }
    }

    fn shown(raw: &Value, kind: FieldType) -> (Value, String) {
        let brussels = TimeZone::get("Europe/Brussels").unwrap();
        let shown = show(raw, Some(&FieldSchema::new(kind)), &style(&brussels));
        (shown.json, shown.text)
    }

    #[test]
    fn no_value_is_null_except_for_booleans() {
        for kind in [
            FieldType::Char,
            FieldType::Many2one,
            FieldType::Datetime,
            FieldType::Binary,
        ] {
            assert_eq!(shown(&json!(false), kind), (json!(null), String::new()));
        }
        assert_eq!(
            shown(&json!(false), FieldType::Boolean),
            (json!(false), "no".to_owned())
        );
        assert_eq!(
            shown(&json!([]), FieldType::Many2many),
            (json!([]), String::new())
        );
        assert_eq!(
            shown(&json!(0), FieldType::Integer),
            (json!(0), "0".to_owned())
        );
    }

    #[test]
    fn each_type_has_its_form() {
        for (raw, kind, json, text) in [
            (
                json!([7, "Az\u{200B}ure"]),
                FieldType::Many2one,
                json!({"id": 7, "name": "Azure"}),
                "Azure (7)",
            ),
            (
                json!([7, false]),
                FieldType::Many2one,
                json!({"id": 7, "name": null}),
                "(7)",
            ),
            (json!([3, 4]), FieldType::Many2many, json!([3, 4]), "3, 4"),
            (json!([3, 4]), FieldType::One2many, json!([3, 4]), "3, 4"),
            (
                json!("<p>a <b>b</b></p>"),
                FieldType::Html,
                json!("a b"),
                "a b",
            ),
            (json!("<p>"), FieldType::Char, json!("<p>"), "<p>"),
            (json!("sale"), FieldType::Selection, json!("sale"), "sale"),
            (json!(0.1 + 0.2), FieldType::Float, json!(0.3), "0.3"),
            (json!(2.0), FieldType::Float, json!(2.0), "2"),
            (
                json!("1.2 Kb"),
                FieldType::Binary,
                json!("1.2 Kb"),
                "1.2 Kb",
            ),
            (
                json!("2026-11-22"),
                FieldType::Date,
                json!("2026-11-22"),
                "2026-11-22",
            ),
            (
                json!({"a": "b\u{202E}"}),
                FieldType::Json,
                json!({"a": "b"}),
                "{\"a\":\"b\"}",
            ),
        ] {
            assert_eq!(shown(&raw, kind), (json, text.to_owned()), "{raw}");
        }
    }

    #[test]
    fn moments_are_the_readers() {
        for (raw, json, text) in [
            (
                "2026-11-22 14:04:05",
                "2026-11-22T15:04:05+01:00",
                "2026-11-22 15:04:05+01",
            ),
            (
                "2026-07-01 22:30:00",
                "2026-07-02T00:30:00+02:00",
                "2026-07-02 00:30+02",
            ),
            // The hour that the clock goes through twice.
            (
                "2026-10-25 00:30:00",
                "2026-10-25T02:30:00+02:00",
                "2026-10-25 02:30+02",
            ),
            (
                "2026-10-25 01:30:00",
                "2026-10-25T02:30:00+01:00",
                "2026-10-25 02:30+01",
            ),
            // Brussels had its own mean time until 1892.
            (
                "1880-01-01 12:00:00",
                "1880-01-01T12:00:00+00:00",
                "1880-01-01 12:00Z",
            ),
        ] {
            assert_eq!(
                shown(&json!(raw), FieldType::Datetime),
                (json!(json), text.to_owned())
            );
        }
        assert_eq!(
            shown(&json!("odd"), FieldType::Datetime),
            (json!("odd"), "odd".to_owned())
        );
    }

    #[test]
    fn every_zone_gives_the_moment_back() {
        for name in [
            "UTC",
            "Asia/Kolkata",
            "America/St_Johns",
            "Pacific/Chatham",
            "America/Los_Angeles",
        ] {
            let zone = TimeZone::get(name).unwrap();
            for raw in [
                "2026-03-08 09:59:59",
                "2026-11-01 09:00:00",
                "2026-07-15 00:00:00",
            ] {
                let (structured, short) = moment(raw, &zone).unwrap();
                for form in [structured, short] {
                    let read: Timestamp = form.parse().unwrap();
                    assert_eq!(read.strftime(ODOO_FORM).to_string(), raw, "{name}: {form}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let utc = TimeZone::UTC;
        let field = FieldSchema::new(FieldType::Text);
        let long = show(&json!("ä".repeat(150)), Some(&field), &style(&utc));
        assert_eq!(long.cut, Some(150));
        assert_eq!(long.text, format!("{}…", "ä".repeat(100)));
        assert_eq!(long.json, json!(long.text));
        assert_eq!(
            show(&json!("ä".repeat(100)), Some(&field), &style(&utc)).cut,
            None
        );
        let ids: Vec<u64> = (1..=300).collect();
        let many = show(
            &json!(ids),
            Some(&FieldSchema::new(FieldType::One2many)),
            &style(&utc),
        );
        assert_eq!(many.cut, Some(300));
        assert_eq!(many.json.as_array().unwrap().len(), 200);
        assert!(many.text.starts_with("300 records: 1, 2, 3,"));
        assert!(many.text.ends_with("20, …"));
    }
}
