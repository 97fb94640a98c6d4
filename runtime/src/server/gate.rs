//! The one gate that every change passes before it is sent to Odoo.
//!
//! The gate sees each change whole (what it does to which records) after it was checked and
//! before anybody is asked about it ([`consent`](super::consent)): a read-only server refuses,
//! whatever its list of tools says. Each change is logged without its values, which may be
//! confidential.

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

const STARTED_READ_ONLY: &str =
    "this server was started with --read-only: nothing can be changed through it";

/// A change that was checked and is about to be sent.
#[derive(Debug)]
pub(crate) enum Change<'a> {
    /// New records.
    Create {
        model: &'a str,
        records: &'a [Map<String, Value>],
    },
    /// New values for records.
    Update {
        model: &'a str,
        ids: &'a [i64],
        values: &'a Map<String, Value>,
    },
    /// The end of records.
    Delete { model: &'a str, ids: &'a [i64] },
    /// A method, which may do anything that the user may.
    Execute {
        model: &'a str,
        method: &'a str,
        ids: &'a [i64],
        args: &'a [Value],
        kwargs: &'a Map<String, Value>,
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

    /// Lets a tool be called, or says why not: the list of a read-only server lacks the tools
    /// that change something, but a client may know their names.
    pub(crate) fn admit_tool(&self, name: &str, is_read_only: bool) -> Result<()> {
        if self.read_only && !is_read_only {
            return Err(Error::new(
                ErrorKind::AccessDenied,
                format!("{name} changes data, and {STARTED_READ_ONLY}"),
            )
            .with_hint(
                "Whoever set the server up decides this; do not look for a way around it.",
            ));
        }
        Ok(())
    }

    /// Lets a change pass, or says why not.
    pub(crate) fn admit(&self, change: &Change<'_>) -> Result<()> {
        if self.read_only {
            return Err(Error::new(ErrorKind::AccessDenied, STARTED_READ_ONLY));
        }
        log(change);
        Ok(())
    }
}

fn log(change: &Change<'_>) {
    match change {
        Change::Create { model, records } => {
            for values in *records {
                tracing::info!(model, fields = ?field_names(values), "create");
            }
        }
        Change::Update { model, ids, values } => {
            tracing::info!(model, ?ids, fields = ?field_names(values), "update");
        }
        Change::Delete { model, ids } => tracing::info!(model, ?ids, "delete"),
        Change::Execute {
            model, method, ids, ..
        } => {
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
            ids: &[7],
        };
        assert!(Gate::new(false).admit(&change).is_ok());
        let error = Gate::new(true).admit(&change).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
    }

    #[test]
    fn a_read_only_server_runs_no_tool_that_changes_something() {
        assert!(Gate::new(true).admit_tool("odoo_read", true).is_ok());
        assert!(Gate::new(false).admit_tool("odoo_delete", false).is_ok());
        let error = Gate::new(true)
            .admit_tool("odoo_delete", false)
            .unwrap_err();
        assert!(error.message().contains("odoo_delete"), "{error}");
        assert!(error.message().contains("--read-only"), "{error}");
    }
}
