//! One user of the server: their connection to Odoo and what is known of it.
//!
//! A server on standard input and output has one such session, a server over HTTP one for
//! each user who is at work. Everything that depends on who is asking stands here, so that
//! nothing of it can reach another user; what is the same for all is [`Shared`].

use std::sync::Arc;

use tokio::sync::Mutex;

use super::Shared;
use super::catalogue::{Reach, Reached};
use super::schemas::SchemaStore;
use crate::client::{Capabilities, Client, Config, Context};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::nearest;

/// A signed-in user, with all that was learnt on their behalf.
pub(crate) struct UserSession {
    /// What all users of this server share.
    pub(super) shared: Arc<Shared>,
    /// The connection, or why there is none: the server starts without one and says so.
    client: Result<Client>,
    pub(super) schemas: SchemaStore,
    capabilities: Mutex<Option<Arc<Capabilities>>>,
    reach: Mutex<Option<Arc<Reach>>>,
}

impl UserSession {
    /// The session of the user with these credentials; nothing is sent yet.
    pub(super) fn new(shared: Arc<Shared>, config: Result<Config>) -> Self {
        Self {
            shared,
            client: config.and_then(Client::new),
            schemas: SchemaStore::default(),
            capabilities: Mutex::new(None),
            reach: Mutex::new(None),
        }
    }

    /// The connection to Odoo.
    pub(super) fn client(&self) -> Result<&Client> {
        self.client.as_ref().map_err(Error::clone)
    }

    /// What the user can reach, asked once until the next reconnect.
    pub(super) async fn capabilities(&self) -> Result<Arc<Capabilities>> {
        let mut known = self.capabilities.lock().await;
        if let Some(capabilities) = known.as_ref() {
            return Ok(Arc::clone(capabilities));
        }
        let fetched = Arc::new(self.client()?.capabilities(&Context::new()).await?);
        *known = Some(Arc::clone(&fetched));
        Ok(fetched)
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

    /// What the user may do with the models of the typed tools, asked once until the next
    /// reconnect. Models that no menu leads to (order lines) and those with buttons are asked
    /// for by schema: which buttons there are depends on the user.
    pub(super) async fn reach(&self) -> Result<Arc<Reach>> {
        let mut known = self.reach.lock().await;
        if let Some(reach) = known.as_ref() {
            return Ok(Arc::clone(reach));
        }
        let capabilities = self.capabilities().await?;
        let mut reach = Reach::new();
        let mut asked = Vec::new();
        for model in self.shared.catalogue.typed_models() {
            let summary = capabilities.model(model);
            if let Some(summary) = summary {
                reach.insert(model.to_owned(), Reached::by_rights(summary.access));
            }
            if summary.is_none() || self.shared.catalogue.has_actions(model) {
                asked.push(model.to_owned());
            }
        }
        if !asked.is_empty() {
            let batch = self.client()?.schemas(&asked, &Context::new()).await?;
            for (name, schema) in batch.schemas {
                reach.insert(name.clone(), Reached::by_schema(&schema));
                self.schemas.keep_fetched(&name, schema);
            }
        }
        let reach = Arc::new(reach);
        *known = Some(Arc::clone(&reach));
        Ok(reach)
    }

    /// Signs in anew and forgets everything that was known of the instance.
    pub(super) async fn reconnect(&self) -> Result<Arc<Capabilities>> {
        let client = self.client()?;
        client.sign_out();
        self.schemas.clear();
        *self.capabilities.lock().await = None;
        *self.reach.lock().await = None;
        client.sign_in().await?;
        self.capabilities().await
    }
}
