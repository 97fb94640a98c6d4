//! The descriptors that calls are checked with: fetched from the live Odoo when first needed
//! and kept for a while.
//!
//! The schema files of a checkout describe the instance that they were generated from; the
//! one that is connected may have other fields. So a check always uses what the connected
//! Odoo says about this user, and a refusal is never given from a stale answer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::profile::Profile;
use crate::client::{Client, Context};
use crate::error::{ErrorKind, Result};
use crate::schema::ModelSchema;

/// How long a schema is used without asking again.
const FRESH_FOR: Duration = Duration::from_secs(600);
/// A refusal is given from a schema that is younger than this.
const REFUSE_WITHIN: Duration = Duration::from_secs(30);
/// The most schemas kept; the oldest leave first. One takes about 100 kB.
const MAX_KEPT: usize = 256;

#[derive(Clone)]
struct Kept {
    /// `None`: the module there is too old to describe its models.
    schema: Option<Arc<ModelSchema>>,
    fetched: Instant,
}

/// The schemas of the connected Odoo, by model.
pub(crate) struct SchemaStore {
    kept: RwLock<HashMap<String, Kept>>,
    /// Says which fields of a model come first.
    profile: Arc<Profile>,
}

impl SchemaStore {
    /// An empty store.
    pub(crate) fn new(profile: Arc<Profile>) -> Self {
        Self {
            kept: RwLock::default(),
            profile,
        }
    }

    /// Forgets everything, for a new connection.
    pub(crate) fn clear(&self) {
        self.kept
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// What is known of a model without asking.
    pub(crate) fn known(&self, model: &str) -> Option<Arc<ModelSchema>> {
        self.entry(model, FRESH_FOR).and_then(|kept| kept.schema)
    }

    /// The model's schema, or `None` where the older module cannot tell.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownModel`], [`ErrorKind::AccessDenied`] or a failure of the connection.
    pub(crate) async fn get(
        &self,
        client: &Client,
        model: &str,
    ) -> Result<Option<Arc<ModelSchema>>> {
        match self.entry(model, FRESH_FOR) {
            Some(kept) => Ok(kept.schema),
            None => self.fetch(client, model).await,
        }
    }

    /// Asks again before a call is refused, unless it was asked just now. `None` when the
    /// schema is fresh already.
    pub(crate) async fn renew(
        &self,
        client: &Client,
        model: &str,
    ) -> Result<Option<Arc<ModelSchema>>> {
        if self.entry(model, REFUSE_WITHIN).is_some() {
            return Ok(None);
        }
        self.fetch(client, model).await
    }

    fn entry(&self, model: &str, younger_than: Duration) -> Option<Kept> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(model)
            .filter(|kept| kept.fetched.elapsed() < younger_than)
            .cloned()
    }

    async fn fetch(&self, client: &Client, model: &str) -> Result<Option<Arc<ModelSchema>>> {
        match client.model_schema(model, None, &Context::new()).await {
            Ok(schema) => Ok(self.keep_fetched(model, schema)),
            Err(error) if error.kind() == ErrorKind::ModuleMissing => {
                self.keep(model, None);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps a schema that was just fetched, and returns it unless it says nothing: the older
    /// module answers every model with no fields at all.
    pub(crate) fn keep_fetched(
        &self,
        model: &str,
        mut schema: ModelSchema,
    ) -> Option<Arc<ModelSchema>> {
        schema.key_fields = self.profile.key_fields(model).to_vec();
        let schema = (!schema.fields.is_empty()).then(|| Arc::new(schema));
        self.keep(model, schema.clone());
        schema
    }

    fn keep(&self, model: &str, schema: Option<Arc<ModelSchema>>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(model) {
            let oldest = kept
                .iter()
                .min_by_key(|(_, kept)| kept.fetched)
                .map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                kept.remove(&oldest);
            }
        }
        let fetched = Instant::now();
        kept.insert(model.to_owned(), Kept { schema, fetched });
    }
}
