//! Groups as an assistant reads them: structured JSON with the domain behind each group, and the
//! same as a compact table.
//!
//! A key is `{"value": …, "label": …}`: the id and the name of a record, the key and the label
//! of an option, the first day of a period and what Odoo calls it. No value is `null`.

use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value, json};

use super::currency::Unit;
use super::period::Period;
use super::{PageOfGroups, Total};
use crate::client::GroupKey;
use crate::schema::validate::Key;
use crate::schema::{FieldSchema, FieldType, Measure};
use crate::server::present::{self, Output, visible};

impl PageOfGroups<'_> {
    /// The answer of the tool.
    pub(super) fn output(&self) -> Output {
        let next = self.offset + self.groups.len() as u64;
        let has_more = next < self.total.groups || self.total.is_lower_bound;
        let next_offset = (has_more && !self.groups.is_empty()).then_some(next);
        let notes = self.notes();
        let measures: Vec<String> = self.measures().map(Measure::specification).collect();
        let mut structured = json!({
            "model": self.model,
            "group_by": self.aggregation.specifications(),
            "aggregates": measures,
            "total": self.total.groups,
            "offset": self.offset,
            "next_offset": next_offset,
            "groups": (0..self.groups.len()).map(|place| self.group(place)).collect::<Vec<_>>(),
        });
        if self.total.is_lower_bound {
            structured["total_is_lower_bound"] = json!(true);
        }
        if let Some(zone) = self.zone_name() {
            structured["time_zone"] = json!(zone);
        }
        let currencies = self.common_currencies();
        if !currencies.is_empty() {
            structured["currencies"] = Value::Object(currencies);
        }
        if !notes.is_empty() {
            structured["notes"] = json!(notes);
        }
        let mut text = self.headline(next_offset);
        let rows: Vec<Vec<String>> = (0..self.groups.len())
            .map(|place| self.row(place))
            .collect();
        if !rows.is_empty() {
            text.push('\n');
            text.push_str(&present::fenced_table(&self.headings(), &rows));
        }
        for note in &notes {
            text.push('\n');
            text.push_str(note);
        }
        Output { structured, text }
    }

    fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.aggregation.measures.iter()
    }

    fn zone_name(&self) -> Option<&str> {
        self.zone.as_ref().and_then(TimeZone::iana_name)
    }

    fn headline(&self, next_offset: Option<u64>) -> String {
        let keys = self.aggregation.specifications();
        let mut text = if keys.is_empty() {
            format!("{}, all records together", self.model)
        } else {
            let counted = counted(self.groups.len(), self.offset, self.total, next_offset);
            format!("{} by {}: {counted}", self.model, keys.join(", "))
        };
        if let Some(zone) = self.zone_name() {
            text.push_str(&format!("; days of {zone}"));
        }
        text
    }

    fn common_currencies(&self) -> Map<String, Value> {
        self.measures()
            .enumerate()
            .filter_map(|(place, measure)| {
                let currency = self.currencies.common(place)?;
                Some((measure.specification(), json!(currency)))
            })
            .collect()
    }

    fn notes(&self) -> Vec<String> {
        let many = self.aggregation.keys.iter().filter(|key| {
            let field = key.field.as_ref();
            field.is_some_and(|field| field.field_type.is_x2many())
        });
        let overlap = many.map(|key| {
            format!(
                "A record with several \"{}\" stands in the group of each, so these groups overlap.",
                key.specification
            )
        });
        overlap.chain(self.currencies.notes.clone()).collect()
    }

    fn group(&self, place: usize) -> Map<String, Value> {
        let group = &self.groups[place];
        let mut shown = Map::new();
        for (key, raw) in self.aggregation.keys.iter().zip(&group.keys) {
            let (value, label) = self.key(key, raw);
            let name = column(&key.specification);
            shown.insert(name, json!({"value": value, "label": label}));
        }
        shown.insert("count".to_owned(), json!(group.count));
        let mut currencies = Map::new();
        let mut mixed = Vec::new();
        for (number, measure) in self.measures().enumerate() {
            let name = measure.specification();
            shown.insert(name.clone(), self.amount(place, number).0);
            match self.currencies.unit(place, number) {
                Unit::One(currency) if self.currencies.common(number).is_none() => {
                    currencies.insert(name, json!(currency.code));
                }
                Unit::Mixed => mixed.push(name),
                _ => {}
            }
        }
        if !currencies.is_empty() {
            shown.insert("currencies".to_owned(), Value::Object(currencies));
        }
        if !mixed.is_empty() {
            shown.insert("mixed_currencies".to_owned(), json!(mixed));
        }
        shown.insert("domain".to_owned(), domain(&group.domain));
        shown
    }

    fn headings(&self) -> Vec<String> {
        let mut headings = self.aggregation.specifications();
        headings.push("__count".to_owned());
        headings.extend(self.measures().enumerate().map(|(number, measure)| {
            let name = measure.specification();
            match self.currencies.common(number) {
                Some(currency) => format!("{name} ({currency})"),
                None => name,
            }
        }));
        headings
    }

    fn row(&self, place: usize) -> Vec<String> {
        let group = &self.groups[place];
        let keys = self.aggregation.keys.iter().zip(&group.keys);
        let mut row: Vec<String> = keys
            .map(|(key, raw)| {
                let (value, label) = self.key(key, raw);
                in_words(&value, &label)
            })
            .collect();
        row.push(group.count.to_string());
        row.extend((0..self.measures().count()).map(|number| {
            let (_, amount) = self.amount(place, number);
            let unit = self.currencies.unit(place, number);
            match (self.currencies.common(number), unit) {
                (None, Unit::One(currency)) if !amount.is_empty() => {
                    format!("{amount} {}", currency.code)
                }
                (None, Unit::Mixed) => "mixed currencies".to_owned(),
                _ => amount,
            }
        }));
        row
    }

    /// An aggregate in both forms, with the decimals of its currency; nothing, where it would be
    /// one over several currencies.
    fn amount(&self, group: usize, measure: usize) -> (Value, String) {
        let unit = self.currencies.unit(group, measure);
        if *unit == Unit::Mixed {
            return (Value::Null, String::new());
        }
        let value = self.groups[group].measures.get(measure);
        let function = &self.aggregation.measures[measure].function;
        let value = match value.and_then(Option::as_ref) {
            Some(Value::Bool(false)) if !function.starts_with("bool_") => Value::Null,
            Some(value @ Value::Number(number)) => match unit {
                Unit::One(currency) if self.currencies.is_price(measure) => {
                    return currency.price(value);
                }
                Unit::One(currency) => return currency.amount(value),
                _ => rounded(number),
            },
            Some(Value::String(text)) => json!(visible(text)),
            Some(other) => other.clone(),
            None => Value::Null,
        };
        let text = match &value {
            Value::Null => String::new(),
            value => plain(value),
        };
        (value, text)
    }

    fn key(&self, key: &Key, raw: &GroupKey) -> (Value, String) {
        let field = key.field.as_ref();
        let kind = field.map(|field| &field.field_type);
        if let Some(length) = key.period() {
            let Some(start) = raw.value.as_str() else {
                return (Value::Null, nothing(field));
            };
            let period = self.zone.as_ref();
            let period = period.and_then(|zone| Period::of(start, length, zone));
            let start = period.map_or_else(|| visible(start), |period| period.local_start());
            let label = raw.label.as_deref().map_or_else(|| start.clone(), visible);
            return (json!(start), label);
        }
        match &raw.value {
            Value::Bool(flag) if *flag || kind == Some(&FieldType::Boolean) => {
                (json!(flag), if *flag { "yes" } else { "no" }.to_owned())
            }
            Value::Null | Value::Bool(_) => (Value::Null, nothing(field)),
            // A link, or an option of a property.
            Value::Array(parts) if parts.len() >= 2 => {
                let label = parts[1].as_str().map(visible).unwrap_or_default();
                (clean(&parts[0]), label)
            }
            value => {
                let value = clean(value);
                let label = option_label(field, &value);
                (value.clone(), label.unwrap_or_else(|| plain(&value)))
            }
        }
    }
}

fn counted(shown: usize, offset: u64, total: Total, next_offset: Option<u64>) -> String {
    let more_than = if total.is_lower_bound {
        "more than "
    } else {
        ""
    };
    let all = format!("{more_than}{}", total.groups);
    match (shown, next_offset) {
        (0, _) if total.groups == 0 => "none found".to_owned(),
        (0, _) => format!("{all} groups in all, none at offset {offset}"),
        (shown, None) => format!("{shown} of {all} groups"),
        (shown, Some(next)) => format!("{shown} of {all} groups, next offset {next}"),
    }
}

/// What a key is called in a group, beside the two names that every group has.
fn column(specification: &str) -> String {
    match specification {
        "count" | "domain" => format!("{specification}_"),
        other => other.to_owned(),
    }
}

/// The domain as it can be sent; none, where a value has characters that a person cannot see.
fn domain(terms: &[Value]) -> Value {
    fn is_visible(value: &Value) -> bool {
        match value {
            Value::String(text) => visible(text) == *text,
            Value::Array(items) => items.iter().all(is_visible),
            _ => true,
        }
    }
    if terms.iter().all(is_visible) {
        json!(terms)
    } else {
        Value::Null
    }
}

/// `Azure (7)`, `November 2026 (2026-11-01)`, or the label alone where it is the value.
fn in_words(value: &Value, label: &str) -> String {
    match value {
        Value::Null | Value::Bool(_) => label.to_owned(),
        value if plain(value) == label => label.to_owned(),
        value => format!("{label} ({})", plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn clean(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(visible(text)),
        Value::Number(number) => rounded(number),
        other => other.clone(),
    }
}

fn nothing(field: Option<&FieldSchema>) -> String {
    match field.and_then(|field| field.label.as_deref()) {
        Some(label) => format!("no {}", visible(label)),
        None => "none".to_owned(),
    }
}

fn option_label(field: Option<&FieldSchema>, value: &Value) -> Option<String> {
    let options = field?.selection.as_ref()?;
    let option = options
        .iter()
        .find(|option| option.key.to_string() == plain(value))?;
    Some(visible(&option.label))
}

/// Without the noise of binary fractions: 0.1 + 0.2 is 0.3.
fn rounded(number: &Number) -> Value {
    let places = 1e6;
    match (number.is_f64(), number.as_f64()) {
        (true, Some(float)) if float.abs() < 1e9 => json!((float * places).round() / places),
        _ => Value::Number(number.clone()),
    }
}

#[cfg(test)]
mod tests;
