//! Whether the list of tools that a client holds is still right.
//!
//! The list depends on the user's rights and on Odoo's schema, and both can change while a
//! client is connected: a module is installed, a group is taken away, Odoo was down when the
//! list was asked for. Whoever asks for a list leaves a mark here; when a later look at Odoo
//! gives another list, everybody who listens is told, and only then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::UserSession;
use super::pages::digest;
use super::session::Known;
use crate::client::Context;

/// How long an answer about the user and the schema is believed. Looking again costs Odoo some
/// 20 ms, in the background of a call.
const BELIEVE: Duration = Duration::from_secs(300);

/// Which list was served last, and who wants to know about another one.
pub(super) struct Freshness {
    /// The digest of the list that was served last; 0 before the first one.
    served: AtomicU64,
    changes: watch::Sender<u64>,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            served: AtomicU64::new(0),
            changes: watch::Sender::new(0),
        }
    }
}

impl Freshness {
    /// This list was served.
    pub(super) fn serve(&self, list: u64) {
        self.served.store(list, Ordering::Relaxed);
    }

    /// This list would be served now: tells those who listen when it is another one.
    fn compare(&self, list: u64) {
        let served = self.served.swap(list, Ordering::Relaxed);
        if served != 0 && served != list {
            tracing::info!("the list of tools has changed");
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// Changes from now on.
    pub(super) fn listen(&self) -> watch::Receiver<u64> {
        let mut changes = self.changes.subscribe();
        changes.mark_unchanged();
        changes
    }
}

impl UserSession {
    /// Looks at Odoo again when the last look is old or has failed, and tells listeners when
    /// the list of tools became another one.
    pub(super) async fn look_again(&self) {
        let is_old = match self.known.lock().await.as_ref() {
            Some(known) => known.asked.elapsed() > BELIEVE,
            None => false,
        };
        if is_old {
            self.renew_capabilities().await;
        }
        if self.freshness.served.load(Ordering::Relaxed) != 0 {
            self.compare_list().await;
        }
    }

    /// Works the list out anew and compares it with the one that was served.
    pub(super) async fn compare_list(&self) {
        match self.reach().await {
            Ok(reach) => {
                let names = self.shared.catalogue.tools(Some(&reach));
                self.freshness
                    .compare(digest(names.iter().map(|tool| &tool.name)));
            }
            Err(error) => tracing::debug!(%error, "the list of tools stays as it is"),
        }
    }

    async fn renew_capabilities(&self) {
        let Ok(client) = self.client() else { return };
        let Ok(fetched) = client.capabilities(&Context::new()).await else {
            return;
        };
        let mut known = self.known.lock().await;
        let is_same = known.as_ref().is_some_and(|known| {
            known.capabilities.schema_fingerprint.is_some()
                && known.capabilities.schema_fingerprint == fetched.schema_fingerprint
        });
        *known = Some(Known {
            capabilities: fetched.into(),
            asked: Instant::now(),
        });
        drop(known);
        if !is_same {
            self.schemas.clear();
            *self.reach.lock().await = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_list_is_told_about() {
        let freshness = Freshness::default();
        let changes = freshness.listen();
        freshness.compare(7);
        assert!(!changes.has_changed().unwrap(), "nobody held a list");
        freshness.serve(7);
        freshness.compare(7);
        assert!(!changes.has_changed().unwrap(), "the list is the same");
        freshness.compare(8);
        assert!(changes.has_changed().unwrap());
        assert!(!freshness.listen().has_changed().unwrap(), "told already");
    }
}
