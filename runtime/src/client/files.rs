//! Files and documents: the bytes of attachments and reports, from the routes that the web
//! client downloads them from, and the names that Odoo finds for a text.

use serde_json::{Map, Value, json};

use super::cancel::or_let_go;
use super::fault;
use super::{Client, Context, MethodCall, protocol};
use crate::error::{Error, ErrorKind, Result};

/// What every PDF document begins with.
/// What a file is called on its way. Odoo would put its own name into a header of the answer, and a
/// name with control characters makes that unreadable.
const FILE_NAME: &str = "content";
const PDF_MARK: &[u8] = b"%PDF-";

impl Client {
    /// The contents of an attachment that is stored in Odoo, at most `max_bytes` of it
    /// (`/web/content`).
    ///
    /// That route serves visitors, too, so a session that has expired looks there like a file
    /// that is missing. Read the attachment's record first: that signs in again.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`], [`ErrorKind::MissingRecord`] when it does not exist or the user
    /// may not read it, or any failure of a call.
    pub async fn attachment(&self, id: i64, max_bytes: u64) -> Result<Vec<u8>> {
        let path = format!("/web/content/{id}/{FILE_NAME}");
        let file = or_let_go(self.transport.download(&path, &[], max_bytes)).await?;
        Ok(file.bytes)
    }

    /// The bytes of a binary field and their type, at most `max_bytes` of them (`/web/content`).
    /// As for [`attachment`](Self::attachment), read the record first.
    ///
    /// # Errors
    /// The same.
    pub async fn field_bytes(
        &self,
        model: &str,
        id: i64,
        field: &str,
        max_bytes: u64,
    ) -> Result<(Vec<u8>, String)> {
        if let Some(guard) = &self.config().guard {
            guard.admit_read(model)?;
        }
        let path = format!("/web/content/{model}/{id}/{field}/{FILE_NAME}");
        let file = or_let_go(self.transport.download(&path, &[], max_bytes)).await?;
        Ok((file.bytes, file.mime_type))
    }

    /// The PDF document that a report makes of a record, at most `max_bytes` of it. `report` is
    /// the `report_name` of an `ir.actions.report`, such as `sale.report_saleorder`.
    ///
    /// It is what the web client's *Print* does (`/report/download`), but changes nothing: a
    /// report that is set to keep its documents as attachments does not keep this one.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`]; [`ErrorKind::Server`] when this Odoo cannot make PDF documents;
    /// or any failure of a call.
    pub async fn report_pdf(
        &self,
        report: &str,
        id: i64,
        max_bytes: u64,
        context: &Context,
    ) -> Result<Vec<u8>> {
        match self.print(report, id, max_bytes, context).await {
            Err(error) if may_lack_engine(error.kind()) => Err(self.explain_engine(error).await),
            outcome => outcome,
        }
    }

    async fn print(
        &self,
        report: &str,
        id: i64,
        max_bytes: u64,
        context: &Context,
    ) -> Result<Vec<u8>> {
        let report = check_report_name(report)?;
        let data = json!([format!("/report/pdf/{report}/{id}"), "qweb-pdf"]).to_string();
        let mut query = vec![("data", data.as_str())];
        // Odoo's own key (`ir.actions.report`, `_render_qweb_pdf`).
        let context = context.clone().set("report_pdf_no_attachment", true);
        let context = Value::Object(self.full_context(&context)).to_string();
        query.push(("context", context.as_str()));
        let printing = self
            .transport
            .download("/report/download", &query, max_bytes);
        let document = or_let_go(printing).await?;
        if document.mime_type == "application/pdf" && document.bytes.starts_with(PDF_MARK) {
            return Ok(document.bytes);
        }
        Err(read_report_error(&document.bytes).unwrap_or_else(|| {
            protocol(format!(
                "Odoo answered the report {report} with {} instead of a PDF document",
                match document.mime_type.as_str() {
                    "" => "something of no known type",
                    "application/pdf" => "something else under the name of a PDF document",
                    other => other,
                }
            ))
        }))
    }

    /// Says what is wrong with Odoo's PDF engine, when that is what a report failed from.
    async fn explain_engine(&self, error: Error) -> Error {
        let call = MethodCall::new("ir.actions.report", "get_wkhtmltopdf_state");
        let state = self.ask(&call, &Context::new()).await;
        let problem = match state.as_ref().ok().and_then(Value::as_str) {
            Some("install") => "is not installed",
            Some("upgrade") => "is too old",
            Some("workers") => "needs an Odoo with two or more workers",
            Some("broken") => "does not run",
            _ => return error,
        };
        Error::new(
            ErrorKind::Server,
            format!(
                "this Odoo cannot make PDF documents: wkhtmltopdf {problem} on the Odoo server"
            ),
        )
        .with_hint("An Odoo administrator has to install wkhtmltopdf there (version 0.12 or later). The record itself can be read.")
    }

    /// The records of a model whose name fits a text, as the web client's drop-down lists find
    /// them: ids and display names, best first. An empty text finds all.
    ///
    /// # Errors
    /// Any failure of a call; see [`ErrorKind`].
    pub async fn name_search(
        &self,
        model: &str,
        text: &str,
        limit: u64,
        context: &Context,
    ) -> Result<Vec<(i64, String)>> {
        let call = MethodCall::new(model, "name_search")
            .kwarg("name", text)
            .kwarg("operator", "ilike")
            .kwarg("limit", limit);
        let found = self.ask(&call, context).await?;
        let pair = |item: &Value| {
            let id = item.get(0)?.as_i64()?;
            Some((id, item.get(1)?.as_str().unwrap_or_default().to_owned()))
        };
        found
            .as_array()
            .and_then(|items| items.iter().map(pair).collect())
            .ok_or_else(|| protocol("name_search answered no list of names".to_owned()))
    }

    /// The context of a call with the language of the configuration below it.
    pub(super) fn full_context(&self, context: &Context) -> Map<String, Value> {
        let mut full = Map::new();
        if let Some(language) = &self.config().language {
            full.insert("lang".into(), json!(language));
        }
        full.extend(context.as_map().clone());
        full
    }
}

/// The name goes into a path, whose other parts it must not touch.
fn check_report_name(report: &str) -> Result<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !report.is_empty() && report.chars().all(is_part) {
        Ok(report)
    } else {
        Err(Error::invalid_call(format!(
            "\"{report}\" is not the name of a report, such as sale.report_saleorder"
        )))
    }
}

/// Kinds of failure behind which a missing PDF engine can hide.
fn may_lack_engine(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Validation | ErrorKind::Server | ErrorKind::Protocol | ErrorKind::UnknownMethod
    )
}

/// The route answers an exception as a page that holds its JSON, escaped for HTML.
fn read_report_error(page: &[u8]) -> Option<Error> {
    let text = std::str::from_utf8(page).ok()?;
    let json = text
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let error: Value = serde_json::from_str(&json).ok()?;
    error.get("data")?;
    Some(fault::from_rpc_error(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_report_is_odoos_own() {
        let page = br"{&#34;code&#34;: 0, &#34;message&#34;: &#34;Odoo Server Error&#34;, &#34;data&#34;: {&#34;name&#34;: &#34;odoo.exceptions.AccessError&#34;, &#34;message&#34;: &#34;you don&#39;t &amp;amp; won&#39;t&#34;}}";
        let error = read_report_error(page).unwrap();
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert_eq!(error.message(), "you don't &amp; won't");
        assert!(read_report_error(b"<html>").is_none());
        assert!(read_report_error(b"{}").is_none());
    }

    #[test]
    fn a_report_name_stays_in_its_part_of_the_path() {
        assert!(check_report_name("sale.report_saleorder").is_ok());
        for wrong in ["", "a/b", "a?b", "a b", "../web", "a%2fb"] {
            let refused = check_report_name(wrong);
            assert!(refused.is_err(), "{wrong}");
        }
    }
}
