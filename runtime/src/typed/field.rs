//! Descriptors: a field of a model, and a path that starts at one.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde_json::{Value, json};

use super::kind::{Equatable, Nullable, Ordered, Relational, Sortable, Textual};
use super::{Domain, Operand, Order};

/// The field of the model `M`, of the kind `K`, with this name.
///
/// Generated modules hold all fields of a model in one constant `F`. A descriptor serves
/// domains, orders, projections, groups, creates and updates alike; it is a name at run time.
pub struct Field<M, K> {
    name: &'static str,
    marker: PhantomData<fn() -> (M, K)>,
}

impl<M, K> Field<M, K> {
    /// The field with this name. The generator calls it; a hand-written one is an escape
    /// hatch for a field that was not generated.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            marker: PhantomData,
        }
    }

    /// The field's name in Odoo.
    pub const fn name(self) -> &'static str {
        self.name
    }

    fn wire(self) -> Cow<'static, str> {
        Cow::Borrowed(self.name)
    }

    /// Ascending by this field.
    pub fn asc(self) -> Order<M>
    where
        K: Sortable,
    {
        Order::term(self.name, "asc")
    }

    /// Descending by this field.
    pub fn desc(self) -> Order<M>
    where
        K: Sortable,
    {
        Order::term(self.name, "desc")
    }
}

#[cfg(feature = "decimal")]
impl<M, K: super::kind::Numeric> Field<M, K> {
    /// The same field, read and written as a decimal.
    pub const fn as_decimal(self) -> Field<M, super::kind::Exact> {
        Field::new(self.name)
    }
}

impl<M, K> Clone for Field<M, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, K> Copy for Field<M, K> {}

impl<M, K> fmt::Debug for Field<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.name)
    }
}

/// A path that starts at the model `M`, crosses relations and ends at a field of the kind
/// `K`: `partner_id.country_id.code`. Domains take it; reading and writing do not.
pub struct Path<M, K> {
    path: String,
    marker: PhantomData<fn() -> (M, K)>,
}

impl<M, K> Path<M, K> {
    fn new(path: String) -> Self {
        Self {
            path,
            marker: PhantomData,
        }
    }

    fn wire(self) -> Cow<'static, str> {
        Cow::Owned(self.path)
    }
}

impl<M, K> Clone for Path<M, K> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M, K> fmt::Debug for Path<M, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.path)
    }
}

/// The operators of domains (`odoo/orm/domains.py`, `CONDITION_OPERATORS`), for fields and
/// paths alike.
macro_rules! operators {
    ($subject:ident) => {
        impl<M, K> $subject<M, K> {
            fn leaf(self, operator: &str, value: Value) -> Domain<M> {
                Domain::leaf(&self.wire(), operator, &value)
            }

            /// Follows the relation to a field of its target.
            pub fn dot<L>(self, field: Field<K::Target, L>) -> Path<M, L>
            where
                K: Relational,
            {
                Path::new(format!("{}.{}", self.wire(), field.name))
            }

            /// Is equal to the value; of an x2many, holds the record.
            pub fn eq<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Equatable,
            {
                self.leaf("=", value.into_operand())
            }

            /// Is not equal to the value (an empty field is not equal to anything set).
            pub fn ne<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Equatable,
            {
                self.leaf("!=", value.into_operand())
            }

            /// Is one of the values.
            pub fn is_in<V: Operand<K>>(self, values: impl IntoIterator<Item = V>) -> Domain<M>
            where
                K: Equatable,
            {
                let values = values.into_iter().map(Operand::into_operand).collect();
                self.leaf("in", Value::Array(values))
            }

            /// Is none of the values.
            pub fn not_in<V: Operand<K>>(self, values: impl IntoIterator<Item = V>) -> Domain<M>
            where
                K: Equatable,
            {
                let values = values.into_iter().map(Operand::into_operand).collect();
                self.leaf("not in", Value::Array(values))
            }

            /// Is more than the value.
            pub fn gt<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Ordered,
            {
                self.leaf(">", value.into_operand())
            }

            /// Is at least the value.
            pub fn ge<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Ordered,
            {
                self.leaf(">=", value.into_operand())
            }

            /// Is less than the value.
            pub fn lt<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Ordered,
            {
                self.leaf("<", value.into_operand())
            }

            /// Is at most the value.
            pub fn le<V: Operand<K>>(self, value: V) -> Domain<M>
            where
                K: Ordered,
            {
                self.leaf("<=", value.into_operand())
            }

            /// Contains the text, by letter case. Of a relation, its record's name does.
            pub fn like(self, text: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("like", json!(text))
            }

            /// Contains the text, whatever the letter case.
            pub fn ilike(self, text: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("ilike", json!(text))
            }

            /// Does not contain the text, by letter case.
            pub fn not_like(self, text: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("not like", json!(text))
            }

            /// Does not contain the text, whatever the letter case.
            pub fn not_ilike(self, text: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("not ilike", json!(text))
            }

            /// Matches the whole pattern by letter case: `%` any text, `_` any character.
            pub fn matches(self, pattern: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("=like", json!(pattern))
            }

            /// Matches the whole pattern, whatever the letter case.
            pub fn imatches(self, pattern: &str) -> Domain<M>
            where
                K: Textual,
            {
                self.leaf("=ilike", json!(pattern))
            }

            /// Has a value.
            pub fn is_set(self) -> Domain<M>
            where
                K: Nullable,
            {
                self.leaf("!=", json!(false))
            }

            /// Has no value.
            pub fn is_unset(self) -> Domain<M>
            where
                K: Nullable,
            {
                self.leaf("=", json!(false))
            }

            /// Points to at least one record that the domain finds. Odoo 17 and newer.
            pub fn any(self, domain: Domain<K::Target>) -> Domain<M>
            where
                K: Relational,
            {
                self.leaf("any", domain.to_json())
            }

            /// Points to no record that the domain finds. Odoo 17 and newer.
            pub fn not_any(self, domain: Domain<K::Target>) -> Domain<M>
            where
                K: Relational,
            {
                self.leaf("not any", domain.to_json())
            }

            /// Is the record or lies below it in the target's hierarchy.
            pub fn child_of<V: Operand<K>>(self, record: V) -> Domain<M>
            where
                K: Equatable,
            {
                self.leaf("child_of", record.into_operand())
            }

            /// Is the record or lies above it in the target's hierarchy.
            pub fn parent_of<V: Operand<K>>(self, record: V) -> Domain<M>
            where
                K: Equatable,
            {
                self.leaf("parent_of", record.into_operand())
            }
        }
    };
}

operators!(Field);
operators!(Path);
