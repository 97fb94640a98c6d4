//! Checks of a call against the descriptors, before anything is sent to Odoo.
//!
//! Each check both refuses and mends: what is unambiguous is brought into the form that Odoo
//! expects (`"12"` for an integer, a label for a selection key), and what is wrong is
//! reported with its path, the nearest right names and the next step, all mistakes of a call
//! at once. Typed and generic tools share these checks.

mod domain;
mod fields;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

pub use domain::{domain_paths, prepare_domain};
pub use fields::{check_fields, check_order};
pub use values::{Purpose, prepare_values};

use super::ModelSchema;
use crate::error::Error;

/// Finds the descriptor of a model that a path or a line leads to, where it is known.
/// A path into an unknown model is passed on unchecked: Odoo decides.
pub type Models<'a> = &'a dyn Fn(&str) -> Option<Arc<ModelSchema>>;

/// The mistakes of one call, each with its place.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Notes a mistake at `path` (`values.order_line[0].product_id`).
    pub fn add(&mut self, path: &str, message: impl AsRef<str>) {
        self.0.push(format!("{path}: {}", message.as_ref()));
    }

    /// Whether the call is right so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All mistakes as one error, or `Ok`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCall`](crate::ErrorKind::InvalidCall) with one line a mistake.
    pub fn into_result(self, model: &str) -> Result<(), Error> {
        let message = match self.0.as_slice() {
            [] => return Ok(()),
            [only] => only.clone(),
            many => format!("{} mistakes:\n{}", many.len(), many.join("\n")),
        };
        Err(Error::invalid_call(message).with_hint(format!(
            "Nothing was sent to Odoo. odoo_schema(model=\"{model}\") lists the fields of this model."
        )))
    }
}
