//! Files: what a record's attachments are, and `odoo://ir.attachment/{id}/content`.
//!
//! The record of an attachment is read first, as the user: it says whether they may see it, what
//! it is and how large, before a byte of it is asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::ResourceContents;
use serde_json::{Value, json};

use super::uri::{ATTACHMENT, OdooUri};
use super::{MAX_CONTENT_BYTES, human_size, too_large};
use crate::client::{Context, RawRecord, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, quoted};
use crate::server::UserSession;
use crate::server::operations::missing_record;
use crate::server::present::visible;

/// How many files a record names; the newest ones.
const MAX_NAMED: u64 = 20;
const FIELDS: [&str; 5] = ["name", "mimetype", "file_size", "type", "url"];
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What an `ir.attachment` says of itself.
#[derive(Debug, PartialEq)]
pub(in crate::server) struct Attachment {
    id: i64,
    name: String,
    mime_type: String,
    size: u64,
    /// Where the file is, when Odoo only holds a link to it.
    link: Option<String>,
}

/// The files of a record.
pub(in crate::server) struct Attachments {
    pub(in crate::server) named: Vec<Attachment>,
    /// How many there are in all.
    pub(in crate::server) total: u64,
}

impl Attachment {
    fn from_raw(raw: &RawRecord) -> Option<Self> {
        let text = |name: &str| raw.get(name).and_then(Value::as_str).unwrap_or_default();
        let is_link = !matches!(text("type"), "binary" | "");
        Some(Self {
            id: raw.get("id")?.as_i64()?,
            name: clean(text("name"), 200),
            mime_type: if is_link {
                "text/uri-list".to_owned()
            } else {
                checked_type(text("mimetype")).to_owned()
            },
            size: raw.get("file_size").and_then(Value::as_u64).unwrap_or(0),
            link: is_link.then(|| clean(text("url"), 2000)),
        })
    }

    fn uri(&self) -> String {
        OdooUri::Content { id: self.id }.to_string()
    }

    /// The file as a record's JSON names it.
    pub(in crate::server) fn as_json(&self) -> Value {
        match &self.link {
            None => json!({
                "uri": self.uri(), "name": self.name, "mimeType": self.mime_type, "size": self.size,
            }),
            Some(link) => json!({
                "uri": self.uri(), "name": self.name, "mimeType": self.mime_type, "link": link,
            }),
        }
    }

    /// The file as a line of text.
    pub(in crate::server) fn as_line(&self) -> String {
        let what = match &self.link {
            None => format!("{}, {}", self.mime_type, human_size(self.size)),
            Some(link) => format!("link to {}", quoted(link, 2000)),
        };
        format!("- {}: {}, {what}", self.uri(), quoted(&self.name, 200))
    }
}

impl UserSession {
    /// The files that are attached to a record, newest first.
    pub(in crate::server) async fn attachments_of(
        &self,
        model: &str,
        id: i64,
    ) -> Result<Attachments> {
        let request = SearchRead {
            domain: json!([["res_model", "=", model], ["res_id", "=", id]]),
            fields: FIELDS.map(str::to_owned).to_vec(),
            limit: Some(MAX_NAMED),
            order: Some("id desc".to_owned()),
            ..SearchRead::new(ATTACHMENT)
        };
        let page = self
            .client()?
            .search_read(&request, &Context::new())
            .await?;
        Ok(Attachments {
            named: page
                .records
                .iter()
                .filter_map(Attachment::from_raw)
                .collect(),
            total: page.count,
        })
    }

    /// What an attachment says of itself.
    pub(super) async fn attachment(&self, id: i64) -> Result<Attachment> {
        let request = SearchRead {
            // A condition on the id also finds the files behind binary fields.
            domain: json!([["id", "=", id]]),
            fields: FIELDS.map(str::to_owned).to_vec(),
            limit: Some(1),
            ..SearchRead::new(ATTACHMENT)
        };
        let page = self
            .client()?
            .search_read(&request, &Context::new())
            .await?;
        page.records
            .first()
            .and_then(Attachment::from_raw)
            .ok_or_else(|| missing_record(ATTACHMENT, id))
    }

    /// The file of an attachment: text where it is text, else base64.
    pub(super) async fn read_content(&self, id: i64) -> Result<Vec<ResourceContents>> {
        let file = self.attachment(id).await?;
        if let Some(link) = &file.link {
            let text = ResourceContents::text(format!("{link}\r\n"), file.uri());
            return Ok(vec![text.with_mime_type(file.mime_type.clone())]);
        }
        let what = format!("the file {}", quoted(&file.name, 200));
        if file.size > MAX_CONTENT_BYTES {
            return Err(too_large(&what, Some(file.size), self.open_in_odoo(id)?));
        }
        let bytes = match self.client()?.attachment(id, MAX_CONTENT_BYTES).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::TooLarge => {
                return Err(too_large(&what, None, self.open_in_odoo(id)?));
            }
            Err(error) if error.kind() == ErrorKind::MissingRecord => {
                return Err(lost_file(&what));
            }
            Err(error) => return Err(error),
        };
        if bytes.is_empty() && file.size > 0 {
            return Err(lost_file(&what));
        }
        Ok(vec![contents(bytes, &file.uri(), &file.mime_type)])
    }

    /// Where a person downloads a file that is not sent here.
    fn open_in_odoo(&self, id: i64) -> Result<String> {
        let url = &self.client()?.config().url;
        Ok(format!(
            "Give the user this address to download it in their browser: {url}web/content/{id}?download=true"
        ))
    }
}

/// Odoo has the record, but its file store does not have the file.
fn lost_file(what: &str) -> Error {
    Error::new(
        ErrorKind::Server,
        format!("Odoo has {what} on record, but does not give its contents"),
    )
    .with_hint("Its file store may be incomplete; an Odoo administrator can look into it.")
}

/// Text-like files as text when they are UTF-8, everything else byte by byte.
pub(super) fn contents(bytes: Vec<u8>, uri: &str, mime_type: &str) -> ResourceContents {
    let contents = match String::from_utf8(bytes) {
        Ok(text) if is_text(mime_type) => ResourceContents::text(visible(&text), uri),
        Ok(text) => ResourceContents::blob(STANDARD.encode(text), uri),
        Err(error) => ResourceContents::blob(STANDARD.encode(error.as_bytes()), uri),
    };
    contents.with_mime_type(mime_type)
}

fn is_text(mime_type: &str) -> bool {
    mime_type.starts_with("text/")
        || mime_type.ends_with("+json")
        || mime_type.ends_with("+xml")
        || matches!(
            mime_type,
            "application/csv"
                | "application/ecmascript"
                | "application/javascript"
                | "application/json"
                | "application/sql"
                | "application/toml"
                | "application/x-ndjson"
                | "application/x-yaml"
                | "application/xml"
                | "application/yaml"
        )
}

/// The type that the record names, if it is the name of a type.
fn checked_type(mime_type: &str) -> &str {
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let named = mime_type.split(';').next().unwrap_or_default().trim();
    match named.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) && named.len() < 128 => named,
        _ => UNKNOWN_TYPE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: Value) -> RawRecord {
        let Value::Object(raw) = value else {
            panic!("not an object")
        };
        raw
    }

    #[test]
    fn a_file_names_its_size_and_type() {
        let file = Attachment::from_raw(&raw(json!({
            "id": 7, "name": "a\u{200B}b.pdf\n", "mimetype": "application/pdf; x=y",
            "file_size": 2048, "type": "binary", "url": false,
        })))
        .unwrap();
        assert_eq!(
            file.as_json(),
            json!({
                "uri": "odoo://ir.attachment/7/content", "name": "ab.pdf",
                "mimeType": "application/pdf", "size": 2048,
            })
        );
        assert_eq!(
            file.as_line(),
            "- odoo://ir.attachment/7/content: “ab.pdf”, application/pdf, 2.0 KiB"
        );
    }

    #[test]
    fn a_link_is_named_as_one() {
        let link = Attachment::from_raw(&raw(json!({
            "id": 7, "name": "x", "mimetype": false, "file_size": 0,
            "type": "url", "url": "https://example.com/x",
        })))
        .unwrap();
        assert_eq!(link.as_json()["link"], "https://example.com/x");
        assert_eq!(link.as_json()["mimeType"], "text/uri-list");
    }

    #[test]
    fn text_is_text_and_the_rest_is_bytes() {
        let kind = |bytes: &[u8], mime_type| {
            serde_json::to_value(contents(bytes.to_vec(), "u", mime_type)).unwrap()
        };
        assert_eq!(kind(b"\xEF\xBB\xBFa;b\r\n", "text/csv")["text"], "a;b\n");
        assert_eq!(kind(b"{}", "application/ld+json")["text"], "{}");
        assert_eq!(kind(b"abc", "application/pdf")["blob"], "YWJj");
        // Not UTF-8: only the bytes are true.
        assert_eq!(kind(b"\xE4", "text/csv")["blob"], "5A==");
        assert_eq!(kind(b"", "image/png")["blob"], "");
    }

    #[test]
    fn a_type_that_is_none_is_unknown() {
        assert_eq!(checked_type("image/svg+xml"), "image/svg+xml");
        for wrong in ["", "x", "a/", "a b/c", "text/\n", "a/b/c"] {
            assert_eq!(checked_type(wrong), UNKNOWN_TYPE, "{wrong:?}");
        }
    }
}
