//! `odoo://{model}/{id}/field/{field}`: the whole value of one field, where a tool names only the
//! size of bytes, the text of HTML or the beginning of a long value.

use rmcp::model::ResourceContents;
use serde_json::Value;

use super::attachment::contents;
use super::uri::OdooUri;
use super::{JSON, MAX_CONTENT_BYTES, too_large};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::FieldType;
use crate::schema::text::nearest;
use crate::server::UserSession;
use crate::server::operations::{missing_record, reading_context};
use crate::server::present::visible;

const TEXT: &str = "text/plain";
const HTML: &str = "text/html";

impl UserSession {
    /// The value of a field: bytes as they are, text as text, anything else as Odoo's JSON.
    pub(super) async fn read_field(
        &self,
        model: &str,
        id: i64,
        name: &str,
    ) -> Result<Vec<ResourceContents>> {
        let uri = OdooUri::Field {
            model: model.to_owned(),
            id,
            field: name.to_owned(),
        }
        .to_string();
        let schema = self.schema_of(model).await?;
        let kind = match schema.as_deref() {
            Some(schema) => {
                let field = schema.field(name).ok_or_else(|| {
                    let known = schema.fields.keys().map(String::as_str);
                    unknown_field(model, name, nearest(name, known).first().copied())
                })?;
                Some(&field.field_type)
            }
            None => None,
        };
        // As the user, and signed in anew where that is needed: the route of bytes is not.
        let rows = self
            .client()?
            .read(model, &[id], &[name.to_owned()], &reading_context())
            .await?;
        let raw = rows.first().ok_or_else(|| missing_record(model, id))?;
        let value = raw.get(name).unwrap_or(&Value::Null);
        Ok(match (value, kind) {
            (Value::Null | Value::Bool(false), Some(kind)) if *kind != FieldType::Boolean => {
                vec![ResourceContents::text("", uri.as_str()).with_mime_type(TEXT)]
            }
            (_, Some(kind)) if kind.is_binary() => {
                let (bytes, mime_type) = self.bytes_of(model, id, name).await?;
                vec![contents(bytes, &uri, &mime_type)]
            }
            (Value::String(value), kind) => {
                let is_html = matches!(kind, Some(FieldType::Html));
                let mime_type = if is_html { HTML } else { TEXT };
                let contents = ResourceContents::text(visible(value), uri.as_str());
                vec![contents.with_mime_type(mime_type)]
            }
            (other, _) => {
                vec![ResourceContents::text(other.to_string(), uri.as_str()).with_mime_type(JSON)]
            }
        })
    }

    async fn bytes_of(&self, model: &str, id: i64, name: &str) -> Result<(Vec<u8>, String)> {
        let client = self.client()?;
        match client.field_bytes(model, id, name, MAX_CONTENT_BYTES).await {
            Err(error) if error.kind() == ErrorKind::TooLarge => {
                let url = &client.config().url;
                let instead = format!(
                    "Give the user this address to download it in their browser: {url}web/content/{model}/{id}/{name}?download=true"
                );
                Err(too_large(&format!("{name} of {model} {id}"), None, instead))
            }
            outcome => outcome,
        }
    }
}

fn unknown_field(model: &str, name: &str, near: Option<&str>) -> Error {
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    Error::new(
        ErrorKind::MissingRecord,
        format!("{model} has no field \"{name}\"{near}"),
    )
}
