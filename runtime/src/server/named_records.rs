//! Records by their ids, and what they are called: for the report of a change and for the
//! question before it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::UserSession;
use super::consent::Consent;
use super::operations::missing_records;
use super::present;
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::Result;

/// A record and what it is called, where that is known.
#[derive(Debug)]
pub(super) struct NamedRecord {
    pub(super) id: i64,
    pub(super) name: Option<String>,
}

impl NamedRecord {
    /// The record of a row with its `display_name`.
    pub(super) fn of(row: &RawRecord) -> Option<Self> {
        let name = row.get("display_name").and_then(Value::as_str);
        Some(Self {
            id: row.get("id")?.as_i64()?,
            name: name.map(present::visible),
        })
    }
}

impl UserSession {
    /// The records' names, or an error when the user cannot see one: Odoo's `write` and
    /// `unlink` are silent about ids that do not exist.
    pub(super) async fn require_records(
        &self,
        model: &str,
        ids: &[i64],
    ) -> Result<Vec<NamedRecord>> {
        let fields = vec!["display_name".to_owned()];
        let context = Context::new().active_test(false);
        let rows = self.found_records(model, ids, fields, &context).await?;
        Ok(rows.iter().filter_map(NamedRecord::of).collect())
    }

    /// The same where nobody is asked, and nothing where a preview looks the records up.
    pub(super) async fn named_unless_asked(
        &self,
        consent: &Consent,
        model: &str,
        ids: &[i64],
    ) -> Result<Vec<NamedRecord>> {
        if consent.is_asked() {
            return Ok(Vec::new());
        }
        self.require_records(model, ids).await
    }

    /// The records in the order of their ids, or an error when the user cannot see one.
    pub(super) async fn found_records(
        &self,
        model: &str,
        ids: &[i64],
        fields: Vec<String>,
        context: &Context,
    ) -> Result<Vec<RawRecord>> {
        let request = SearchRead {
            domain: match ids {
                [only] => json!([["id", "=", only]]),
                several => json!([["id", "in", several]]),
            },
            fields,
            limit: Some(ids.len() as u64),
            ..SearchRead::new(model)
        };
        let page = self.client()?.search_read(&request, context).await?;
        let mut by_id: HashMap<i64, RawRecord> = page
            .records
            .into_iter()
            .filter_map(|row| Some((row.get("id")?.as_i64()?, row)))
            .collect();
        let missing: Vec<i64> = ids
            .iter()
            .copied()
            .filter(|id| !by_id.contains_key(id))
            .collect();
        if !missing.is_empty() {
            return Err(missing_records(model, &missing));
        }
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// The record's name, or an error when the user cannot see it.
    pub(super) async fn require_record(&self, model: &str, id: i64) -> Result<Option<String>> {
        let mut found = self.require_records(model, &[id]).await?;
        Ok(found.pop().and_then(|record| record.name))
    }

    /// The records' names for a report of what was done, or for a preview; a failure here is no
    /// failure of the change.
    pub(super) async fn named_records(&self, model: &str, ids: &[i64]) -> Vec<NamedRecord> {
        let unnamed = || {
            ids.iter().map(|id| NamedRecord {
                id: *id,
                name: None,
            })
        };
        self.require_records(model, ids)
            .await
            .unwrap_or_else(|_| unnamed().collect())
    }
}
