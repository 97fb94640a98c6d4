//! Resources: what a person or a client attaches to a conversation. Records, what models are
//! made of, files and printed documents.
//!
//! Listed are the schemas of the models that have typed tools, since no list of all records
//! would end. Everything else is reached through the templates, with completions, or through a
//! record, which names its files and reports. Bytes are sent for the resource that is the file
//! alone, never inside of another one.

mod attachment;
mod field;
mod record;
mod report;
mod schema;
pub(super) mod templates;
mod uri;

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource,
    ResourceContents,
};
use serde_json::{Value, json};

use super::UserSession;
use super::ask::{Answered, details, refusal};
use super::freshness::List;
use super::handler::LIST_LASTS_MS;
use super::pages::{digest, page};
use super::reach::Reach;
use crate::client::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::clean;
use crate::schema::{ModelSchema, Operation};
pub(super) use attachment::Attachment;
pub(super) use uri::ATTACHMENT;
use uri::OdooUri;
pub(super) use uri::field_uri;

/// The largest file or document that is read. In base64 it stays below the 16 MiB that clients
/// take as one message.
const MAX_CONTENT_BYTES: u64 = 10 * 1024 * 1024;

/// How long a client may believe a schema: as long as we do.
const SCHEMA_TTL_MS: u64 = 600_000;
/// How long a client may believe a file. Odoo lets files be replaced, but people seldom do.
const CONTENT_TTL_MS: u64 = 60_000;

/// How many schemas a page of the list may ask Odoo for, to name their sizes; a longer page
/// leaves out the sizes that are not known.
const MAX_ASKED_SCHEMAS: usize = 32;

const JSON: &str = "application/json";

impl UserSession {
    /// A page of the schemas of the models with typed tools, as far as this user may read them.
    pub(super) async fn list_resources(
        &self,
        cursor: Option<&str>,
    ) -> Answered<ListResourcesResult> {
        let reach = self.reach_soon().await;
        let models = self.listed_models(reach.as_deref());
        self.freshness.serve(List::Resources, digest(&models));
        let page = page(models, cursor, |model| (*model).to_owned())?;
        if reach.is_some() {
            self.fetch_few(&page.items).await;
        }
        let resources = page.items.iter().map(|model| self.describe_schema(model));
        let mut list = ListResourcesResult::with_all_items(resources.collect())
            .with_ttl_ms(if reach.is_some() { LIST_LASTS_MS } else { 0 })
            .with_cache_scope(CacheScope::Private);
        list.next_cursor = page.next;
        Ok(list)
    }

    /// The models whose schemas are listed for this user; of all while their rights are not
    /// known.
    pub(super) fn listed_models(&self, reach: Option<&Reach>) -> Vec<&str> {
        let mut models: Vec<&str> = self.shared.catalogue.typed_models();
        models.sort_unstable();
        models.retain(|model| match reach {
            Some(reach) => reach.allows(model, &Operation::Read),
            None => true,
        });
        models
    }

    /// Asks for the schemas that are not known yet, unless there are many.
    async fn fetch_few(&self, models: &[&str]) {
        let is_unknown = |model: &&&str| self.schemas.known(model).is_none();
        let asked: Vec<String> = models
            .iter()
            .filter(is_unknown)
            .map(|model| (*model).to_owned())
            .collect();
        let Ok(client) = self.client() else { return };
        if asked.is_empty() || asked.len() > MAX_ASKED_SCHEMAS {
            return;
        }
        match client.schemas(&asked, &Context::new()).await {
            Ok(batch) => {
                for (name, schema) in batch.schemas {
                    self.schemas.keep_fetched(&name, schema);
                }
            }
            Err(error) => tracing::debug!(%error, "schemas are listed without their sizes"),
        }
    }

    fn describe_schema(&self, model: &str) -> Resource {
        let uri = OdooUri::Schema {
            model: model.to_owned(),
        };
        let live = self.schemas.known(model);
        let size = live
            .as_deref()
            .map(|schema| schema::text(schema).len() as u64);
        let label = live
            .or_else(|| self.shared.catalogue.generated_schema(model))
            .map_or_else(|| model.to_owned(), |schema| clean(&schema.label, 60));
        let mut resource = Resource::new(uri.to_string(), format!("{model}/schema"))
            .with_title(format!("{label}: fields and actions"))
            .with_description(format!(
                "All fields of {model} with type, label, options and relation, and its actions"
            ))
            .with_mime_type(JSON);
        resource.size = size;
        resource
    }

    /// Reads what a URI names.
    pub(super) async fn read_resource(&self, text: &str) -> Answered<ReadResourceResult> {
        let Some(uri) = OdooUri::parse(text) else {
            return Err(none_of_ours(text));
        };
        if let Err(error) = self.admit_resource(&uri).await {
            self.note(&error);
            return Err(refuse(text, &error));
        }
        let (contents, ttl_ms) = match &uri {
            OdooUri::Record { model, id } => (self.read_record(model, *id).await, 0),
            OdooUri::Schema { model } => (self.read_schema(model).await, SCHEMA_TTL_MS),
            OdooUri::Content { id } => (self.read_content(*id).await, CONTENT_TTL_MS),
            OdooUri::Report { model, id, report } => {
                (self.read_report(model, *id, report).await, 0)
            }
            OdooUri::Field { model, id, field } => (self.read_field(model, *id, field).await, 0),
        };
        match contents {
            Ok(contents) => Ok(ReadResourceResult::new(contents)
                .with_ttl_ms(ttl_ms)
                .with_cache_scope(CacheScope::Private)),
            Err(error) => {
                self.note(&error);
                tracing::info!(uri = text, kind = %error.kind(), "{}", error.message());
                let error = self.with_nearest_model(error, Some(uri.model())).await;
                Err(refuse(text, &error))
            }
        }
    }

    /// Refuses what this server keeps from assistants: a model, or a record that belongs to one
    /// of it.
    async fn admit_resource(&self, uri: &OdooUri) -> Result<()> {
        let model = uri.model();
        self.shared.catalogue.policy().admit(model)?;
        let id = match uri {
            OdooUri::Schema { .. } => return Ok(()),
            OdooUri::Record { id, .. }
            | OdooUri::Content { id }
            | OdooUri::Report { id, .. }
            | OdooUri::Field { id, .. } => *id,
        };
        // One that cannot be described is refused by whoever reads it.
        let schema = self.schema_of(model).await.ok().flatten();
        self.admit_owners(model, schema.as_deref(), &[id]).await
    }

    async fn read_schema(&self, model: &str) -> Result<Vec<ResourceContents>> {
        let schema = self
            .schema_of(model)
            .await?
            .ok_or_else(|| super::describe::too_old(model))?;
        let uri = OdooUri::Schema {
            model: model.to_owned(),
        };
        let text = schema::text(&schema);
        Ok(vec![
            ResourceContents::text(text, uri.to_string()).with_mime_type(JSON),
        ])
    }

    /// What is known of a model; `None` where the older Odoo module cannot tell and no schema
    /// file does.
    pub(super) async fn schema_of(&self, model: &str) -> Result<Option<Arc<ModelSchema>>> {
        let live = self.schemas.get(self.client()?, model).await?;
        Ok(live.or_else(|| self.shared.catalogue.generated_schema(model)))
    }
}

/// The URI of a record, printed by a report.
pub(super) fn report_uri(model: &str, id: i64, report: &str) -> String {
    let (model, report) = (model.to_owned(), report.to_owned());
    OdooUri::Report { model, id, report }.to_string()
}

/// The URI of a file.
pub(super) fn content_uri(id: i64) -> String {
    OdooUri::Content { id }.to_string()
}

/// A page of the templates of everything that can be read.
pub(super) fn list_templates(cursor: Option<&str>) -> Answered<ListResourceTemplatesResult> {
    let page = page(templates::all(), cursor, |template| template.name.clone())?;
    // The same for everybody, but a client that caches the other lists privately should not
    // have to treat this one differently.
    let mut list = ListResourceTemplatesResult::with_all_items(page.items)
        .with_ttl_ms(LIST_LASTS_MS)
        .with_cache_scope(CacheScope::Private);
    list.next_cursor = page.next;
    Ok(list)
}

fn none_of_ours(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(
        "there is no such resource; those of this server look like odoo://sale.order/12, \
         odoo://sale.order/schema, odoo://ir.attachment/7/content, \
         odoo://sale.order/12/report/sale.report_saleorder or \
         odoo://sale.order/12/field/note",
        Some(json!({"uri": uri})),
    )
}

/// What is not there and what the user may not see are told alike in the protocol's terms.
fn refuse(uri: &str, error: &Error) -> ErrorData {
    let is_not_found = matches!(
        error.kind(),
        ErrorKind::MissingRecord | ErrorKind::UnknownModel | ErrorKind::AccessDenied
    );
    let mut refused = if is_not_found {
        ErrorData::resource_not_found(error.to_string(), Some(details(error)))
    } else {
        refusal(error)
    };
    if let Some(Value::Object(data)) = &mut refused.data {
        data.insert("uri".to_owned(), json!(uri));
    }
    refused
}

/// What stands beside a record is left out where the user may not see it or Odoo fails over it;
/// a connection that fails is no reason to leave anything out.
fn optional<T>(what: &str, outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if error.kind().is_transient()
                || matches!(
                    error.kind(),
                    ErrorKind::SessionExpired | ErrorKind::Authentication | ErrorKind::Cancelled
                ) =>
        {
            Err(error)
        }
        Err(error) => {
            tracing::debug!(%error, "{what} are left out");
            Ok(None)
        }
    }
}

/// A size for people.
#[allow(clippy::cast_precision_loss)] // a size with one decimal
fn human_size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        _ => format!("{:.1} MiB", bytes as f64 / MIB as f64),
    }
}

/// A file that is too large to be read, and where a person finds it all the same.
fn too_large(what: &str, size: Option<u64>, instead: String) -> Error {
    let size = size.map_or_else(
        || format!("is larger than {}", human_size(MAX_CONTENT_BYTES)),
        |size| format!("has {} ({size} bytes)", human_size(size)),
    );
    Error::new(
        ErrorKind::TooLarge,
        format!(
            "{what} {size}; at most {} are read through this server",
            human_size(MAX_CONTENT_BYTES)
        ),
    )
    .with_hint(instead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(human_size(0), "0 bytes");
        assert_eq!(human_size(1023), "1023 bytes");
        assert_eq!(human_size(12_600), "12.3 KiB");
        assert_eq!(human_size(MAX_CONTENT_BYTES), "10.0 MiB");
    }

    #[test]
    fn what_may_not_be_seen_is_not_found() {
        let missing = refuse("odoo://x/1", &Error::new(ErrorKind::AccessDenied, "no"));
        assert_eq!(missing.code, rmcp::model::ErrorCode::RESOURCE_NOT_FOUND);
        let data = missing.data.unwrap();
        assert_eq!(data["uri"], "odoo://x/1");
        assert_eq!(data["kind"], "access_denied");
        let down = refuse("odoo://x/1", &Error::new(ErrorKind::Unreachable, "down"));
        assert_eq!(down.code, rmcp::model::ErrorCode::INTERNAL_ERROR);
    }

    #[test]
    fn only_a_failed_connection_fails_the_record() {
        let outcome = |kind| optional::<()>("files", Err(Error::new(kind, "x")));
        assert!(outcome(ErrorKind::AccessDenied).unwrap().is_none());
        assert!(outcome(ErrorKind::Unreachable).is_err());
    }
}
