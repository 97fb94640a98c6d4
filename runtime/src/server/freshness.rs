//! Whether the lists that a client holds are still right: tools, resources, prompts.
//!
//! The lists depend on the user's rights and on Odoo's schema, and both can change while a
//! client is connected: a module is installed, a group is taken away, Odoo was down when the
//! list was asked for. Whoever asks for a list leaves a mark here; when a later look at Odoo
//! gives another list, everybody who listens is told, and only then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::UserSession;
use super::pages::digest;
use crate::client::Context;

/// How long an answer about the user and the schema is believed. Looking again costs Odoo some
/// 20 ms, in the background of a call.
const BELIEVE: Duration = Duration::from_secs(300);

/// A list that clients hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Tools,
    Resources,
    Prompts,
}

impl List {
    const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];
}

/// How often each list became another one.
type Counts = [u64; List::ALL.len()];

/// Which lists were served last, and who wants to know about others.
pub(super) struct Freshness {
    /// The digest of each list that was served last; 0 before the first one.
    served: [AtomicU64; List::ALL.len()],
    changes: watch::Sender<Counts>,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            served: Default::default(),
            changes: watch::Sender::new(Counts::default()),
        }
    }
}

impl Freshness {
    /// This list was served.
    pub(super) fn serve(&self, list: List, digest: u64) {
        self.served[list as usize].store(digest, Ordering::Relaxed);
    }

    /// Whether a client holds this list.
    fn is_served(&self, list: List) -> bool {
        self.served[list as usize].load(Ordering::Relaxed) != 0
    }

    /// This list would be served now: tells those who listen when it is another one than the
    /// one that was.
    fn compare(&self, list: List, digest: u64) {
        if !self.is_served(list) {
            return;
        }
        let served = self.served[list as usize].swap(digest, Ordering::Relaxed);
        if served != digest {
            tracing::info!(?list, "a list has changed");
            self.changes
                .send_modify(|counts| counts[list as usize] += 1);
        }
    }

    /// Changes from now on.
    pub(super) fn listen(&self) -> Changes {
        let mut counts = self.changes.subscribe();
        let told = *counts.borrow_and_update();
        Changes { counts, told }
    }
}

/// The changes of one user's lists, for one client.
pub(super) struct Changes {
    counts: watch::Receiver<Counts>,
    told: Counts,
}

impl Changes {
    /// The lists that have become others; `None` when the user has left.
    pub(super) async fn next(&mut self) -> Option<Vec<List>> {
        self.counts.changed().await.ok()?;
        let counts = *self.counts.borrow_and_update();
        let told = std::mem::replace(&mut self.told, counts);
        let is_other = |list: &List| counts[*list as usize] != told[*list as usize];
        Some(List::ALL.into_iter().filter(is_other).collect())
    }
}

impl UserSession {
    /// Looks at Odoo again when the last look is old or has failed, and tells listeners when
    /// a list became another one.
    pub(super) async fn look_again(&self) {
        let is_old = match self.known.lock().await.as_ref() {
            Some(known) => known.asked.elapsed() > BELIEVE,
            None => false,
        };
        if is_old {
            self.renew_capabilities().await;
        }
        if List::ALL.iter().any(|list| self.freshness.is_served(*list)) {
            self.compare_lists().await;
        }
    }

    /// Works the lists that were served out anew and compares them.
    pub(super) async fn compare_lists(&self) {
        match self.reach().await {
            Ok(reach) => {
                let tools = self.shared.catalogue.tools(Some(&reach));
                let names = tools.iter().map(|tool| &tool.name);
                self.freshness.compare(List::Tools, digest(names));
                let models = self.listed_models(Some(&reach));
                self.freshness.compare(List::Resources, digest(models));
                let prompts = self.listed_prompts(Some(&reach));
                let names = prompts.iter().map(|prompt| prompt.name);
                self.freshness.compare(List::Prompts, digest(names));
            }
            Err(error) => tracing::debug!(%error, "the lists stay as they are"),
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
        self.schemas.confirm(fetched.schema_fingerprint.as_deref());
        *known = Some(self.learn(fetched));
        drop(known);
        if !is_same {
            self.reach.forget().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_another_list_is_told_about() {
        let freshness = Freshness::default();
        let mut changes = freshness.listen();
        let is_told = |changes: &Changes| changes.counts.has_changed().unwrap();
        freshness.compare(List::Tools, 7);
        freshness.compare(List::Tools, 8);
        assert!(!is_told(&changes), "nobody holds a list");
        freshness.serve(List::Tools, 7);
        freshness.compare(List::Tools, 7);
        assert!(!is_told(&changes), "the list is the same");
        freshness.serve(List::Prompts, 7);
        freshness.compare(List::Tools, 8);
        freshness.compare(List::Prompts, 9);
        assert_eq!(changes.next().await, Some(vec![List::Tools, List::Prompts]));
        assert!(!is_told(&freshness.listen()), "told already");
        freshness.compare(List::Tools, 7);
        assert_eq!(changes.next().await, Some(vec![List::Tools]));
        drop(freshness);
        assert_eq!(changes.next().await, None);
    }
}
