//! The client of one Odoo: signs in, calls the routes of the module `butopea_mcp`, maps
//! failures to [`crate::error`].
//!
//! On the data's way: **live Odoo ⇄ client** → snapshot → code and schemas → tools. The
//! generator fetches schemas through it, the server and the typed API send every call
//! through it. The wire format is documented in `addons/butopea_mcp/README.rst`.

mod actions;
mod cancel;
mod config;
mod context;
#[cfg(feature = "generate")]
mod describe;
mod fault;
mod features;
mod files;
mod grouping;
mod guard;
mod idempotency;
mod requests;
mod schemas;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use actions::{
    ActionsNow, Button, FormColumn, FormCurrency, FormField, MenuEntry, OpenedAction, OpenedForm,
    Pressed, PrintEntry, RecordState, State, TrackedChange,
};
pub use cancel::Cancellation;
#[cfg(feature = "server")]
pub(crate) use config::parse_base_url;
pub use config::{Config, Credentials};
pub use context::Context;
#[cfg(feature = "generate")]
pub use describe::{Answer, Described, LABEL_LANGUAGE, describe, wanted_models};
pub use grouping::{GroupKey, Grouping, RecordGroup};
pub use guard::ModelGuard;
pub use requests::{
    Capabilities, MethodCall, ModelSummary, Named, Page, RawRecord, SchemaBatch, SearchRead, User,
};

use crate::error::{Error, ErrorKind, Result};
use features::Features;
#[cfg(all(feature = "server", any(test, feature = "fuzzing")))]
pub(crate) use transport::fuzzing;
use transport::{Effect, Transport};

/// A connection to one Odoo as one user. Cheap to clone: clones share the session and the
/// connection pool. It signs in at the first call and again when the session has expired.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    /// What each write carries.
    idempotency_key: Option<Arc<str>>,
    features: Arc<Features>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", self.transport.config())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares a client; nothing is sent before the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the HTTP client cannot be set up.
    pub fn new(config: Config) -> Result<Self> {
        Ok(Self {
            transport: Arc::new(Transport::new(config)?),
            idempotency_key: None,
            features: Arc::default(),
        })
    }

    /// The configuration of this client.
    pub fn config(&self) -> &Config {
        self.transport.config()
    }

    /// Signs in now instead of at the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Authentication`], [`ErrorKind::Unreachable`], [`ErrorKind::Configuration`]
    /// or [`ErrorKind::ModuleMissing`].
    pub async fn sign_in(&self) -> Result<()> {
        self.transport.ensure_session().await
    }

    /// Forgets the session; the next call signs in anew.
    pub fn sign_out(&self) {
        self.transport.forget_session();
        self.transport.breaker().reset();
        self.features.forget();
    }

    /// Ends the session in Odoo, too. A failure is of no account: Odoo ends sessions by itself
    /// when they have been idle for long.
    pub async fn end_session(&self) {
        self.transport.end_session(Duration::ZERO).await;
    }

    /// [`Self::end_session`], tried again for `patience` while Odoo is away, as at its restart.
    pub async fn end_session_within(&self, patience: Duration) {
        self.transport.end_session(patience).await;
    }

    /// Whether a session is open that [`Self::end_session`] would end.
    pub fn has_session(&self) -> bool {
        self.transport.has_session()
    }

    /// Whether Odoo answers at all; nobody signs in for it.
    pub async fn is_alive(&self) -> bool {
        self.transport.is_alive().await
    }

    /// Who is signed in and what they can reach.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn capabilities(&self, context: &Context) -> Result<Capabilities> {
        let answer = self
            .request("/mcp/capabilities", Map::new(), context, Effect::Read)
            .await?;
        let capabilities = serde_json::from_value(answer)
            .map_err(|error| protocol(format!("the capabilities cannot be read: {error}")))?;
        self.features.learn(&capabilities);
        Ok(capabilities)
    }

    /// Searches and reads in one request.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn search_read(&self, search: &SearchRead, context: &Context) -> Result<Page> {
        let answer = self
            .request("/mcp/search", search.params(), context, Effect::Read)
            .await
            .map_err(|error| explain_unknown_model(error, &search.model))?;
        let Value::Object(mut answer) = answer else {
            return Err(protocol("a search answered no object".to_owned()));
        };
        let records: Vec<RawRecord> = answer
            .remove("records")
            .and_then(into_records)
            .ok_or_else(|| protocol("a search answered no records".to_owned()))?;
        let count = match answer.get("total").and_then(as_count) {
            Some(total) => total,
            None => self.total_of(search, &records, context).await?,
        };
        Ok(Page { count, records })
    }

    /// How many records a search finds in all: the older module does not say, and its `count`
    /// is that of the page. A page that is not full is the last one and tells by itself.
    async fn total_of(
        &self,
        search: &SearchRead,
        records: &[RawRecord],
        context: &Context,
    ) -> Result<u64> {
        let shown = records.len() as u64;
        let is_last = search.limit.is_none_or(|limit| shown < limit);
        if is_last && (shown > 0 || search.offset == 0) {
            return Ok(search.offset + shown);
        }
        self.search_count(&search.model, search.domain.clone(), context)
            .await
    }

    /// How many records the domain finds.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn search_count(&self, model: &str, domain: Value, context: &Context) -> Result<u64> {
        let call = MethodCall::new(model, "search_count").arg(domain);
        let answer = self.execute(call.params(), context, Effect::Read).await?;
        let result = answer.get("result").unwrap_or(&answer);
        as_count(result).ok_or_else(|| protocol("search_count answered no number".to_owned()))
    }

    /// Reads fields of records; records that do not exist are missing from the answer.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn read(
        &self,
        model: &str,
        ids: &[i64],
        fields: &[String],
        context: &Context,
    ) -> Result<Vec<RawRecord>> {
        let call = MethodCall::new(model, "read")
            .ids(ids.iter().copied())
            .arg(json!(fields));
        let mut answer = self.execute(call.params(), context, Effect::Read).await?;
        let result = answer.get_mut("result").map(Value::take).unwrap_or(answer);
        into_records(result).ok_or_else(|| protocol("read answered no list of records".to_owned()))
    }

    /// Calls a public method and returns its result as JSON; for `create` the id, for `write`
    /// and `unlink` the ids.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`]. The call is not repeated, unless it carries an
    /// [idempotency key](Self::with_idempotency_key).
    pub async fn call(&self, call: &MethodCall, context: &Context) -> Result<Value> {
        let key = call.idempotency_key.as_deref();
        let answer = self
            .change(&call.model, call.params(), key, context)
            .await?;
        Ok(result_of(answer))
    }

    /// Calls a public method that changes nothing and returns its result as JSON. Asked once
    /// more when the connection breaks, unlike [`call`](Self::call).
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn ask(&self, call: &MethodCall, context: &Context) -> Result<Value> {
        let mut answer = self
            .execute(call.params(), context, Effect::Read)
            .await
            .map_err(|error| explain_unknown_model(error, &call.model))?;
        Ok(answer.get_mut("result").map_or(Value::Null, Value::take))
    }

    /// Creates one record (an object of values) or several (an array of them) and returns
    /// their ids.
    ///
    /// # Errors
    /// Any failure of a call; nothing is created then.
    pub async fn create(&self, model: &str, values: Value, context: &Context) -> Result<Vec<i64>> {
        let mut params = MethodCall::new(model, "create").params();
        params.insert("values".into(), values);
        let answer = self.change(model, params, None, context).await?;
        if let Some(ids) = answer.get("ids").and_then(Value::as_array) {
            return Ok(ids.iter().filter_map(Value::as_i64).collect());
        }
        match answer.get("id").and_then(Value::as_i64) {
            Some(id) => Ok(vec![id]),
            None => Err(protocol("create answered no id".to_owned())),
        }
    }

    /// Changes records.
    ///
    /// # Errors
    /// Any failure of a call; nothing is changed then.
    pub async fn write(
        &self,
        model: &str,
        ids: &[i64],
        values: Map<String, Value>,
        context: &Context,
    ) -> Result<()> {
        let mut params = MethodCall::new(model, "write")
            .ids(ids.iter().copied())
            .params();
        params.insert("values".into(), Value::Object(values));
        self.change(model, params, None, context).await.map(drop)
    }

    /// Deletes records for good.
    ///
    /// # Errors
    /// Any failure of a call; nothing is deleted then.
    pub async fn unlink(&self, model: &str, ids: &[i64], context: &Context) -> Result<()> {
        let call = MethodCall::new(model, "unlink").ids(ids.iter().copied());
        self.change(model, call.params(), None, context)
            .await
            .map(drop)
    }

    /// Executes what may change something, under its own key or that of the client.
    async fn change(
        &self,
        model: &str,
        mut params: Map<String, Value>,
        key: Option<&str>,
        context: &Context,
    ) -> Result<Value> {
        let mut effect = Effect::Write;
        if let Some(key) = key.or(self.idempotency_key.as_deref()) {
            self.check_key(key).await?;
            params.insert("idempotency_key".into(), json!(key));
            effect = Effect::WriteOnce;
        }
        self.execute(params, context, effect)
            .await
            .map_err(|error| explain_unknown_model(error, model))
    }

    async fn execute(
        &self,
        params: Map<String, Value>,
        context: &Context,
        effect: Effect,
    ) -> Result<Value> {
        let answer = self
            .request("/mcp/execute", params, context, effect)
            .await?;
        // The older module reports a failure inside the result.
        match answer.get("error") {
            None | Some(Value::Null | Value::Bool(false)) => Ok(answer),
            Some(Value::String(text)) => Err(fault::from_error_text(text)),
            Some(error) => Err(fault::from_error_text(&error.to_string())),
        }
    }

    async fn request(
        &self,
        path: &str,
        mut params: Map<String, Value>,
        context: &Context,
        effect: Effect,
    ) -> Result<Value> {
        if let Some(guard) = &self.config().guard {
            guard::admit(guard.as_ref(), path, &params, effect)?;
        }
        let merged = self.full_context(context);
        if !merged.is_empty() {
            params.insert("context".into(), Value::Object(merged));
        }
        self.send(path, params, effect).await
    }
}

/// What a call of a method came to.
fn result_of(mut answer: Value) -> Value {
    match answer.as_object_mut() {
        Some(fields) => match fields.remove("result") {
            Some(result) => result,
            // `create`, `write` and `unlink` answer with ids in place of a result.
            None => ["id", "ids"]
                .iter()
                .find_map(|key| fields.remove(*key))
                .unwrap_or(Value::Null),
        },
        None => answer,
    }
}

/// A number, also as the text that the older module makes of it.
fn as_count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The records of an answer, taken apart without a second pass over their values.
fn into_records(answer: Value) -> Option<Vec<RawRecord>> {
    let Value::Array(records) = answer else {
        return None;
    };
    records
        .into_iter()
        .map(|record| match record {
            Value::Object(record) => Some(record),
            _ => None,
        })
        .collect()
}

/// Model names go into a path; anything else than Odoo's own alphabet
/// (`odoo/models.py`, `regex_object_name`) cannot be a model.
fn check_model_name(model: &str) -> Result<()> {
    let well_formed = !model.is_empty()
        && model.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte)
        });
    if well_formed {
        Ok(())
    } else {
        Err(Error::invalid_call(format!(
            "\"{model}\" is not a model name: those are lower-case words with dots, such as sale.order"
        )))
    }
}

/// A model that does not exist is a 404, a `KeyError` or an `AccessError` by route and series.
fn explain_unknown_model(error: Error, model: &str) -> Error {
    let names_model = error.message().contains(model);
    let is_key_error = error
        .exception()
        .is_some_and(|name| name.ends_with("KeyError"));
    if error.kind() == ErrorKind::UnknownModel || (is_key_error && names_model) {
        Error::new(
            ErrorKind::UnknownModel,
            format!("the model \"{model}\" does not exist in this Odoo"),
        )
        .with_hint("odoo_capabilities lists the models that this user can reach.")
    } else {
        error
    }
}

fn protocol(message: String) -> Error {
    Error::new(ErrorKind::Protocol, message)
}
