//! The MCP server: ten generic tools, the typed tools of the schema files, one handler.
//!
//! On the data's way: live Odoo → snapshot → schema files → **tools**. A `tools/call` goes
//! through `args` (what was asked), `schemas` and [`crate::schema::validate`] (is it right),
//! `gate` (is it allowed to change something), the client (do it) and `present` (say what
//! came back).

mod args;
mod capabilities;
mod catalogue;
mod describe;
mod gate;
mod generic;
mod handler;
mod operations;
mod present;
mod profile;
mod schemas;
mod stdio;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};

pub use catalogue::{Catalogue, Selection};
pub use handler::OdooServer;
pub use profile::{Profile, find_models_file, find_schemas_dir};
pub use stdio::serve_stdio;

use crate::client::{Capabilities, Client, Config, Context};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::nearest;
use catalogue::{Reach, Reached};
use gate::Gate;
use schemas::SchemaStore;

/// How many tool calls run at once; further ones wait. Odoo has few workers, and a client
/// that pipelines thousands of calls must not open thousands of connections.
const MAX_CONCURRENT_CALLS: usize = 32;

/// What every request of one server shares.
pub(crate) struct State {
    /// The connection, or why there is none: the server starts without one and says so.
    client: Result<Client>,
    catalogue: Catalogue,
    schemas: SchemaStore,
    gate: Gate,
    capabilities: Mutex<Option<Arc<Capabilities>>>,
    reach: Mutex<Option<Arc<Reach>>>,
    calls: Semaphore,
}

impl State {
    fn new(config: Result<Config>, catalogue: Catalogue) -> Self {
        Self {
            client: config.and_then(Client::new),
            gate: Gate::new(catalogue.is_read_only()),
            catalogue,
            schemas: SchemaStore::default(),
            capabilities: Mutex::new(None),
            reach: Mutex::new(None),
            calls: Semaphore::new(MAX_CONCURRENT_CALLS),
        }
    }

    fn client(&self) -> Result<&Client> {
        self.client.as_ref().map_err(Error::clone)
    }

    /// What the user can reach, asked once until the next reconnect.
    async fn capabilities(&self) -> Result<Arc<Capabilities>> {
        let mut known = self.capabilities.lock().await;
        if let Some(capabilities) = known.as_ref() {
            return Ok(Arc::clone(capabilities));
        }
        let fetched = Arc::new(self.client()?.capabilities(&Context::new()).await?);
        *known = Some(Arc::clone(&fetched));
        Ok(fetched)
    }

    /// A refusal of a model that does not exist, with the names that are nearest to it.
    async fn with_nearest_model(&self, error: Error, asked: Option<&str>) -> Error {
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
    async fn reach(&self) -> Result<Arc<Reach>> {
        let mut known = self.reach.lock().await;
        if let Some(reach) = known.as_ref() {
            return Ok(Arc::clone(reach));
        }
        let capabilities = self.capabilities().await?;
        let mut reach = Reach::new();
        let mut asked = Vec::new();
        for model in self.catalogue.typed_models() {
            let summary = capabilities.model(model);
            if let Some(summary) = summary {
                reach.insert(model.to_owned(), Reached::by_rights(summary.access));
            }
            if summary.is_none() || self.catalogue.has_actions(model) {
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
    async fn reconnect(&self) -> Result<Arc<Capabilities>> {
        let client = self.client()?;
        client.sign_out();
        self.schemas.clear();
        *self.capabilities.lock().await = None;
        *self.reach.lock().await = None;
        client.sign_in().await?;
        self.capabilities().await
    }
}
