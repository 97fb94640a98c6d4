//! The one gate that every change passes before it is sent to Odoo.
//!
//! Consent is asked for by the tools' descriptions: the assistant shows the change, the user
//! approves, the client calls. The gate sees each change whole (what it does to which
//! records) after it was checked and before it is sent, so every policy is enforced here: a
//! read-only server refuses, whatever its list of tools says. Each change is logged without
//! its values, which may be confidential.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// A change that was checked and is about to be sent.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// A new record.
    Create {
        model: &'a str,
        values: &'a Map<String, Value>,
    },
    /// New values for a record.
    Update {
        model: &'a str,
        id: i64,
        values: &'a Map<String, Value>,
    },
    /// The end of a record.
    Delete { model: &'a str, id: i64 },
    /// A method, which may do anything that the user may.
    Execute {
        model: &'a str,
        method: &'a str,
        ids: &'a [i64],
    },
}

/// The policy of one server.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    read_only: bool,
}

impl Gate {
    /// A gate that lets changes pass, or none at all.
    pub(crate) fn new(read_only: bool) -> Self {
        Self { read_only }
    }

    /// Lets a change pass, or says why not.
    pub(crate) fn admit(&self, change: &Change<'_>) -> Result<()> {
        if self.read_only {
            return Err(Error::new(
                ErrorKind::AccessDenied,
                "this server was started with --read-only: nothing can be changed through it",
            ));
        }
        log(change);
        Ok(())
    }
}

fn log(change: &Change<'_>) {
    match change {
        Change::Create { model, values } => {
            tracing::info!(model, fields = ?field_names(values), "create");
        }
        Change::Update { model, id, values } => {
            tracing::info!(model, id, fields = ?field_names(values), "update");
        }
        Change::Delete { model, id } => tracing::info!(model, id, "delete"),
        Change::Execute { model, method, ids } => {
            tracing::info!(model, method, ?ids, "execute");
        }
    }
}

fn field_names(values: &Map<String, Value>) -> Vec<&str> {
    values.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_only_server_admits_no_change() {
        let change = Change::Delete {
            model: "res.partner",
            id: 7,
        };
        assert!(Gate::new(false).admit(&change).is_ok());
        let error = Gate::new(true).admit(&change).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
    }
}
