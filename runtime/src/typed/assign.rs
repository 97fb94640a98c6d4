//! Which Rust values a field of a kind can be set to.

use serde_json::{Value, json};

use super::{Binary, Date, DateTime, Id, Ids, Link, Many2one, Model, Reference, Selection, kind};

/// A value that a field of the kind `K` can be set to.
#[diagnostic::on_unimplemented(
    message = "a `{K}` field cannot be set to `{Self}`",
    label = "this value has the wrong type for the field",
    note = "a selection takes its own enum, a many2one an `Id` or `Many2one` of its target, an x2many `Link` commands, a day `Date`, a moment `DateTime`; `Clear` empties a field that can be empty"
)]
pub trait Assign<K> {
    /// The value as Odoo's `create` and `write` take it.
    fn into_value(self) -> Value;
}

/// Empties a field: Odoo's `false`, and for an x2many the command that removes all links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clear;

macro_rules! assigns {
    ($($kind:ident: $($value:ty),+ => |$it:ident| $json:expr;)*) => {$($(
        impl Assign<kind::$kind> for $value {
            fn into_value(self) -> Value {
                let $it = self;
                $json
            }
        }
    )+)*};
}

assigns! {
    Char: &str, String, &String => |text| json!(text);
    Text: &str, String, &String => |text| json!(text);
    Html: &str, String, &String => |text| json!(text);
    Integer: i64, i32, u32 => |number| json!(number);
    Float: f64, i32, i64 => |number| json!(number);
    Monetary: f64, i32, i64 => |number| json!(number);
    Boolean: bool => |flag| json!(flag);
    Date: Date => |date| json!(date);
    Date: jiff::civil::Date => |date| json!(Date::from(date));
    Datetime: DateTime => |moment| json!(moment);
    Datetime: jiff::Timestamp => |moment| json!(DateTime::from(moment));
    Binary: Binary, &Binary => |bytes| bytes.as_json().clone();
    Binary: Vec<u8> => |bytes| Binary::from(bytes).as_json().clone();
    Binary: &[u8] => |bytes| Binary::from_bytes(bytes).as_json().clone();
    Reference: Reference, &Reference => |reference| json!(reference.to_string());
    Many2oneReference: i64, i32 => |id| json!(id);
    Json: Value => |value| value;
    Properties: Value => |value| value;
    Unknown: Value => |value| value;
}

#[cfg(feature = "decimal")]
assigns! {
    Monetary: super::Decimal => |amount| super::decimal::to_json(amount);
    Float: super::Decimal => |amount| super::decimal::to_json(amount);
    Exact: super::Decimal => |amount| super::decimal::to_json(amount);
}

impl<E: Selection> Assign<kind::Selection<E>> for E {
    fn into_value(self) -> Value {
        self.to_json()
    }
}

impl<M: Model> Assign<kind::Many2one<M>> for Id<M> {
    fn into_value(self) -> Value {
        json!(self.get())
    }
}

impl<M: Model> Assign<kind::Many2one<M>> for Many2one<M> {
    fn into_value(self) -> Value {
        json!(self.id.get())
    }
}

impl<M: Model> Assign<kind::Many2one<M>> for &Many2one<M> {
    fn into_value(self) -> Value {
        json!(self.id.get())
    }
}

/// `None` empties the field, `Some` sets it.
impl<K: kind::Nullable, T: Assign<K>> Assign<K> for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(json!(false), Assign::into_value)
    }
}

macro_rules! clearable {
    ($($kind:ident),+) => {$(
        impl Assign<kind::$kind> for Clear {
            fn into_value(self) -> Value {
                json!(false)
            }
        }
    )+};
}

clearable!(
    Char,
    Text,
    Html,
    Date,
    Datetime,
    Binary,
    Reference,
    Many2oneReference,
    Json,
    Properties,
    Unknown
);

impl<E: Selection> Assign<kind::Selection<E>> for Clear {
    fn into_value(self) -> Value {
        json!(false)
    }
}

impl<M: Model> Assign<kind::Many2one<M>> for Clear {
    fn into_value(self) -> Value {
        json!(false)
    }
}

macro_rules! lists {
    ($($kind:ident),+) => {$(
        impl<M: Model> Assign<kind::$kind<M>> for Clear {
            fn into_value(self) -> Value {
                json!([Link::<M>::clear()])
            }
        }

        impl<M: Model> Assign<kind::$kind<M>> for Link<M> {
            fn into_value(self) -> Value {
                json!([self])
            }
        }

        impl<M: Model> Assign<kind::$kind<M>> for Vec<Link<M>> {
            fn into_value(self) -> Value {
                json!(self)
            }
        }

        impl<M: Model, const N: usize> Assign<kind::$kind<M>> for [Link<M>; N] {
            fn into_value(self) -> Value {
                json!(self.as_slice())
            }
        }

        /// Replaces the whole list, as [`Link::set`] does.
        impl<M: Model> Assign<kind::$kind<M>> for Ids<M> {
            fn into_value(self) -> Value {
                json!([Link::set(self)])
            }
        }

        /// Replaces the whole list, as [`Link::set`] does.
        impl<M: Model> Assign<kind::$kind<M>> for &Ids<M> {
            fn into_value(self) -> Value {
                json!([Link::set(self)])
            }
        }
    )+};
}

lists!(One2many, Many2many);
