//! What a client's own log is told, at the level that the client asked for.
//!
//! A client of 2026-07-28 names its level in each request, an older one once for its session
//! (`logging/setLevel`). Before it has named one, it is told nothing. This is not the server's
//! log: that goes to standard error and is the operator's.

// The protocol marks logging as deprecated; clients of today use it.
#![allow(deprecated)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use rmcp::service::{Peer, RequestContext, RoleServer};
use serde_json::json;

const SILENT: u8 = u8::MAX;

/// How long a message may wait for the client to take it.
const PATIENCE: Duration = Duration::from_millis(250);

/// The level that the client of one connection has set.
#[derive(Clone)]
pub(super) struct Level(Arc<AtomicU8>);

impl Default for Level {
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(SILENT)))
    }
}

impl Level {
    /// The client wants messages of this level and graver ones.
    pub(super) fn set(&self, level: LoggingLevel) {
        self.0.store(gravity(level), Ordering::Relaxed);
    }
}

/// The log of the client that sent one request.
pub(super) struct ClientLog {
    peer: Peer<RoleServer>,
    least: u8,
}

impl ClientLog {
    pub(super) fn new(context: &RequestContext<RoleServer>, level: &Level) -> Self {
        let least = context
            .meta
            .log_level()
            .map_or_else(|| level.0.load(Ordering::Relaxed), gravity);
        Self {
            peer: context.peer.clone(),
            least,
        }
    }

    /// Tells what is of use to somebody who looks for a fault.
    pub(super) async fn debug(&self, message: &str) {
        self.tell(LoggingLevel::Debug, message).await;
    }

    /// Tells what is unusual but in order.
    pub(super) async fn notice(&self, message: &str) {
        self.tell(LoggingLevel::Notice, message).await;
    }

    /// Tells what went wrong.
    pub(super) async fn warning(&self, message: &str) {
        self.tell(LoggingLevel::Warning, message).await;
    }

    /// Tells the client, if it wants to know. It comes before the answer to the request, which
    /// may end the connection; but a client that does not read holds up nothing.
    pub(super) async fn tell(&self, level: LoggingLevel, message: &str) {
        if gravity(level) < self.least {
            return;
        }
        let entry = LoggingMessageNotificationParam::new(level, json!(message)).with_logger("odoo");
        let telling = self.peer.notify_logging_message(entry);
        if !matches!(tokio::time::timeout(PATIENCE, telling).await, Ok(Ok(()))) {
            tracing::debug!("the client's log cannot be reached");
        }
    }
}

fn gravity(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        LoggingLevel::Critical => 5,
        LoggingLevel::Alert => 6,
        LoggingLevel::Emergency => 7,
    }
}
