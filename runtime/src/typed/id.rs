//! Ids that know their model.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Serialize, Serializer};

use super::Model;

/// The id of a record of the model `M`.
pub struct Id<M> {
    raw: i64,
    model: PhantomData<fn() -> M>,
}

impl<M> Id<M> {
    /// The id with this number. Whether the record exists only Odoo knows.
    pub const fn new(raw: i64) -> Self {
        Self {
            raw,
            model: PhantomData,
        }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.raw
    }
}

impl<M> Clone for Id<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Id<M> {}

impl<M> PartialEq for Id<M> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl<M> Eq for Id<M> {}

impl<M> PartialOrd for Id<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Id<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.raw.cmp(&other.raw)
    }
}

impl<M> Hash for Id<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl<M: Model> fmt::Debug for Id<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", M::NAME, self.raw)
    }
}

impl<M> fmt::Display for Id<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

impl<M> Serialize for Id<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.raw)
    }
}

impl<M> From<i64> for Id<M> {
    fn from(raw: i64) -> Self {
        Self::new(raw)
    }
}

/// A list of ids of the model `M`, in Odoo's order: the value of one2many and many2many.
pub struct Ids<M>(Vec<Id<M>>);

impl<M> Ids<M> {
    /// No ids.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The numbers.
    pub fn to_raw(&self) -> Vec<i64> {
        self.0.iter().map(|id| id.get()).collect()
    }

    /// The ids as a vector.
    pub fn into_vec(self) -> Vec<Id<M>> {
        self.0
    }
}

impl<M> Default for Ids<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Ids<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M> PartialEq for Ids<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M> Eq for Ids<M> {}

impl<M: Model> fmt::Debug for Ids<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", M::NAME, self.to_raw())
    }
}

impl<M> Deref for Ids<M> {
    type Target = [Id<M>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<M> FromIterator<Id<M>> for Ids<M> {
    fn from_iter<I: IntoIterator<Item = Id<M>>>(ids: I) -> Self {
        Self(ids.into_iter().collect())
    }
}

impl<M> IntoIterator for Ids<M> {
    type Item = Id<M>;
    type IntoIter = std::vec::IntoIter<Id<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, M> IntoIterator for &'a Ids<M> {
    type Item = &'a Id<M>;
    type IntoIter = std::slice::Iter<'a, Id<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<M> From<Id<M>> for Ids<M> {
    fn from(id: Id<M>) -> Self {
        Self(vec![id])
    }
}

impl<M> From<Vec<Id<M>>> for Ids<M> {
    fn from(ids: Vec<Id<M>>) -> Self {
        Self(ids)
    }
}

impl<M> From<&[Id<M>]> for Ids<M> {
    fn from(ids: &[Id<M>]) -> Self {
        Self(ids.to_vec())
    }
}

impl<M> From<&Ids<M>> for Ids<M> {
    fn from(ids: &Ids<M>) -> Self {
        ids.clone()
    }
}

impl<M, const N: usize> From<[Id<M>; N]> for Ids<M> {
    fn from(ids: [Id<M>; N]) -> Self {
        Self(ids.to_vec())
    }
}

impl<M> From<&Many2one<M>> for Ids<M> {
    fn from(link: &Many2one<M>) -> Self {
        link.id.into()
    }
}

/// A link to one record: its id and, where Odoo sent it, its display name.
pub struct Many2one<M> {
    /// The record that it points to.
    pub id: Id<M>,
    /// The display name; `None` where Odoo sent none (the user may not read the record).
    pub name: Option<String>,
}

impl<M> Clone for Many2one<M> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            name: self.name.clone(),
        }
    }
}

/// Two links are equal when they point to the same record, whatever the name.
impl<M> PartialEq for Many2one<M> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl<M> Eq for Many2one<M> {}

impl<M> Hash for Many2one<M> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<M: Model> fmt::Debug for Many2one<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{:?} {name:?}", self.id),
            None => self.id.fmt(f),
        }
    }
}

impl<M> From<Many2one<M>> for Id<M> {
    fn from(link: Many2one<M>) -> Self {
        link.id
    }
}

impl<M> From<&Many2one<M>> for Id<M> {
    fn from(link: &Many2one<M>) -> Self {
        link.id
    }
}
