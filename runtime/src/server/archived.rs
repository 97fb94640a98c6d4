//! Archived records: Odoo leaves them out of a search that does not ask for them, and reads them
//! like others by their ids. An answer says so where a reader would take one for the other.
//!
//! What Odoo does: a search adds `active = True`, unless a condition of the domain is about the
//! field itself (`odoo/orm/models.py`, `_search`; `odoo/models.py`, `_where_calc`, before 19.0).

use serde_json::{Value, json};

use super::UserSession;
use super::present::{Output, note};
use crate::client::{Context, RawRecord};
use crate::schema::text::join_bounded;
use crate::schema::{FieldType, ModelSchema};

/// The field that archives a record.
pub(super) const ACTIVE: &str = "active";

/// Whether records of the model can be archived.
pub(super) fn has_active(schema: &ModelSchema) -> bool {
    let field = schema.field(ACTIVE);
    field.is_some_and(|field| {
        field.field_type == FieldType::Boolean && field.searchable != Some(false)
    })
}

/// The ids of the archived ones among records that were read with [`ACTIVE`], which they lose.
pub(super) fn take_archived(rows: &mut [RawRecord]) -> Vec<i64> {
    let mut archived = Vec::new();
    for row in rows {
        if row.remove(ACTIVE) == Some(json!(false)) {
            archived.extend(row.get("id").and_then(Value::as_i64));
        }
    }
    archived
}

/// Says which of the records that were read are archived.
pub(super) fn tell_archived(output: &mut Output, archived: &[i64]) {
    if archived.is_empty() {
        return;
    }
    let listed: Vec<String> = archived.iter().map(ToString::to_string).collect();
    let listed = join_bounded(listed.iter().map(String::as_str), 100);
    output.structured["archived"] = json!(archived);
    let remark = format!("archived: {listed}; a search finds them with [\"active\",\"=\",false]");
    note(output, &remark);
}

impl UserSession {
    /// Says of a search that found nothing how many archived records it would have found. This
    /// is a help and no part of the answer: where Odoo fails over it, nothing is said.
    pub(super) async fn tell_left_out(
        &self,
        output: &mut Output,
        schema: Option<&ModelSchema>,
        domain: &Value,
    ) {
        let Some(schema) = schema.filter(|schema| has_active(schema)) else {
            return;
        };
        let (Some(domain), Ok(client)) = (with_archived(domain), self.client()) else {
            return;
        };
        let context = Context::new();
        let count = client.search_count(&schema.model, domain, &context).await;
        if let Ok(count @ 1..) = count {
            output.structured["archived_count"] = json!(count);
            let remark = format!("{count} archived: add [\"active\",\"=\",false] to find them");
            note(output, &remark);
        }
    }
}

/// The domain for archived records alone; `None` where it has a condition about that already.
fn with_archived(domain: &Value) -> Option<Value> {
    let terms = domain.as_array()?;
    let is_about_it = |term: &Value| term.get(0).and_then(Value::as_str) == Some(ACTIVE);
    if terms.iter().any(is_about_it) {
        return None;
    }
    let mut archived = vec![json!([ACTIVE, "=", false])];
    archived.extend(terms.iter().cloned());
    Some(Value::Array(archived))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archived_records_are_told_apart() {
        let row = |id: i64, active: bool| -> RawRecord {
            let row = json!({"id": id, "name": "x", "active": active});
            row.as_object().cloned().unwrap()
        };
        let mut rows = [row(7, true), row(8, false)];
        assert_eq!(take_archived(&mut rows), [8]);
        assert!(rows.iter().all(|row| row.len() == 2));
        let mut output = Output {
            structured: json!({}),
            text: "x".to_owned(),
        };
        tell_archived(&mut output, &[]);
        assert_eq!(output.text, "x");
        tell_archived(&mut output, &[8]);
        assert!(
            output.text.starts_with("x\narchived: 8;"),
            "{}",
            output.text
        );
    }

    #[test]
    fn what_asks_for_archived_records_is_asked_once() {
        assert_eq!(
            with_archived(&json!(["|", ["a", "=", 1], ["b", "=", 2]])),
            Some(json!([
                ["active", "=", false],
                "|",
                ["a", "=", 1],
                ["b", "=", 2]
            ]))
        );
        assert_eq!(
            with_archived(&json!([["a", "=", 1], ["active", "in", [true, false]]])),
            None
        );
        assert_eq!(with_archived(&json!(null)), None);
    }
}
