//! Idempotency keys: a write that carries one is done at most once, also when it is sent
//! again because its answer was lost.
//!
//! The Odoo module remembers user, key, call and answer for a day
//! (`addons/butopea_mcp/models/mcp_idempotency.py`). A module before 1.1.0 takes no notice of
//! a key: a call with one is then refused here, before it is sent, for whoever gives a key
//! counts on it.

use super::{Client, Context};
use crate::error::{Error, ErrorKind, Result};

/// What the module's `features` call it.
const FEATURE: &str = "idempotency";

/// The module's own limit.
const LONGEST_KEY: usize = 128;

impl Client {
    /// The same connection, whose [`call`](Self::call), [`create`](Self::create),
    /// [`write`](Self::write) and [`unlink`](Self::unlink) carry this key; reads are not
    /// touched. [`MethodCall::idempotency_key`](super::MethodCall::idempotency_key) goes before it.
    ///
    /// A key stands for one write of this user, so take a new one (such as a UUID) for each. It
    /// has 1 to 128 printable ASCII characters and holds for 24 hours. Sending the same write
    /// with the same key again answers what the first one answered and does nothing; another
    /// write with it is refused with [`ErrorKind::Validation`]. A write that failed leaves its
    /// key free. When the answer of a write with a key is lost, the client sends it once more by
    /// itself; after [`ErrorKind::Uncertain`] or [`ErrorKind::Timeout`] the caller may do the
    /// same, which is never safe without a key.
    ///
    /// The writes fail with [`ErrorKind::InvalidCall`] when the key is malformed, and with
    /// [`ErrorKind::ModuleMissing`] when the Odoo module is too old for keys: nothing is sent
    /// then.
    ///
    /// ```no_run
    /// # use butopea_runtime::client::{Client, Config, Context};
    /// # async fn example(client: Client) -> Result<(), butopea_runtime::Error> {
    /// let values = serde_json::json!({"name": "Azure Interior"});
    /// let ids = client
    ///     .with_idempotency_key("import-2026-07-31-line-17")
    ///     .create("res.partner", values, &Context::new())
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_idempotency_key(&self, key: impl Into<String>) -> Self {
        Self {
            idempotency_key: Some(key.into().into()),
            ..self.clone()
        }
    }

    /// Refuses a key that Odoo would refuse or, being too old, would not honour.
    pub(super) async fn check_key(&self, key: &str) -> Result<()> {
        check_form(key)?;
        if self.features.has(FEATURE) == Some(true) {
            return Ok(());
        }
        let capabilities = self.capabilities(&Context::new()).await?;
        if !capabilities.features.iter().any(|name| name == FEATURE) {
            let version = capabilities
                .module_version
                .as_deref()
                .unwrap_or("before 1.0");
            return Err(Error::new(
                ErrorKind::ModuleMissing,
                format!(
                    "the Odoo module butopea_mcp (version {version}) knows no idempotency keys; \
                     nothing was sent"
                ),
            )
            .with_hint(
                "Update the module in Odoo to 1.1.0 or later, or make the call without a key.",
            ));
        }
        Ok(())
    }
}

fn check_form(key: &str) -> Result<()> {
    let is_printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_printable && (1..=LONGEST_KEY).contains(&key.len()) {
        Ok(())
    } else {
        Err(Error::invalid_call(format!(
            "an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters, unlike {key:?}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_printable_ascii_of_some_length() {
        for key in ["a", "~ !", &"x".repeat(128)] {
            assert!(check_form(key).is_ok(), "{key:?}");
        }
        for key in ["", "ä", "a\n", "\u{7f}", &"x".repeat(129)] {
            let error = check_form(key).map_err(|error| error.kind());
            assert_eq!(error, Err(ErrorKind::InvalidCall), "{key:?}");
        }
    }
}
