//! What is asked of the module's routes and what they answer, as plain data.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::schema::{Access, ModelSchema, lenient};

/// One record as Odoo sends it: field names to raw values.
pub type RawRecord = Map<String, Value>;

/// A search that returns records: the parameters of `/mcp/search`.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRead {
    /// The model to search.
    pub model: String,
    /// A domain in Odoo's prefix notation; `[]` finds all.
    pub domain: Value,
    /// The fields to read; empty means every field, which is rarely wanted.
    pub fields: Vec<String>,
    /// The most records to return; `None` returns all.
    pub limit: Option<u64>,
    /// How many records to skip.
    pub offset: u64,
    /// `"date_order desc, id"`; `None` is the model's own order.
    pub order: Option<String>,
}

impl SearchRead {
    /// A search of all records of a model.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            domain: json!([]),
            fields: Vec::new(),
            limit: None,
            offset: 0,
            order: None,
        }
    }

    pub(super) fn params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("model".into(), json!(self.model));
        params.insert("domain".into(), self.domain.clone());
        params.insert("fields".into(), json!(self.fields));
        // Odoo takes a limit of null or false for "no limit"; leaving it out would mean 80.
        params.insert("limit".into(), json!(self.limit));
        params.insert("offset".into(), json!(self.offset));
        if let Some(order) = &self.order {
            params.insert("order".into(), json!(order));
        }
        params
    }
}

/// A page of a [`SearchRead`].
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// How many records the domain finds in all, not on this page.
    pub count: u64,
    /// The records of this page.
    pub records: Vec<RawRecord>,
}

/// A call of a public method: the parameters of `/mcp/execute`.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodCall {
    /// The model whose method it is.
    pub model: String,
    /// The method; private ones are refused by Odoo.
    pub method: String,
    /// The records that it runs on; empty for a method of the model.
    pub ids: Vec<i64>,
    /// Positional arguments after the recordset.
    pub args: Vec<Value>,
    /// Named arguments.
    pub kwargs: Map<String, Value>,
    /// Under which key the call is done at most once: see [`Self::idempotency_key`].
    pub idempotency_key: Option<String>,
}

impl MethodCall {
    /// A call of `method` without records or arguments.
    pub fn new(model: impl Into<String>, method: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            method: method.into(),
            ids: Vec::new(),
            args: Vec::new(),
            kwargs: Map::new(),
            idempotency_key: None,
        }
    }

    /// Runs it on these records.
    #[must_use]
    pub fn ids(mut self, ids: impl IntoIterator<Item = i64>) -> Self {
        self.ids = ids.into_iter().collect();
        self
    }

    /// Adds a positional argument.
    #[must_use]
    pub fn arg(mut self, value: impl Into<Value>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Adds a named argument.
    #[must_use]
    pub fn kwarg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.kwargs.insert(name.into(), value.into());
        self
    }

    /// Has the call done at most once under this key, as
    /// [`Client::with_idempotency_key`](super::Client::with_idempotency_key) describes.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// All but the key: that stands beside the call, not in it.
    pub(super) fn params(&self) -> Map<String, Value> {
        let mut params = Map::new();
        params.insert("model".into(), json!(self.model));
        params.insert("method".into(), json!(self.method));
        params.insert("ids".into(), json!(self.ids));
        params.insert("args".into(), Value::Array(self.args.clone()));
        params.insert("kwargs".into(), Value::Object(self.kwargs.clone()));
        params
    }
}

/// A record named by id and name, as the module describes companies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// The record's id.
    pub id: i64,
    /// Its display name.
    #[serde(default)]
    pub name: String,
}

/// The signed-in user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The id in `res.users`.
    pub id: i64,
    /// The full name.
    #[serde(default)]
    pub name: String,
    /// The login.
    #[serde(default)]
    pub login: String,
    /// The language (`en_US`).
    #[serde(default, deserialize_with = "lenient::option")]
    pub lang: Option<String>,
    /// The time zone (`Europe/Brussels`).
    #[serde(default, deserialize_with = "lenient::option")]
    pub tz: Option<String>,
    /// The current company.
    #[serde(default, deserialize_with = "lenient::option")]
    pub company_id: Option<Named>,
    /// The companies that the user may work in.
    #[serde(default)]
    pub company_ids: Vec<Named>,
}

/// A model that the user reaches through the menus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ModelSummary {
    /// The technical name.
    pub model: String,
    /// The label.
    #[serde(default, deserialize_with = "lenient::option")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "lenient::option")]
    pub description: Option<String>,
    /// What the user may do; everything, where an older module does not say.
    #[serde(default)]
    pub access: Access,
    /// The root menus that lead to it (`Sales`).
    #[serde(default)]
    pub apps: Vec<String>,
    /// Whether its records are short-lived (a wizard).
    #[serde(default)]
    pub transient: bool,
}

/// What this user can reach: the answer of `/mcp/capabilities`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Capabilities {
    /// Who is signed in.
    pub user: User,
    /// The models that the user reaches through the menus.
    pub models: Vec<ModelSummary>,
    /// Odoo's full version (`19.0-20251222`); `None` from an older module.
    #[serde(default, deserialize_with = "lenient::option")]
    pub odoo_version: Option<String>,
    /// Odoo's series (`19.0`).
    #[serde(default, deserialize_with = "lenient::option")]
    pub odoo_series: Option<String>,
    /// The version of our module; `None` from an older module.
    #[serde(default, deserialize_with = "lenient::option")]
    pub module_version: Option<String>,
    /// The database's name.
    #[serde(default, deserialize_with = "lenient::option")]
    pub database: Option<String>,
    /// Changes when the registry, the user's rights or the language changes.
    #[serde(default, deserialize_with = "lenient::option")]
    pub schema_fingerprint: Option<String>,
    /// The routes that the module has besides the four old ones.
    #[serde(default)]
    pub routes: Vec<String>,
    /// What the routes do beyond their first version (`idempotency`, `cancel`).
    #[serde(default)]
    pub features: Vec<String>,
    /// Installed Odoo modules, where the user may see them.
    #[serde(default, deserialize_with = "lenient::option")]
    pub modules: Option<Vec<String>>,
}

impl Capabilities {
    /// The summary of this model, if the user reaches it through a menu.
    pub fn model(&self, name: &str) -> Option<&ModelSummary> {
        self.models.iter().find(|model| model.model == name)
    }
}

/// The schemas of several models: the answer of `/mcp/schemas`.
#[derive(Debug, Clone, Default)]
pub struct SchemaBatch {
    /// The schemas, by model.
    pub schemas: BTreeMap<String, ModelSchema>,
    /// Why the others could not be described, by model.
    pub errors: BTreeMap<String, Error>,
    /// The fingerprint of the registry that answered.
    pub fingerprint: Option<String>,
}
