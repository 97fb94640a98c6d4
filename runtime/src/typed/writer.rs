//! Records back to JSON, in the form in which Odoo's `read` answers them.

use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::{Binary, Date, DateTime, Field, Id, Ids, Many2one, Reference, Selection};

/// One record, being written as JSON: `false` stands for "no value", a many2one is
/// `[id, name]`, dates are text.
pub struct RowWriter(Map<String, Value>);

impl RowWriter {
    /// Starts a record of about this many fields.
    pub fn new(fields: usize) -> Self {
        Self(Map::with_capacity(fields))
    }

    /// The record.
    pub fn finish(self) -> Map<String, Value> {
        self.0
    }

    /// The value of a field by its descriptor.
    pub fn field<M, K: Kind>(&mut self, field: Field<M, K>, value: &K::Value) {
        self.put(field.name(), K::write(value));
    }

    /// Text.
    pub fn text(&mut self, name: &str, value: Option<&String>) {
        self.put(name, value.map_or(Value::Bool(false), |text| json!(text)));
    }

    /// A whole number.
    pub fn integer(&mut self, name: &str, value: i64) {
        self.put(name, json!(value));
    }

    /// A number.
    pub fn float(&mut self, name: &str, value: f64) {
        self.put(name, json!(value));
    }

    /// A number from a decimal.
    #[cfg(feature = "decimal")]
    pub fn decimal(&mut self, name: &str, value: super::Decimal) {
        self.put(name, super::decimal::to_json(value));
    }

    /// Yes or no.
    pub fn boolean(&mut self, name: &str, value: bool) {
        self.put(name, json!(value));
    }

    /// A day.
    pub fn date(&mut self, name: &str, value: Option<Date>) {
        self.put(name, or_false(value));
    }

    /// A moment.
    pub fn datetime(&mut self, name: &str, value: Option<DateTime>) {
        self.put(name, or_false(value));
    }

    /// An option of a selection.
    pub fn selection<E: Selection>(&mut self, name: &str, value: Option<&E>) {
        self.put(name, value.map_or(Value::Bool(false), E::to_json));
    }

    /// A link to one record.
    pub fn many2one<M>(&mut self, name: &str, value: Option<&Many2one<M>>) {
        self.put(name, value.map_or(Value::Bool(false), many2one));
    }

    /// The ids of a one2many or many2many.
    pub fn ids<M>(&mut self, name: &str, value: &Ids<M>) {
        self.put(name, json!(value.to_raw()));
    }

    /// The record's own id.
    pub fn id<M>(&mut self, name: &str, value: Id<M>) {
        self.put(name, json!(value.get()));
    }

    /// A link to a record of any model.
    pub fn reference(&mut self, name: &str, value: Option<&Reference>) {
        self.put(name, or_false(value));
    }

    /// An id whose model stands in another field.
    pub fn many2one_reference(&mut self, name: &str, value: Option<i64>) {
        self.put(name, value.map_or(Value::Bool(false), |id| json!(id)));
    }

    /// Bytes.
    pub fn binary(&mut self, name: &str, value: Option<&Binary>) {
        let value = value.map_or(Value::Bool(false), |bytes| bytes.as_json().clone());
        self.put(name, value);
    }

    /// Any JSON.
    pub fn json(&mut self, name: &str, value: &Value) {
        self.put(name, value.clone());
    }

    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

pub(super) fn or_false<T: ToString>(value: Option<T>) -> Value {
    value.map_or(Value::Bool(false), |value| Value::String(value.to_string()))
}

pub(super) fn many2one<M>(link: &Many2one<M>) -> Value {
    match &link.name {
        Some(name) => json!([link.id.get(), name]),
        None => json!([link.id.get(), false]),
    }
}
