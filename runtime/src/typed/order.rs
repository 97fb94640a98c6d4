//! Sort orders.

use std::fmt;
use std::marker::PhantomData;

/// A sort order of records of the model `M`, made by [`Field::asc`](super::Field::asc) and
/// [`Field::desc`](super::Field::desc).
#[must_use]
pub struct Order<M> {
    text: String,
    model: PhantomData<fn() -> M>,
}

impl<M> Order<M> {
    pub(super) fn term(field: &str, direction: &str) -> Self {
        Self {
            text: format!("{field} {direction}"),
            model: PhantomData,
        }
    }

    /// Where this order leaves records equal, sorts by the other.
    pub fn then(mut self, other: &Self) -> Self {
        self.text.push_str(", ");
        self.text.push_str(&other.text);
        self
    }

    /// The order as Odoo reads it: `date_order desc, id asc`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            model: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
