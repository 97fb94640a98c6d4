//! Projections: what of a record is asked for, and what it is read into.

use super::kind::Kind;
use super::{Field, HasRecord, Record, Row};

/// A part of a record of the model `M`: the whole default set ([`Whole`]), a struct of your
/// own ([`Custom`]), a field, or a tuple of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected from `{M}`",
    label = "expected fields of `{M}`, alone or in a tuple of at most eight",
    note = "for more fields, or names instead of positions, make a struct with `record!`"
)]
pub trait Projection<M>: Send {
    /// What a record becomes.
    type Output: Send + 'static;

    /// Adds the names of the fields that are asked for.
    fn fields(&self, names: &mut Vec<&'static str>);

    /// Reads the fields. Failures are kept in the row.
    fn read(&self, row: &mut Row<'_>) -> Self::Output;
}

/// The default set of fields, as the generated record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole;

impl<M: HasRecord> Projection<M> for Whole {
    type Output = M::Record;

    fn fields(&self, names: &mut Vec<&'static str>) {
        names.extend_from_slice(M::Record::FIELDS);
    }

    fn read(&self, row: &mut Row<'_>) -> Self::Output {
        M::Record::read(row)
    }
}

/// The fields of a struct made by [`record!`](crate::record).
pub struct Custom<R>(std::marker::PhantomData<fn() -> R>);

impl<R> Custom<R> {
    /// The projection onto `R`.
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<R> Default for Custom<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Record> Projection<R::Model> for Custom<R> {
    type Output = R;

    fn fields(&self, names: &mut Vec<&'static str>) {
        names.extend_from_slice(R::FIELDS);
    }

    fn read(&self, row: &mut Row<'_>) -> Self::Output {
        R::read(row)
    }
}

impl<M: 'static, K: Kind> Projection<M> for Field<M, K> {
    type Output = K::Value;

    fn fields(&self, names: &mut Vec<&'static str>) {
        names.push(self.name());
    }

    fn read(&self, row: &mut Row<'_>) -> Self::Output {
        row.field(*self)
    }
}

macro_rules! tuples {
    ($(($($part:ident $index:tt),+))+) => {$(
        impl<M, $($part: Projection<M>),+> Projection<M> for ($($part,)+) {
            type Output = ($($part::Output,)+);

            fn fields(&self, names: &mut Vec<&'static str>) {
                $(self.$index.fields(names);)+
            }

            fn read(&self, row: &mut Row<'_>) -> Self::Output {
                ($(self.$index.read(row),)+)
            }
        }
    )+};
}

// Eight, not more: impls for every arity are what made other typed query layers slow to
// compile, and from there on names read better than positions.
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
