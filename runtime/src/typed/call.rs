//! Calls of any public method: the typed escape hatch.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::MethodCall;
use crate::error::{Error, ErrorKind, Result};

use super::{Model, Odoo, Outcome};

/// A call of a public method on records of the model `M`, being put together.
#[must_use = "a call is not made before `send` or `outcome` is awaited"]
pub struct Call<M> {
    odoo: Odoo,
    request: MethodCall,
    problem: Option<Error>,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Call<M> {
    pub(super) fn new(odoo: Odoo, method: &str, ids: Vec<i64>) -> Self {
        Self {
            odoo,
            request: MethodCall::new(M::NAME, method).ids(ids),
            problem: None,
            model: PhantomData,
        }
    }

    /// Adds a positional argument.
    pub fn arg(mut self, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.request.args.push(value),
            Err(error) => self.remember("an argument", &error),
        }
        self
    }

    /// Adds a named argument.
    pub fn kwarg(mut self, name: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.request.kwargs.insert(name.to_owned(), value);
            }
            Err(error) => self.remember(name, &error),
        }
        self
    }

    /// Has the call done at most once under this key: see [`Odoo::with_idempotency_key`].
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.request.idempotency_key = Some(key.into());
        self
    }

    fn remember(&mut self, what: &str, error: &serde_json::Error) {
        self.problem.get_or_insert_with(|| {
            Error::invalid_call(format!("{what} cannot be sent as JSON: {error}"))
        });
    }

    /// Makes the call and reads the answer as a type of yours.
    ///
    /// # Errors
    /// Any failure of a call, and [`ErrorKind::Decode`] when the answer is not a `T`.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        let method = self.request.method.clone();
        let answer = self.answer().await?;
        serde_json::from_value(answer).map_err(|error| {
            Error::new(
                ErrorKind::Decode,
                format!("{}.{method} answered something else: {error}", M::NAME),
            )
        })
    }

    /// Makes the call and reads the answer as the outcome of an action.
    ///
    /// # Errors
    /// Any failure of a call.
    pub async fn outcome(self) -> Result<Outcome> {
        self.answer().await.map(Outcome::from)
    }

    fn answer(self) -> impl Future<Output = Result<Value>> {
        answer(self.odoo, self.request, self.problem)
    }
}

async fn answer(odoo: Odoo, request: MethodCall, problem: Option<Error>) -> Result<Value> {
    match problem {
        Some(problem) => Err(problem),
        None => odoo.writer().call(&request, odoo.context()).await,
    }
}
