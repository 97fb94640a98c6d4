//! The sticky reader: reads the fields of one record and keeps the first failure.
//!
//! Generated code is then `Self { name: r.text("name"), … }` without a `?` per field, which
//! compiles an order of magnitude faster than derived or fallible code on wide records.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

use super::decode::{self, Decoded};
use super::kind::Kind;
use super::{Binary, Date, DateTime, Field, Id, Ids, Many2one, Reference, Selection};

/// One record of an answer, being read.
pub struct Row<'a> {
    model: &'static str,
    fields: &'a Map<String, Value>,
    /// Odoo answers fields in the order in which they were asked for: the next one usually
    /// stands under the cursor, which saves hashing every name.
    cursor: serde_json::map::Iter<'a>,
    /// Fields that were left out of the request on purpose.
    left_out: &'a [&'static str],
    error: Option<Error>,
}

impl<'a> Row<'a> {
    /// Starts to read a record of the model.
    pub fn new(model: &'static str, fields: &'a Map<String, Value>) -> Self {
        Self::without(model, fields, &[])
    }

    /// Starts to read a record from whose request some fields were left out: they read as
    /// the empty value of their type.
    pub fn without(
        model: &'static str,
        fields: &'a Map<String, Value>,
        left_out: &'a [&'static str],
    ) -> Self {
        Self {
            model,
            fields,
            cursor: fields.iter(),
            left_out,
            error: None,
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`]: the first field that was missing or of another type, with
    /// model, record, field, expected and got.
    pub fn finish(self) -> Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    /// The value of a field by its descriptor.
    pub fn field<M, K: Kind>(&mut self, field: Field<M, K>) -> K::Value {
        K::read(self, field.name())
    }

    /// Text (`char`, `text`, `html`).
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.decode(name, "text or false", decode::text)
    }

    /// A whole number; nothing is 0.
    pub fn integer(&mut self, name: &'static str) -> i64 {
        self.decode(name, "a whole number", decode::integer)
    }

    /// A number; nothing is 0.
    pub fn float(&mut self, name: &'static str) -> f64 {
        self.decode(name, "a number", decode::float)
    }

    /// A number as a decimal; nothing is 0.
    #[cfg(feature = "decimal")]
    pub fn decimal(&mut self, name: &'static str) -> super::Decimal {
        self.decode(name, "a number", super::decimal::decode)
    }

    /// Yes or no.
    pub fn boolean(&mut self, name: &'static str) -> bool {
        self.decode(name, "true or false", decode::boolean)
    }

    /// A day.
    pub fn date(&mut self, name: &'static str) -> Option<Date> {
        self.decode(name, "a date (YYYY-MM-DD) or false", decode::date)
    }

    /// A moment.
    pub fn datetime(&mut self, name: &'static str) -> Option<DateTime> {
        let expected = "a moment (YYYY-MM-DD HH:MM:SS) or false";
        self.decode(name, expected, decode::datetime)
    }

    /// An option of a selection.
    pub fn selection<E: Selection>(&mut self, name: &'static str) -> Option<E> {
        self.decode(name, "a selection key or false", decode::key)
            .map(|key| E::from_key(&key))
    }

    /// A link to one record.
    pub fn many2one<M>(&mut self, name: &'static str) -> Option<Many2one<M>> {
        self.decode(name, "[id, name], an id or false", decode::many2one)
            .map(|(id, name)| Many2one {
                id: Id::new(id),
                name,
            })
    }

    /// The ids of a one2many or many2many.
    pub fn ids<M>(&mut self, name: &'static str) -> Ids<M> {
        self.decode(name, "a list of ids", decode::ids)
            .into_iter()
            .map(Id::new)
            .collect()
    }

    /// The record's own id.
    pub fn id<M>(&mut self, name: &'static str) -> Id<M> {
        Id::new(self.decode(name, "an id", decode::whole))
    }

    /// A link to a record of any model.
    pub fn reference(&mut self, name: &'static str) -> Option<Reference> {
        self.decode(name, "\"model,id\" or false", decode::reference)
    }

    /// An id whose model stands in another field.
    pub fn many2one_reference(&mut self, name: &'static str) -> Option<i64> {
        self.decode(name, "an id or false", decode::loose_id)
    }

    /// Bytes, undecoded.
    pub fn binary(&mut self, name: &'static str) -> Option<Binary> {
        self.decode(name, "bytes or false", |value| {
            Some((!decode::is_nothing(value)).then(|| Binary::from_json(value.clone())))
        })
    }

    /// Any JSON, as it came.
    pub fn json(&mut self, name: &'static str) -> Value {
        self.decode(name, "a value", |value| Some(value.clone()))
    }

    fn decode<T: Default>(
        &mut self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&Value) -> Decoded<T>,
    ) -> T {
        let value = self.lookup(name);
        match value.map(read) {
            Some(Some(decoded)) => decoded,
            failed => {
                if self.error.is_none() && !self.left_out.contains(&name) {
                    let got = failed.and(value);
                    self.error = Some(mismatch(self.model, self.fields, name, expected, got));
                }
                T::default()
            }
        }
    }

    fn lookup(&mut self, name: &str) -> Option<&'a Value> {
        let mut ahead = self.cursor.clone();
        if let Some((key, value)) = ahead.next()
            && key == name
        {
            self.cursor = ahead;
            return Some(value);
        }
        self.fields.get(name)
    }
}

#[cold]
fn mismatch(
    model: &str,
    fields: &Map<String, Value>,
    name: &str,
    expected: &str,
    got: Option<&Value>,
) -> Error {
    let record = fields
        .get("id")
        .and_then(decode::whole)
        .map_or_else(|| "without id".to_owned(), |id| id.to_string());
    let got = got.map_or_else(|| "nothing at all".to_owned(), excerpt);
    Error::new(
        ErrorKind::Decode,
        format!("{model} {record}: the field \"{name}\" should be {expected}, but Odoo sent {got}"),
    )
    .with_hint(format!(
        "If the field's type changed in Odoo, generate the models again; to leave it out, \
         use `.without(F.{name})`."
    ))
}

/// At most 80 characters of a value, so that an error stays readable and small.
fn excerpt(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Insists on a value that Odoo may leave empty.
pub trait Required<T> {
    /// The value.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] naming `what`, when there is none.
    fn required(self, what: &str) -> Result<T>;
}

impl<T> Required<T> for Option<T> {
    fn required(self, what: &str) -> Result<T> {
        self.ok_or_else(|| Error::new(ErrorKind::Decode, format!("{what} is empty in Odoo")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap()
    }

    #[test]
    fn the_first_failure_is_kept_and_named() {
        let answer = json!({"id": 7, "name": [1], "age": "x", "ok": "fine"});
        let mut row = Row::new("res.partner", object(&answer));
        assert_eq!(row.text("name"), None);
        assert_eq!(row.integer("age"), 0);
        assert_eq!(row.text("ok").as_deref(), Some("fine"));
        let error = row.finish().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(
            error.message(),
            "res.partner 7: the field \"name\" should be text or false, but Odoo sent [1]"
        );
    }

    #[test]
    fn a_missing_field_is_not_an_empty_one() {
        let answer = json!({"id": 7});
        let mut row = Row::new("res.partner", object(&answer));
        row.text("name");
        let error = row.finish().unwrap_err();
        assert!(
            error.message().ends_with("but Odoo sent nothing at all"),
            "{error}"
        );
    }

    #[test]
    fn a_field_left_out_on_purpose_reads_as_empty() {
        let answer = json!({"id": 7});
        let mut row = Row::without("res.partner", object(&answer), &["name"]);
        assert_eq!(row.text("name"), None);
        assert!(row.finish().is_ok());
    }

    #[test]
    fn the_order_of_the_answer_does_not_matter_and_fields_read_twice() {
        let answer = json!({"b": 2, "id": 7, "a": 1});
        let mut row = Row::new("x", object(&answer));
        assert_eq!(row.integer("a"), 1);
        assert_eq!(row.integer("b"), 2);
        assert_eq!(row.integer("b"), 2);
        assert_eq!(row.integer("a"), 1);
        assert!(row.finish().is_ok());
    }

    #[test]
    fn long_values_are_cut_in_errors() {
        let answer = json!({"n": "é".repeat(500)});
        let mut row = Row::new("x", object(&answer));
        row.integer("n");
        assert!(row.finish().unwrap_err().message().len() < 320);
    }
}
