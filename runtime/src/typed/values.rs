//! What a create or an update sends, and the commands of x2many fields.

use std::fmt;
use std::marker::PhantomData;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{Assign, Field, Id, Ids};

/// Values of fields of the model `M`, for a create or an update.
///
/// A field that is not set is left to Odoo: its default on create, unchanged on update.
#[must_use]
pub struct Values<M> {
    map: Map<String, Value>,
    model: PhantomData<fn() -> M>,
}

impl<M> Values<M> {
    /// No values yet.
    pub fn new() -> Self {
        Self::from_map(Map::new())
    }

    /// Values that are already in Odoo's form.
    pub fn from_map(map: Map<String, Value>) -> Self {
        Self {
            map,
            model: PhantomData,
        }
    }

    /// Sets a field; setting it again replaces the value.
    pub fn set<K, V: Assign<K>>(mut self, field: Field<M, K>, value: V) -> Self {
        self.map.insert(field.name().to_owned(), value.into_value());
        self
    }

    /// Sets a field where there is a value, and leaves it to Odoo otherwise.
    pub fn set_some<K, V: Assign<K>>(self, field: Field<M, K>, value: Option<V>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => self,
        }
    }

    /// Sets a field by name, in Odoo's form: for fields that were not generated.
    pub fn set_raw(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.map.insert(name.into(), value.into());
        self
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The values as they are sent.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.map
    }

    /// The values as they are sent.
    pub fn into_map(self) -> Map<String, Value> {
        self.map
    }
}

impl<M> Default for Values<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M> Clone for Values<M> {
    fn clone(&self) -> Self {
        Self::from_map(self.map.clone())
    }
}

impl<M> fmt::Debug for Values<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.map.fmt(f)
    }
}

/// One command of a one2many or many2many that points to the model `M`
/// (`odoo/orm/commands.py`, `Command`).
#[must_use]
pub struct Link<M> {
    command: Value,
    model: PhantomData<fn() -> M>,
}

impl<M> Link<M> {
    fn of(command: Value) -> Self {
        Self {
            command,
            model: PhantomData,
        }
    }

    /// Creates a record and links it.
    pub fn create(values: Values<M>) -> Self {
        Self::of(json!([0, 0, values.into_map()]))
    }

    /// Changes a linked record.
    pub fn update(id: impl Into<Id<M>>, values: Values<M>) -> Self {
        Self::of(json!([1, id.into().get(), values.into_map()]))
    }

    /// Deletes a linked record for good.
    pub fn delete(id: impl Into<Id<M>>) -> Self {
        Self::of(json!([2, id.into().get(), 0]))
    }

    /// Removes the link; the record stays.
    pub fn unlink(id: impl Into<Id<M>>) -> Self {
        Self::of(json!([3, id.into().get(), 0]))
    }

    /// Links a record that exists.
    #[allow(clippy::self_named_constructors)] // Odoo's own name for the command
    pub fn link(id: impl Into<Id<M>>) -> Self {
        Self::of(json!([4, id.into().get(), 0]))
    }

    /// Removes all links.
    pub fn clear() -> Self {
        Self::of(json!([5, 0, 0]))
    }

    /// Links these records and no others.
    pub fn set(ids: impl Into<Ids<M>>) -> Self {
        Self::of(json!([6, 0, ids.into().to_raw()]))
    }
}

impl<M> Clone for Link<M> {
    fn clone(&self) -> Self {
        Self::of(self.command.clone())
    }
}

impl<M> fmt::Debug for Link<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.command.fmt(f)
    }
}

impl<M> Serialize for Link<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.command.serialize(serializer)
    }
}
