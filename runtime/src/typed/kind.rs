//! The kinds of fields, as zero-size types: what a value is, and which operators it has.
//!
//! `Field<SaleOrder, kind::Monetary>` can be compared with `>`, `Field<SaleOrder,
//! kind::Selection<State>>` cannot; the traits here say so, with messages for the compiler to
//! show.

use std::marker::PhantomData;

use serde_json::{Value, json};

use super::writer::{many2one, or_false};
use super::{self as typed, Ids, Model, Row, Selection as Options};

/// A kind of field.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a kind of field")]
pub trait Kind: 'static {
    /// What a record holds.
    type Value: Send + 'static;

    /// Reads the field from a row.
    fn read(row: &mut Row<'_>, name: &'static str) -> Self::Value;

    /// Writes the value as Odoo's `read` answers it.
    fn write(value: &Self::Value) -> Value;
}

/// Kinds with `eq`, `ne`, `is_in` and `not_in`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field cannot be compared",
    note = "binary, JSON and properties fields have `is_set` and `is_unset` alone"
)]
pub trait Equatable: Kind {}

/// Kinds with an order: `gt`, `ge`, `lt`, `le`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field has no order, so `gt`, `ge`, `lt` and `le` do not exist for it",
    label = "numbers, dates and datetimes have an order",
    note = "for a selection or a relation, use `eq`, `ne`, `is_in` or `not_in`"
)]
pub trait Ordered: Kind {}

/// Kinds with patterns: `like`, `ilike` and their negations.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field has no text to match, so `like` and `ilike` do not exist for it",
    label = "char, text and html fields match patterns; a many2one matches by its target's name"
)]
pub trait Textual: Kind {}

/// Kinds that Odoo can leave empty: `is_set`, `is_unset`, and [`Clear`](super::Clear).
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field is never empty",
    note = "numbers are 0 and booleans are false when nobody set them: write that value"
)]
pub trait Nullable: Kind {}

/// Kinds that point to records of one model: `dot`, `any`, `not_any`, `child_of`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field does not point to records of a model",
    label = "only many2one, one2many and many2many fields can be followed"
)]
pub trait Relational: Kind {
    /// The model that it points to.
    type Target: Model;
}

/// Kinds that `order` takes.
#[diagnostic::on_unimplemented(
    message = "Odoo cannot sort by a `{Self}` field",
    label = "lists of records, bytes and JSON have no order"
)]
pub trait Sortable: Kind {}

/// Kinds that `group_by` takes as they are.
#[diagnostic::on_unimplemented(
    message = "Odoo cannot group by a `{Self}` field as it is",
    note = "dates and datetimes need a period: `.day()`, `.week()`, `.month()`, `.quarter()` or `.year()`"
)]
pub trait Groupable: Kind {
    /// The kind of what a group's records share: of a many2many, one of the linked records.
    type Key: Kind;
}

/// Kinds that sum up: `sum`, `avg`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field cannot be summed up",
    label = "integer, float and monetary fields can"
)]
pub trait Numeric: Kind {}

/// Kinds that span periods: `day`, `week`, `month`, `quarter`, `year`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` field has no periods",
    label = "date and datetime fields have"
)]
pub trait Temporal: Kind {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $value:ty, $read:ident, $write:expr, [$($ability:ident),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Kind for $name {
            type Value = $value;

            fn read(row: &mut Row<'_>, name: &'static str) -> Self::Value {
                row.$read(name)
            }

            fn write(value: &Self::Value) -> Value {
                let write: fn(&$value) -> Value = $write;
                write(value)
            }
        }

        $(impl $ability for $name {})*
    )*};
}

kinds! {
    /// One line of text.
    Char => Option<String>, text, |v| or_false(v.as_ref()), [Equatable, Textual, Nullable, Sortable];
    /// Several lines of text.
    Text => Option<String>, text, |v| or_false(v.as_ref()), [Equatable, Textual, Nullable, Sortable];
    /// Sanitised HTML.
    Html => Option<String>, text, |v| or_false(v.as_ref()), [Equatable, Textual, Nullable, Sortable];
    /// A whole number.
    Integer => i64, integer, |v| json!(v), [Equatable, Ordered, Sortable, Numeric];
    /// A floating-point number.
    Float => f64, float, |v| json!(v), [Equatable, Ordered, Sortable, Numeric];
    /// An amount of money, as a float.
    Monetary => f64, float, |v| json!(v), [Equatable, Ordered, Sortable, Numeric];
    /// Yes or no.
    Boolean => bool, boolean, |v| json!(v), [Equatable, Sortable];
    /// A day.
    Date => Option<typed::Date>, date, |v| or_false(*v), [Equatable, Ordered, Nullable, Sortable, Temporal];
    /// A moment in UTC.
    Datetime => Option<typed::DateTime>, datetime, |v| or_false(*v), [Equatable, Ordered, Nullable, Sortable, Temporal];
    /// Bytes.
    Binary => Option<typed::Binary>, binary, |v| v.as_ref().map_or(Value::Bool(false), |b| b.as_json().clone()), [Nullable];
    /// A link to a record of any model.
    Reference => Option<typed::Reference>, reference, |v| or_false(v.as_ref()), [Equatable, Nullable, Sortable];
    /// An id whose model stands in another field.
    Many2oneReference => Option<i64>, many2one_reference, |v| v.map_or(Value::Bool(false), |id| json!(id)), [Equatable, Ordered, Nullable, Sortable];
    /// Any JSON.
    Json => Value, json, Value::clone, [Nullable];
    /// User-defined properties, and their definitions.
    Properties => Value, json, Value::clone, [Nullable];
    /// A type that the generator did not know.
    Unknown => Value, json, Value::clone, [Equatable, Ordered, Textual, Nullable, Sortable];
}

/// A number as a decimal: see [`Field::as_decimal`](super::Field::as_decimal).
#[cfg(feature = "decimal")]
#[derive(Debug, Clone, Copy)]
pub struct Exact;

#[cfg(feature = "decimal")]
impl Kind for Exact {
    type Value = super::Decimal;

    fn read(row: &mut Row<'_>, name: &'static str) -> Self::Value {
        row.decimal(name)
    }

    fn write(value: &Self::Value) -> Value {
        super::decimal::to_json(*value)
    }
}

#[cfg(feature = "decimal")]
mod exact {
    use super::{Equatable, Exact, Numeric, Ordered, Sortable};

    impl Equatable for Exact {}
    impl Ordered for Exact {}
    impl Sortable for Exact {}
    impl Numeric for Exact {}
}

macro_rules! generic_kinds {
    ($($(#[$doc:meta])* $name:ident<$param:ident: $bound:ident> => $value:ty, $read:ident, $write:expr, [$($ability:ident),*];)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<$param>(PhantomData<fn() -> $param>);

        impl<$param: $bound> Kind for $name<$param> {
            type Value = $value;

            fn read(row: &mut Row<'_>, name: &'static str) -> Self::Value {
                row.$read(name)
            }

            fn write(value: &Self::Value) -> Value {
                let write: fn(&$value) -> Value = $write;
                write(value)
            }
        }

        $(impl<$param: $bound> $ability for $name<$param> {})*
    )*};
}

generic_kinds! {
    /// The record's own id.
    Id<M: Model> => typed::Id<M>, id, |v| json!(v.get()), [Equatable, Ordered, Sortable];
    /// One of the options `E`.
    Selection<E: Options> => Option<E>, selection, |v| v.as_ref().map_or(Value::Bool(false), E::to_json), [Equatable, Nullable, Sortable];
    /// A link to one record of `M`.
    Many2one<M: Model> => Option<typed::Many2one<M>>, many2one, |v| v.as_ref().map_or(Value::Bool(false), many2one), [Equatable, Textual, Nullable, Sortable];
    /// The records of `M` whose many2one points here.
    One2many<M: Model> => Ids<M>, ids, |v| json!(v.to_raw()), [Equatable, Textual, Nullable];
    /// Links to any number of records of `M`.
    Many2many<M: Model> => Ids<M>, ids, |v| json!(v.to_raw()), [Equatable, Textual, Nullable];
}

impl<M: Model> Relational for Many2one<M> {
    type Target = M;
}

impl<M: Model> Relational for One2many<M> {
    type Target = M;
}

impl<M: Model> Relational for Many2many<M> {
    type Target = M;
}

macro_rules! groupable {
    ($($name:ident),*) => {$(
        impl Groupable for $name {
            type Key = Self;
        }
    )*};
}

groupable!(
    Char,
    Text,
    Integer,
    Boolean,
    Reference,
    Many2oneReference,
    Unknown
);

impl<E: Options> Groupable for Selection<E> {
    type Key = Self;
}

impl<M: Model> Groupable for Many2one<M> {
    type Key = Self;
}

/// A record stands in the group of each record that it is linked to.
impl<M: Model> Groupable for Many2many<M> {
    type Key = Many2one<M>;
}
