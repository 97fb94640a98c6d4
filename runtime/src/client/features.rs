//! What the Odoo module turned out to know, as far as that is known.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::Capabilities;

/// The features of the last capabilities that were read, and what calls found out.
#[derive(Default)]
pub(super) struct Features {
    named: RwLock<Option<Vec<String>>>,
    /// Whether Odoo groups the way that series before 19 do.
    groups_the_old_way: AtomicBool,
}

impl Features {
    /// Takes note of what the module says.
    pub(super) fn learn(&self, capabilities: &Capabilities) {
        self.store(Some(capabilities.features.clone()));
    }

    /// It may be another module from now on.
    pub(super) fn forget(&self) {
        self.store(None);
        self.groups_the_old_way.store(false, Ordering::Relaxed);
    }

    /// Whether Odoo turned out to have no `formatted_read_group`.
    pub(super) fn groups_the_old_way(&self) -> bool {
        self.groups_the_old_way.load(Ordering::Relaxed)
    }

    /// Takes note of it.
    pub(super) fn group_the_old_way(&self) {
        self.groups_the_old_way.store(true, Ordering::Relaxed);
    }

    /// Whether the module has a feature; `None` before it was asked.
    pub(super) fn has(&self, feature: &str) -> Option<bool> {
        let known = self.named.read().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .map(|features| features.iter().any(|name| name == feature))
    }

    fn store(&self, features: Option<Vec<String>>) {
        *self.named.write().unwrap_or_else(PoisonError::into_inner) = features;
    }
}
