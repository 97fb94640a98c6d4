//! What the Odoo module turned out to know, as far as that is known.

use std::sync::{PoisonError, RwLock};

use super::Capabilities;

/// The features of the last capabilities that were read.
#[derive(Default)]
pub(super) struct Features(RwLock<Option<Vec<String>>>);

impl Features {
    /// Takes note of what the module says.
    pub(super) fn learn(&self, capabilities: &Capabilities) {
        self.store(Some(capabilities.features.clone()));
    }

    /// It may be another module from now on.
    pub(super) fn forget(&self) {
        self.store(None);
    }

    /// Whether the module has a feature; `None` before it was asked.
    pub(super) fn has(&self, feature: &str) -> Option<bool> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known
            .as_ref()
            .map(|features| features.iter().any(|name| name == feature))
    }

    fn store(&self, features: Option<Vec<String>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = features;
    }
}
