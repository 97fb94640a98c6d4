//! The descriptors that calls are checked with: fetched from the live Odoo when first needed
//! and kept for a while.
//!
//! The schema files of a checkout describe the instance that they were generated from; the
//! one that is connected may have other fields. So a check always uses what the connected
//! Odoo says about this user, and a refusal is never given from a stale answer.
//!
//! What is kept holds for one fingerprint of Odoo's schema. While Odoo still answers with the
//! same one, it is used without asking again; another one makes all of it go.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::policy::ModelPolicy;
use super::profile::Profile;
use crate::client::{Client, Context};
use crate::error::{ErrorKind, Result};
use crate::schema::ModelSchema;

/// How long a schema is used without asking again.
const FRESH_FOR: Duration = Duration::from_secs(600);
/// A refusal is given from a schema that is younger than this.
const REFUSE_WITHIN: Duration = Duration::from_secs(30);
/// The most schemas kept; the oldest leave first.
const MAX_KEPT: usize = 256;
/// The most that the kept schemas take, as they are written down (in memory a little more). One
/// takes about 100 kB.
const MAX_BYTES: usize = 24 * 1024 * 1024;

#[derive(Clone)]
struct Kept {
    /// `None`: the module there is too old to describe its models.
    schema: Option<Arc<ModelSchema>>,
    /// When it was asked for: what a refusal is given from.
    fetched: Instant,
    /// When Odoo last said that it still holds.
    confirmed: Instant,
    bytes: usize,
}

/// The schemas of the connected Odoo, by model.
pub(crate) struct SchemaStore {
    kept: RwLock<HashMap<String, Kept>>,
    /// Says which fields of a model come first.
    profile: Arc<Profile>,
    /// Says which models may be read only.
    policy: ModelPolicy,
    /// What Odoo's schema was known by when the kept ones were fetched.
    fingerprint: RwLock<Option<String>>,
}

impl SchemaStore {
    /// An empty store.
    pub(crate) fn new(profile: Arc<Profile>, policy: ModelPolicy) -> Self {
        Self {
            kept: RwLock::default(),
            profile,
            policy,
            fingerprint: RwLock::default(),
        }
    }

    /// Forgets everything, for a new connection.
    pub(crate) fn clear(&self) {
        *self
            .fingerprint
            .write()
            .unwrap_or_else(PoisonError::into_inner) = None;
        self.kept
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Odoo's schema is known by this fingerprint now. What is kept under another one is
    /// forgotten; what is kept under the same one still holds.
    pub(crate) fn confirm(&self, fingerprint: Option<&str>) {
        let mut known = self
            .fingerprint
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let is_first = known.is_none();
        let is_same = fingerprint.is_some() && known.as_deref() == fingerprint;
        *known = fingerprint.map(str::to_owned);
        drop(known);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if is_same {
            let now = Instant::now();
            kept.values_mut().for_each(|kept| kept.confirmed = now);
        } else if !is_first {
            kept.clear();
        }
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
        let is_fresh = |kept: Kept| kept.fetched.elapsed() < REFUSE_WITHIN;
        if self.entry(model, FRESH_FOR).is_some_and(is_fresh) {
            return Ok(None);
        }
        self.fetch(client, model).await
    }

    fn entry(&self, model: &str, younger_than: Duration) -> Option<Kept> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(model)
            .filter(|kept| kept.confirmed.elapsed() < younger_than)
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
        self.policy.limit(model, &mut schema.access);
        let schema = (!schema.fields.is_empty()).then(|| Arc::new(schema));
        self.keep(model, schema.clone());
        schema
    }

    fn keep(&self, model: &str, schema: Option<Arc<ModelSchema>>) {
        let bytes = schema.as_deref().map_or(0, size_of);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.remove(model);
        let mut total: usize = kept.values().map(|kept| kept.bytes).sum();
        while kept.len() >= MAX_KEPT || (total + bytes > MAX_BYTES && !kept.is_empty()) {
            let oldest = kept
                .iter()
                .min_by_key(|(_, kept)| kept.fetched)
                .map(|(name, _)| name.clone());
            let gone = oldest.and_then(|oldest| kept.remove(&oldest));
            total -= gone.map_or(0, |gone| gone.bytes);
        }
        let fetched = Instant::now();
        kept.insert(
            model.to_owned(),
            Kept {
                schema,
                fetched,
                confirmed: fetched,
                bytes,
            },
        );
    }
}

/// How long a schema is when it is written down.
fn size_of(schema: &ModelSchema) -> usize {
    serde_json::to_vec(schema).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(model: &str, help: usize) -> ModelSchema {
        ModelSchema::from_wire(&json!({
            "model": model,
            "fields": {"name": {"type": "char", "help": "x".repeat(help)}}
        }))
        .unwrap()
    }

    fn kept(store: &SchemaStore) -> (usize, usize) {
        let kept = store.kept.read().unwrap();
        (kept.len(), kept.values().map(|kept| kept.bytes).sum())
    }

    #[test]
    fn the_store_is_bounded_by_count() {
        let store = SchemaStore::new(Arc::new(Profile::all()), ModelPolicy::default());
        for number in 0..2 * MAX_KEPT {
            let name = format!("x.model{number}");
            store.keep_fetched(&name, schema(&name, 1));
        }
        assert_eq!(kept(&store).0, MAX_KEPT);
        assert!(store.known("x.model0").is_none(), "the oldest leave");
        assert!(
            store
                .known(&format!("x.model{}", 2 * MAX_KEPT - 1))
                .is_some()
        );
    }

    #[test]
    fn the_store_is_bounded_by_bytes() {
        let store = SchemaStore::new(Arc::new(Profile::all()), ModelPolicy::default());
        let large = MAX_BYTES / 4;
        for number in 0..8 {
            let name = format!("x.large{number}");
            store.keep_fetched(&name, schema(&name, large));
            assert!(kept(&store).1 <= MAX_BYTES);
        }
        assert_eq!(kept(&store).0, 3);
        // The same model again takes the place of the one before.
        store.keep_fetched("x.large7", schema("x.large7", large));
        assert_eq!(kept(&store).0, 3);
    }

    #[test]
    fn a_schema_holds_for_one_fingerprint() {
        let store = SchemaStore::new(Arc::new(Profile::all()), ModelPolicy::default());
        store.keep_fetched("x", schema("x", 1));
        store.confirm(Some("a"));
        assert!(store.known("x").is_some(), "the first one says nothing new");
        let before = store.entry("x", FRESH_FOR).unwrap();
        store.confirm(Some("a"));
        let after = store.entry("x", FRESH_FOR).unwrap();
        assert!(after.confirmed > before.confirmed);
        assert_eq!(after.fetched, before.fetched, "a refusal asks anew");
        store.confirm(Some("b"));
        assert!(store.known("x").is_none());
        store.keep_fetched("x", schema("x", 1));
        store.confirm(None);
        assert!(
            store.known("x").is_none(),
            "an unknown one is never the same"
        );
    }
}
