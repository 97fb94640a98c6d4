//! Records that belong to a record of any model: attachments, messages, activities.
//!
//! Odoo lets a user see them who may see the record. So they are closed along with its model:
//! searches leave them out, and calls that name one are refused.

use serde_json::{Value, json};

use crate::client::{Context, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::ModelSchema;
use crate::server::UserSession;

/// The fields that name the owner's model, beside `res_id` (`ir.attachment`, `mail.activity`;
/// `mail.message`, `ir.model.data`).
pub(super) const OWNER_FIELDS: [&str; 2] = ["res_model", "model"];
/// The models that are known to have owners, for where Odoo cannot describe them.
const WELL_KNOWN: [(&str, &str); 4] = [
    ("ir.attachment", "res_model"),
    ("mail.activity", "res_model"),
    ("mail.followers", "res_model"),
    ("mail.message", "model"),
];

/// The field that names the model of a record's owner, where records of this model have one.
fn owner_field(model: &str, schema: Option<&ModelSchema>) -> Option<&'static str> {
    let known = WELL_KNOWN.iter().find(|(known, _)| *known == model);
    if let Some((_, field)) = known {
        return Some(field);
    }
    let schema = schema?;
    schema.field("res_id")?;
    OWNER_FIELDS.into_iter().find(|name| {
        schema
            .field(name)
            .is_some_and(|field| field.store == Some(true))
    })
}

impl UserSession {
    /// The domain without records whose owner is of a closed model.
    pub(in crate::server) async fn with_open_owners(
        &self,
        model: &str,
        schema: Option<&ModelSchema>,
        mut domain: Value,
    ) -> Result<Value> {
        if let Some(field) = owner_field(model, schema)
            && let Value::Array(conditions) = &mut domain
        {
            let closed = self.closed_models().await?;
            conditions.push(json!([field, "not in", *closed]));
        }
        Ok(domain)
    }

    /// Refuses records whose owner is of a closed model.
    pub(in crate::server) async fn admit_owners(
        &self,
        model: &str,
        schema: Option<&ModelSchema>,
        ids: &[i64],
    ) -> Result<()> {
        let Some(field) = owner_field(model, schema).filter(|_| !ids.is_empty()) else {
            return Ok(());
        };
        let condition = json!(["id", "in", ids]);
        match self.with_closed_owner(model, field, &[condition]).await? {
            Some(id) => Err(belongs(model, id)),
            None => Ok(()),
        }
    }

    /// Refuses a method that reads without naming records, where that could answer with some of
    /// a closed owner: its arguments are its own matter.
    pub(in crate::server) async fn admit_owners_at_large(
        &self,
        model: &str,
        schema: Option<&ModelSchema>,
    ) -> Result<()> {
        let Some(field) = owner_field(model, schema) else {
            return Ok(());
        };
        match self.with_closed_owner(model, field, &[]).await? {
            Some(id) => Err(belongs(model, id)
                .with_hint("odoo_search and odoo_count leave such records out: use these.")),
            None => Ok(()),
        }
    }

    async fn with_closed_owner(
        &self,
        model: &str,
        field: &str,
        conditions: &[Value],
    ) -> Result<Option<i64>> {
        let closed = self.closed_models().await?;
        let mut domain = conditions.to_vec();
        domain.push(json!([field, "in", *closed]));
        let request = SearchRead {
            domain: Value::Array(domain),
            fields: vec!["id".to_owned()],
            limit: Some(1),
            ..SearchRead::new(model)
        };
        let context = Context::new().active_test(false);
        let page = self.client()?.search_read(&request, &context).await?;
        Ok(page.records.first().and_then(|raw| raw.get("id")?.as_i64()))
    }
}

fn belongs(model: &str, id: i64) -> Error {
    Error::new(
        ErrorKind::AccessDenied,
        format!("{model} {id} belongs to a record of a model that this server keeps from assistants"),
    )
    .with_hint("Whoever set the server up decides this (--deny-models, --allow-models); do not look for a way around it.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_known_by_name_or_by_their_fields() {
        assert_eq!(owner_field("ir.attachment", None), Some("res_model"));
        assert_eq!(owner_field("mail.message", None), Some("model"));
        assert_eq!(owner_field("res.partner", None), None);
        let schema = |fields: Value| {
            ModelSchema::from_wire(&json!({"model": "x.note", "fields": fields})).unwrap()
        };
        let stored = json!({"type": "char", "store": true});
        let owned = schema(json!({"res_id": {"type": "integer"}, "model": stored}));
        assert_eq!(owner_field("x.note", Some(&owned)), Some("model"));
        let other = schema(json!({"model": {"type": "char", "store": true}}));
        assert_eq!(owner_field("x.note", Some(&other)), None);
    }
}
