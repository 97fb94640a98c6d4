//! Selections: enums that survive keys that they do not know.

use std::fmt;
use std::hash::Hash;

use serde_json::Value;

/// The options of a selection field. Generated enums implement it; every one has a variant
/// for keys that were not known when it was generated, because modules add options.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the enum of a selection",
    note = "generated modules export their selections by field name, such as `sale_order::State`"
)]
pub trait Selection: Clone + PartialEq + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// The key that Odoo stores.
    fn as_str(&self) -> &str;

    /// The option with this key.
    fn from_key(key: &str) -> Self;

    /// The key as it is sent: text, and a number where the module declared numbers.
    fn to_json(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// A selection key whose options are not known: instance data (time zones, languages, model
/// names) or more options than an enum is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<str>);

impl Key {
    /// The key with this text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl Selection for Key {
    fn as_str(&self) -> &str {
        &self.0
    }

    fn from_key(key: &str) -> Self {
        Self(key.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// The wire form of a key that a module declared as a number. Generated code calls it.
pub fn numeric_key(key: &str) -> Value {
    key.parse::<i64>()
        .map_or_else(|_| Value::String(key.to_owned()), Value::from)
}
