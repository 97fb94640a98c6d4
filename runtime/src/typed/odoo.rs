//! The handle through which typed calls go.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::client::{Client, Config, Context, MethodCall};
use crate::error::{Error, ErrorKind, Result};

use super::kind::Kind;
use super::query::read_rows;
use super::{
    Action, Call, Field, HasRecord, Id, Ids, Model, Outcome, Projection, Query, Values, Whole,
};

/// Typed calls to one Odoo, in one context. Cheap to clone.
///
/// It does what it is told: whoever wants a person to confirm writes asks them first.
#[derive(Debug, Clone)]
pub struct Odoo {
    client: Client,
    context: Context,
    /// What each write carries.
    idempotency_key: Option<Arc<str>>,
}

impl Odoo {
    /// Typed calls through this client.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            context: Context::new(),
            idempotency_key: None,
        }
    }

    /// Typed calls to this Odoo; nothing is sent before the first call.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the HTTP client cannot be set up.
    pub fn connect(config: Config) -> Result<Self> {
        Client::new(config).map(Self::new)
    }

    /// Typed calls to the Odoo of the environment: `ODOO_URL`, `ODOO_DB`, `ODOO_USERNAME`
    /// and `ODOO_PASSWORD` or `ODOO_API_KEY`.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] naming the variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        Config::from_env().and_then(Self::connect)
    }

    /// The client underneath, for calls without types.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The context of the calls.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The same connection with more context; keys that are not named keep their value.
    #[must_use]
    pub fn with_context(&self, context: &Context) -> Self {
        let merged = context
            .as_map()
            .iter()
            .fold(self.context.clone(), |merged, (key, value)| {
                merged.set(key.clone(), value.clone())
            });
        Self {
            context: merged,
            ..self.clone()
        }
    }

    /// The same connection, whose next write carries this key: Odoo then does it at most once,
    /// also when it is sent again because its answer was lost. Queries are not touched.
    ///
    /// Creates, updates, deletes, actions and methods are writes. A key stands for one of them
    /// ([`create_all`](Self::create_all) is one too), so take a new key for each; how long it
    /// holds and how it fails is told at [`Client::with_idempotency_key`].
    ///
    /// ```no_run
    /// # use butopea_runtime::typed::prelude::*;
    /// # async fn example<M: Model>(odoo: Odoo, values: Values<M>) -> Result<(), Error> {
    /// let id = odoo
    ///     .with_idempotency_key("import-2026-07-31-line-17")
    ///     .create(values)
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_idempotency_key(&self, key: impl Into<String>) -> Self {
        Self {
            idempotency_key: Some(key.into().into()),
            ..self.clone()
        }
    }

    /// The client for writes, with the key if there is one.
    pub(super) fn writer(&self) -> Client {
        match &self.idempotency_key {
            Some(key) => self.client.with_idempotency_key(key.as_ref()),
            None => self.client.clone(),
        }
    }

    /// A search of records of the model `M`.
    pub fn query<M: Model>(&self) -> Query<M> {
        Query::new(self)
    }

    /// Reads one record.
    ///
    /// # Errors
    /// [`ErrorKind::MissingRecord`] when it does not exist, and any failure of a call.
    pub async fn get<M: HasRecord>(&self, id: impl Into<Id<M>>) -> Result<M::Record> {
        let id = id.into();
        let mut records = self.read(id, Whole).await?;
        records.pop().ok_or_else(|| {
            Error::new(
                ErrorKind::MissingRecord,
                format!("{} {id} does not exist", M::NAME),
            )
        })
    }

    /// Reads fields of records; records that do not exist are missing from the answer.
    ///
    /// # Errors
    /// Any failure of a call, and [`ErrorKind::Decode`].
    pub async fn read<M: Model, P: Projection<M>>(
        &self,
        ids: impl Into<Ids<M>>,
        projection: P,
    ) -> Result<Vec<P::Output>> {
        let ids = ids.into().to_raw();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut fields = Vec::new();
        projection.fields(&mut fields);
        let fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        let rows = self
            .client
            .read(M::NAME, &ids, &fields, &self.context)
            .await?;
        read_rows::<M, P>(&projection, &[], &rows)
    }

    /// Creates a record.
    ///
    /// # Errors
    /// Any failure of a call; nothing is created then, unless it is
    /// [`ErrorKind::Uncertain`] or [`ErrorKind::Timeout`].
    pub async fn create<M: Model>(&self, values: Values<M>) -> Result<Id<M>> {
        let maps = vec![Value::Object(values.into_map())];
        let ids = self.create_maps(M::NAME, maps).await?;
        ids.first().copied().map(Id::new).ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                format!("create on {} answered no id", M::NAME),
            )
        })
    }

    /// Creates several records in one transaction: all or none.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_all<M: Model>(&self, values: Vec<Values<M>>) -> Result<Ids<M>> {
        let maps = values
            .into_iter()
            .map(|values| Value::Object(values.into_map()))
            .collect();
        let ids = self.create_maps(M::NAME, maps).await?;
        Ok(ids.into_iter().map(Id::new).collect())
    }

    async fn create_maps(&self, model: &str, mut maps: Vec<Value>) -> Result<Vec<i64>> {
        // One record goes as an object, which the older module takes too.
        let values = match maps.len() {
            0 => return Ok(Vec::new()),
            1 => maps.remove(0),
            _ => Value::Array(maps),
        };
        self.writer().create(model, values, &self.context).await
    }

    /// Changes records.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn update<M: Model>(&self, ids: impl Into<Ids<M>>, values: Values<M>) -> Result<()> {
        let ids = ids.into().to_raw();
        if ids.is_empty() || values.is_empty() {
            return Ok(());
        }
        self.writer()
            .write(M::NAME, &ids, values.into_map(), &self.context)
            .await
    }

    /// Deletes records for good.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn delete<M: Model>(&self, ids: impl Into<Ids<M>>) -> Result<()> {
        let ids = ids.into().to_raw();
        if ids.is_empty() {
            return Ok(());
        }
        self.writer().unlink(M::NAME, &ids, &self.context).await
    }

    /// Presses a button of the records' form view.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn call<A: Action>(
        &self,
        ids: impl Into<Ids<A::Model>>,
        _action: A,
    ) -> Result<Outcome> {
        self.call_method(ids, A::METHOD).outcome().await
    }

    /// Calls any public method on records; an empty `Ids` calls it on the model.
    pub fn call_method<M: Model>(&self, ids: impl Into<Ids<M>>, method: &str) -> Call<M> {
        Call::new(self.clone(), method, ids.into().to_raw())
    }

    /// What Odoo would fill in for these fields when a record is created (`default_get`).
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn defaults<M: Model, P: Projection<M>>(&self, fields: P) -> Result<Defaults<M>> {
        let mut names = Vec::new();
        fields.fields(&mut names);
        let call = MethodCall::new(M::NAME, "default_get").arg(json!(names));
        let answer = self.client.call(&call, &self.context).await?;
        match answer {
            Value::Object(values) => Ok(Defaults {
                values,
                model: PhantomData,
            }),
            _ => Err(Error::new(
                ErrorKind::Protocol,
                format!("default_get on {} answered no object", M::NAME),
            )),
        }
    }
}

/// The defaults of a new record of the model `M`, as Odoo answered them.
pub struct Defaults<M> {
    values: Map<String, Value>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Defaults<M> {
    /// The default of a field; `None` when Odoo has none.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the default is not a value of the field. X2many defaults
    /// are commands, not ids: see [`into_values`](Self::into_values).
    pub fn get<K: Kind>(&self, field: Field<M, K>) -> Result<Option<K::Value>> {
        if !self.values.contains_key(field.name()) {
            return Ok(None);
        }
        let mut row = super::Row::new(M::NAME, &self.values);
        let value = row.field(field);
        row.finish().map(|()| Some(value))
    }

    /// The defaults as values for a create.
    pub fn into_values(self) -> Values<M> {
        Values::from_map(self.values)
    }
}
