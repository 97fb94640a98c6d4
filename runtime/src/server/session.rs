//! One user of the server: their connection to Odoo and what is known of it.
//!
//! A server on standard input and output has one such session, a server over HTTP one for
//! each user who is at work. Everything that depends on who is asking stands here, so that
//! nothing of it can reach another user; what is the same for all is [`Shared`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, Semaphore};

use super::freshness::Freshness;
use super::metrics::Running;
use super::present::Currency;
use super::reach::ReachCell;
use super::schemas::SchemaStore;
use super::{MAX_CONCURRENT_CALLS, Shared};
use crate::client::{Capabilities, Client, Config, Context, Credentials};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::nearest;

/// How many calls of one user run at once where there are many users: nobody takes all the
/// places.
const CALLS_OF_ONE_AMONG_MANY: usize = 8;

/// How long the end of a session in Odoo may hold up its successor.
const FAREWELL: Duration = Duration::from_secs(1);

/// For how long a session is still to be ended in an Odoo that is away: by then it has been
/// restarted, or even upgraded.
const RESTART: Duration = Duration::from_secs(15 * 60);

/// What was asked of Odoo once, and when.
pub(super) struct Known {
    pub(super) capabilities: Arc<Capabilities>,
    pub(super) asked: Instant,
    /// The models that this server keeps from assistants, as far as they are known by name.
    pub(super) closed: Arc<Vec<String>>,
}

/// A signed-in user, with all that was learnt on their behalf.
pub(crate) struct UserSession {
    /// What all users of this server share.
    pub(super) shared: Arc<Shared>,
    /// The connection, or why there is none: the server starts without one and says so.
    client: Result<Client>,
    pub(super) schemas: SchemaStore,
    pub(super) known: Mutex<Option<Known>>,
    pub(super) reach: ReachCell,
    /// The currencies of amounts that were shown, by id.
    pub(super) currencies: Mutex<HashMap<i64, Currency>>,
    /// Whether the user's list of tools is still what it was.
    pub(super) freshness: Freshness,
    /// The places for calls of this user.
    pub(super) places: Arc<Semaphore>,
    /// Odoo refused the user during a call: the password was changed or the key ended.
    refused: AtomicBool,
    _held: Running,
}

impl UserSession {
    /// The session of the only user of a server; nothing is sent yet.
    pub(super) fn of_one(shared: Arc<Shared>, config: Result<Config>) -> Self {
        Self::new(shared, config, MAX_CONCURRENT_CALLS)
    }

    /// The session of one of many users; nothing is sent yet.
    pub(super) fn of_many(shared: Arc<Shared>, odoo: &Config, credentials: &Credentials) -> Self {
        let config = odoo.clone().with_credentials(credentials.clone());
        Self::new(shared, Ok(config), CALLS_OF_ONE_AMONG_MANY)
    }

    fn new(shared: Arc<Shared>, config: Result<Config>, places: usize) -> Self {
        let policy = shared.catalogue.policy().clone();
        let config = config.map(|config| config.with_guard(Arc::new(policy.clone())));
        Self {
            _held: shared.metrics.session_held(),
            schemas: SchemaStore::new(Arc::clone(shared.catalogue.profile()), policy),
            shared,
            client: config.and_then(Client::new),
            known: Mutex::new(None),
            reach: ReachCell::default(),
            currencies: Mutex::default(),
            freshness: Freshness::default(),
            places: Arc::new(Semaphore::new(places)),
            refused: AtomicBool::new(false),
        }
    }

    /// Signs in now, instead of at the first call.
    pub(super) async fn sign_in(&self) -> Result<()> {
        self.client()?.sign_in().await
    }

    /// Ends the session in Odoo, too.
    pub(super) async fn end(&self) {
        if let Ok(client) = &self.client {
            client.end_session().await;
        }
    }

    /// Whether Odoo has refused the user since they were signed in.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Takes note of a failed call: a refused user has to prove who they are again.
    pub(super) fn note(&self, error: &Error) {
        if error.kind() == ErrorKind::Authentication {
            self.refused.store(true, Ordering::Relaxed);
        }
    }

    /// The connection to Odoo.
    pub(super) fn client(&self) -> Result<&Client> {
        self.client.as_ref().map_err(Error::clone)
    }

    /// What the user can reach, asked once until the next reconnect.
    pub(super) async fn capabilities(&self) -> Result<Arc<Capabilities>> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref() {
            return Ok(Arc::clone(&known.capabilities));
        }
        let fetched = self.client()?.capabilities(&Context::new()).await?;
        self.schemas.confirm(fetched.schema_fingerprint.as_deref());
        let learnt = self.learn(fetched);
        let capabilities = Arc::clone(&learnt.capabilities);
        *known = Some(learnt);
        Ok(capabilities)
    }

    /// What Odoo answered, without what this server keeps from assistants.
    pub(super) fn learn(&self, mut capabilities: Capabilities) -> Known {
        let policy = self.shared.catalogue.policy();
        let names = capabilities.models.iter().map(|model| model.model.as_str());
        let closed = policy.closed_among(names);
        capabilities
            .models
            .retain(|model| policy.may_read(&model.model));
        for model in &mut capabilities.models {
            policy.limit(&model.model, &mut model.access);
        }
        Known {
            capabilities: Arc::new(capabilities),
            asked: Instant::now(),
            closed: Arc::new(closed),
        }
    }

    /// The models that this server keeps from assistants, as far as they are known by name.
    pub(super) async fn closed_models(&self) -> Result<Arc<Vec<String>>> {
        self.capabilities().await?;
        let known = self.known.lock().await;
        Ok(known
            .as_ref()
            .map(|known| Arc::clone(&known.closed))
            .unwrap_or_default())
    }

    /// A refusal of a model that does not exist, with the names that are nearest to it.
    pub(super) async fn with_nearest_model(&self, error: Error, asked: Option<&str>) -> Error {
        let (ErrorKind::UnknownModel, Some(asked)) = (error.kind(), asked) else {
            return error;
        };
        let Ok(capabilities) = self.capabilities().await else {
            return error;
        };
        let names = capabilities.models.iter().map(|model| model.model.as_str());
        let near: Vec<String> = nearest(asked, names)
            .into_iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        if near.is_empty() {
            error
        } else {
            error.with_hint(format!("Did you mean {}?", near.join(" or ")))
        }
    }

    /// Signs in anew and forgets everything that was known of the instance.
    pub(super) async fn reconnect(&self) -> Result<Arc<Capabilities>> {
        let client = self.client()?;
        // An Odoo that hangs must not hold up whoever wants a new connection to it.
        let old = client.clone();
        let ending = tokio::spawn(async move { old.end_session_within(RESTART).await });
        let _ = tokio::time::timeout(FAREWELL, ending).await;
        client.sign_out();
        self.forget().await;
        client.sign_in().await?;
        self.refused.store(false, Ordering::Relaxed);
        self.capabilities().await
    }

    /// Forgets what was learnt; the next call asks again.
    pub(super) async fn forget(&self) {
        self.schemas.clear();
        *self.known.lock().await = None;
        self.currencies.lock().await.clear();
        self.reach.forget().await;
    }
}

impl Drop for UserSession {
    /// The last call of a user who left the pool is over: nothing may stay open in Odoo.
    fn drop(&mut self) {
        let Ok(client) = &self.client else { return };
        if client.has_session()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let client = client.clone();
            runtime.spawn(async move { client.end_session_within(RESTART).await });
        }
    }
}
