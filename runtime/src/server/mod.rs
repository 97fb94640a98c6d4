//! The MCP server: thirteen generic tools, the typed tools of the schema files, one handler.
//!
//! On the data's way: live Odoo → snapshot → schema files → **tools**. A `tools/call` goes
//! through `args` (what was asked), `schemas` and [`crate::schema::validate`] (is it right),
//! `gate` (is it allowed to change something), `consent` (does the user want it), the client (do it) and `present` (say what
//! came back).

mod archived;
mod args;
mod ask;
mod audit;
mod button_records;
mod buttons;
mod call;
mod cancel;
mod capabilities;
mod catalogue;
mod changes;
mod chatter;
mod checks;
mod client_log;
mod completion;
mod consent;
mod describe;
mod dispatch;
mod drift;
mod fixtures;
mod freshness;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gate;
mod generic;
mod grouping;
mod handler;
mod html;
mod http;
mod icon;
mod linked;
mod memory;
mod metrics;
mod named_records;
mod opened;
mod operations;
mod options;
mod owned_lines;
mod pages;
mod policy;
mod present;
mod profile;
mod prompts;
mod properties;
mod reach;
mod resolve;
mod resources;
mod schemas;
mod seal;
mod selection;
mod session;
mod settle;
mod sieve;
mod signatures;
mod state_key;
mod stdio;
mod stop;
mod wizard;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use audit::AuditLog;
pub use catalogue::Catalogue;
pub use consent::ConsentMode;
pub use handler::OdooServer;
pub use http::{HttpOptions, serve_http};
pub use memory::protect_memory;
pub use options::ToolOptions;
pub use policy::ModelPolicy;
pub use profile::Profile;
pub use selection::Selection;
pub use state_key::StateKey;
pub use stdio::serve_stdio;

use consent::SpentTickets;
use fixtures::Fixtures;
use gate::Gate;
use metrics::Metrics;
pub(crate) use session::UserSession;

/// How many tool calls run at once, of all users; further ones wait. Odoo has few workers,
/// and a client that pipelines thousands of calls must not open thousands of connections.
const MAX_CONCURRENT_CALLS: usize = 32;

/// How long calls that are running when the server stops may take to finish: a write that
/// Odoo is working on should be answered, not cut off.
const GRACE: Duration = Duration::from_secs(4);

/// How a server is set up, besides its tools and its users.
#[derive(Debug)]
pub struct Settings {
    /// Seals what clients carry from one call to the next.
    pub state_key: StateKey,
    /// How the user is asked before something is changed.
    pub consent_mode: ConsentMode,
    /// Whether to serve what the MCP conformance suite expects to find, next to the tools.
    pub conformance_fixtures: bool,
    /// Where changes are written down; `None` writes nothing.
    pub audit_log: Option<AuditLog>,
}

/// What all users of one server share: nothing here depends on who is asking.
pub(crate) struct Shared {
    catalogue: Catalogue,
    gate: Gate,
    calls: Arc<Semaphore>,
    metrics: Metrics,
    /// The calls under way.
    running: TaskTracker,
    /// Cancelled when the client has left or the process is asked to stop: whatever waits for
    /// a client's answer gives up.
    closing: CancellationToken,
    /// Cancelled when calls are given up: from then on they end because the server ends, not
    /// because their client wants it.
    giving_up: CancellationToken,
    /// Seals what clients carry from one call to the next.
    state_key: StateKey,
    consent_mode: ConsentMode,
    /// Where changes are written down.
    audit_log: Option<Arc<AuditLog>>,
    /// The consent that was used up.
    spent: SpentTickets,
    /// What the conformance suite expects to find; `None` in every real server.
    fixtures: Option<Fixtures>,
    /// Cancelled when calls that are still under way after [`GRACE`] are waited for no longer.
    given_up: CancellationToken,
    /// Cancelled at the very end: calls that are still with Odoo are left to themselves.
    let_go: CancellationToken,
}

impl Shared {
    fn new(catalogue: Catalogue, settings: Settings) -> Self {
        Self {
            gate: Gate::new(catalogue.is_read_only()),
            catalogue,
            calls: Arc::new(Semaphore::new(MAX_CONCURRENT_CALLS)),
            metrics: Metrics::new(),
            running: TaskTracker::new(),
            closing: CancellationToken::new(),
            giving_up: CancellationToken::new(),
            state_key: settings.state_key,
            consent_mode: settings.consent_mode,
            audit_log: settings.audit_log.map(Arc::new),
            spent: SpentTickets::new(),
            fixtures: settings.conformance_fixtures.then(Fixtures::new),
            given_up: CancellationToken::new(),
            let_go: CancellationToken::new(),
        }
    }

    /// Waits for something that the client has to do, such as the answer to a question;
    /// `None` as soon as the client has left or the process is asked to stop.
    async fn while_open<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = waiting => Some(done),
            () = self.closing.cancelled() => None,
        }
    }
}
