//! What a check cannot see by the schema alone and has to read: whose lines a call names, whether
//! its analytic accounts exist, and which properties its records have.
//!
//! It comes when the call is right otherwise, and before anybody is asked. It only reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::UserSession;
use crate::error::{ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::schema::validate::Resolved;
use crate::schema::validate::special::{ANALYTIC_ACCOUNT, distributed_to};

/// The values of a call, each record's with its place in the call.
pub(super) type Placed<'a> = Vec<(String, &'a mut Map<String, Value>)>;

/// A call after its values were held against the records.
pub(super) struct Settled {
    /// The schema, with the properties that the records have.
    pub(super) schema: Option<Arc<ModelSchema>>,
    /// What was said in other words than Odoo's.
    pub(super) resolved: Vec<Resolved>,
}

impl UserSession {
    /// Holds checked values against the records that they are for: `ids`, or new ones.
    pub(super) async fn settle(
        &self,
        schema: Option<Arc<ModelSchema>>,
        mut resolved: Vec<Resolved>,
        ids: &[i64],
        mut records: Placed<'_>,
    ) -> Result<Settled> {
        let Some(known) = schema else {
            return Ok(Settled { schema, resolved });
        };
        self.settle_lines(Some(&known), ids, &records).await?;
        let described = self
            .settle_properties(&known, ids, &mut records, &mut resolved)
            .await?;
        Ok(Settled {
            schema: Some(described.map_or(known, Arc::new)),
            resolved,
        })
    }

    /// The same without properties: those of a dialogue are its own.
    pub(super) async fn settle_lines(
        &self,
        schema: Option<&ModelSchema>,
        ids: &[i64],
        records: &Placed<'_>,
    ) -> Result<()> {
        let Some(schema) = schema else { return Ok(()) };
        let given: Vec<(String, &Map<String, Value>)> = records
            .iter()
            .map(|(path, values)| (path.clone(), &**values))
            .collect();
        self.admit_lines(schema, ids, &given).await?;
        let mut accounts = BTreeSet::new();
        for (_, values) in &given {
            distributed_to(values, &mut accounts);
        }
        self.admit_accounts(&accounts).await
    }

    /// Refuses analytic accounts that do not exist: Odoo stores them, and fails when an entry is
    /// posted. Where this user may not look, Odoo decides.
    async fn admit_accounts(&self, accounts: &BTreeSet<i64>) -> Result<()> {
        if accounts.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = accounts.iter().copied().collect();
        match self.require_records(ANALYTIC_ACCOUNT, &ids).await {
            Err(error) if error.kind() == ErrorKind::MissingRecord => Err(error),
            _ => Ok(()),
        }
    }
}

/// The place of a new record in the call.
pub(super) fn place(index: usize, is_batch: bool) -> String {
    if is_batch {
        format!("records[{index}]")
    } else {
        "values".to_owned()
    }
}
