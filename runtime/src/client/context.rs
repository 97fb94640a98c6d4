//! The Odoo context of a call: language, time zone, companies, archived records.

use serde_json::{Map, Value, json};

/// Keys that Odoo merges over the user's own context for one call
/// (`odoo/api.py`, `Environment.context`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Context(Map<String, Value>);

impl Context {
    /// The user's own context, unchanged.
    pub fn new() -> Self {
        Self::default()
    }

    /// The language of labels, messages and translated fields (`fr_BE`).
    #[must_use]
    pub fn lang(self, code: impl Into<String>) -> Self {
        self.set("lang", code.into())
    }

    /// The time zone in which Odoo groups and formats (`Europe/Brussels`).
    #[must_use]
    pub fn timezone(self, name: impl Into<String>) -> Self {
        self.set("tz", name.into())
    }

    /// The active companies; the first is the current one.
    #[must_use]
    pub fn companies(self, ids: impl IntoIterator<Item = i64>) -> Self {
        let ids: Vec<i64> = ids.into_iter().collect();
        self.set("allowed_company_ids", json!(ids))
    }

    /// `false` makes searches see archived records too.
    #[must_use]
    pub fn active_test(self, active_only: bool) -> Self {
        self.set("active_test", active_only)
    }

    /// Any other key.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// These keys: those of an action that Odoo answered.
    pub fn from_map(keys: Map<String, Value>) -> Self {
        Self(keys)
    }

    /// The keys as they are sent.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
