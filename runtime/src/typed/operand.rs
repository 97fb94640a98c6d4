//! Which Rust values a field of a kind can be compared with.

use serde_json::{Value, json};

use super::{Date, DateTime, Id, Many2one, Model, Reference, Selection, kind};

/// A value that a field of the kind `K` can be compared with in a domain.
#[diagnostic::on_unimplemented(
    message = "a `{K}` field cannot be compared with `{Self}`",
    label = "this value has the wrong type for the field",
    note = "text takes `&str`, numbers take numbers, a selection its own enum, a relation `Id` or `Many2one` of its target, dates `Date`, moments `DateTime`; for \"empty\", use `is_unset()`"
)]
pub trait Operand<K> {
    /// The value as it stands in the domain.
    fn into_operand(self) -> Value;
}

macro_rules! operands {
    ($($kind:ident: $($value:ty),+ => |$it:ident| $json:expr;)*) => {$($(
        impl Operand<kind::$kind> for $value {
            fn into_operand(self) -> Value {
                let $it = self;
                $json
            }
        }
    )+)*};
}

operands! {
    Char: &str, String, &String => |text| json!(text);
    Text: &str, String, &String => |text| json!(text);
    Html: &str, String, &String => |text| json!(text);
    Integer: i64, i32, u32, &i64 => |number| json!(number);
    Float: f64, i32, i64 => |number| json!(number);
    Monetary: f64, i32, i64 => |number| json!(number);
    Boolean: bool => |flag| json!(flag);
    Date: Date => |date| json!(date);
    Date: jiff::civil::Date => |date| json!(Date::from(date));
    Datetime: DateTime => |moment| json!(moment);
    Datetime: jiff::Timestamp => |moment| json!(DateTime::from(moment));
    Reference: Reference, &Reference => |reference| json!(reference.to_string());
    Many2oneReference: i64, i32 => |id| json!(id);
    Unknown: Value => |value| value;
}

#[cfg(feature = "decimal")]
operands! {
    Monetary: super::Decimal => |amount| super::decimal::to_json(amount);
    Float: super::Decimal => |amount| super::decimal::to_json(amount);
    Exact: super::Decimal => |amount| super::decimal::to_json(amount);
    Exact: i32, i64 => |number| json!(number);
}

impl<E: Selection> Operand<kind::Selection<E>> for E {
    fn into_operand(self) -> Value {
        self.to_json()
    }
}

macro_rules! relations {
    ($($kind:ident),+) => {$(
        impl<M: Model> Operand<kind::$kind<M>> for Id<M> {
            fn into_operand(self) -> Value {
                json!(self.get())
            }
        }

        impl<M: Model> Operand<kind::$kind<M>> for &Id<M> {
            fn into_operand(self) -> Value {
                json!(self.get())
            }
        }

        impl<M: Model> Operand<kind::$kind<M>> for &Many2one<M> {
            fn into_operand(self) -> Value {
                json!(self.id.get())
            }
        }

        impl<M: Model> Operand<kind::$kind<M>> for Many2one<M> {
            fn into_operand(self) -> Value {
                json!(self.id.get())
            }
        }
    )+};
}

relations!(Id, Many2one, One2many, Many2many);
