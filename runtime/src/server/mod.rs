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
mod dispatch;
mod gate;
mod generic;
mod handler;
mod operations;
mod present;
mod profile;
mod schemas;
mod session;
mod stdio;

use tokio::sync::Semaphore;

pub use catalogue::{Catalogue, Selection};
pub use handler::OdooServer;
pub use profile::{Profile, find_models_file, find_schemas_dir};
pub use stdio::serve_stdio;

use gate::Gate;
pub(crate) use session::UserSession;

/// How many tool calls run at once; further ones wait. Odoo has few workers, and a client
/// that pipelines thousands of calls must not open thousands of connections.
const MAX_CONCURRENT_CALLS: usize = 32;

/// What all users of one server share: nothing here depends on who is asking.
pub(crate) struct Shared {
    catalogue: Catalogue,
    gate: Gate,
    calls: Semaphore,
}

impl Shared {
    fn new(catalogue: Catalogue) -> Self {
        Self {
            gate: Gate::new(catalogue.is_read_only()),
            catalogue,
            calls: Semaphore::new(MAX_CONCURRENT_CALLS),
        }
    }
}
