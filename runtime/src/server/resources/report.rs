//! Printed records: which reports a model has for this user, and
//! `odoo://{model}/{id}/report/{report}`.
//!
//! The reports are those of the web client's *Print* menu: `get_bindings` names what this user
//! may print, and the records of `ir.actions.report`, read as the user, say what it is. A user
//! who may not read those has no reports here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::ResourceContents;
use serde_json::{Map, Value, json};

use super::uri::OdooUri;
use super::{MAX_CONTENT_BYTES, too_large};
use crate::client::{Context, MethodCall, RawRecord, SearchRead};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::text::{clean, join_bounded, nearest, quoted};
use crate::server::UserSession;

const REPORT: &str = "ir.actions.report";
pub(super) const PDF: &str = "application/pdf";

/// A report that makes a PDF document of one record.
#[derive(Debug, PartialEq)]
pub(in crate::server) struct Report {
    /// The technical name (`sale.report_saleorder`).
    pub(in crate::server) name: String,
    /// What stands in the *Print* menu.
    pub(in crate::server) title: String,
    /// Which records it is for: a domain, as Odoo has it.
    condition: Option<String>,
}

impl Report {
    /// Puts together what the menu and the report's record say; `None` for what cannot be
    /// printed as PDF by name.
    fn from_raw(raw: &RawRecord, binding: &Map<String, Value>) -> Option<Self> {
        let name = raw.get("report_name")?.as_str()?;
        let title = raw.get("name").and_then(Value::as_str).unwrap_or(name);
        let condition = binding.get("domain").and_then(Value::as_str);
        Some(Self {
            name: name.to_owned(),
            title: clean(title, 100),
            condition: condition
                .map(|domain| clean(domain, 300))
                .filter(|domain| !matches!(domain.as_str(), "" | "[]")),
        })
    }

    fn uri(&self, model: &str, id: i64) -> String {
        OdooUri::Report {
            model: model.to_owned(),
            id,
            report: self.name.clone(),
        }
        .to_string()
    }

    /// The report as a record's JSON names it.
    pub(super) fn as_json(&self, model: &str, id: i64) -> Value {
        let mut named = json!({"uri": self.uri(model, id), "name": self.title, "mimeType": PDF});
        if let Some(condition) = &self.condition {
            named["only_for"] = json!(condition);
        }
        named
    }

    /// The report as a line of text.
    pub(super) fn as_line(&self, model: &str, id: i64) -> String {
        let only_for = match &self.condition {
            Some(condition) => format!(" (only for {condition})"),
            None => String::new(),
        };
        let title = quoted(&self.title, 100);
        format!("- {}: {title}{only_for}", self.uri(model, id))
    }
}

impl UserSession {
    /// The reports that print a record of this model, in the order of the *Print* menu.
    pub(in crate::server) async fn reports_of(&self, model: &str) -> Result<Vec<Report>> {
        let call = MethodCall::new("ir.actions.actions", "get_bindings").arg(model);
        let bindings = self.client()?.ask(&call, &Context::new()).await?;
        let bound: Vec<&Map<String, Value>> = bindings
            .get("report")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .collect();
        let id_of = |record: &Map<String, Value>| record.get("id").and_then(Value::as_i64);
        let ids: Vec<i64> = bound.iter().filter_map(|binding| id_of(binding)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let request = SearchRead {
            domain: json!([["id", "in", ids], ["report_type", "=", "qweb-pdf"]]),
            fields: ["name", "report_name"].map(str::to_owned).to_vec(),
            ..SearchRead::new(REPORT)
        };
        let page = self
            .client()?
            .search_read(&request, &Context::new())
            .await?;
        Ok(bound
            .into_iter()
            .filter_map(|binding| {
                let raw = page
                    .records
                    .iter()
                    .find(|raw| id_of(raw) == id_of(binding))?;
                Report::from_raw(raw, binding)
            })
            .collect())
    }

    /// A record as a PDF document.
    pub(super) async fn read_report(
        &self,
        model: &str,
        id: i64,
        report: &str,
    ) -> Result<Vec<ResourceContents>> {
        self.require_record(model, id).await?;
        let reports = self.reports_of(model).await?;
        let Some(report) = reports.iter().find(|known| known.name == report) else {
            return Err(unknown_report(model, report, &reports));
        };
        let printed = self
            .client()?
            .report_pdf(&report.name, id, MAX_CONTENT_BYTES, &Context::new())
            .await;
        let bytes = printed.map_err(|error| explain(error, report, model, id))?;
        let blob = ResourceContents::blob(STANDARD.encode(bytes), report.uri(model, id));
        Ok(vec![blob.with_mime_type(PDF)])
    }
}

fn unknown_report(model: &str, report: &str, reports: &[Report]) -> Error {
    let names = || reports.iter().map(|report| report.name.as_str());
    let near = match nearest(report, names()).first() {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    let error = Error::new(
        ErrorKind::MissingRecord,
        format!(
            "{model} has no report \"{}\" for this user{near}",
            clean(report, 100)
        ),
    );
    if reports.is_empty() {
        error.with_hint("This model has no PDF reports that this user may print.")
    } else {
        error.with_hint(format!("Its reports are {}.", join_bounded(names(), 12)))
    }
}

fn explain(error: Error, report: &Report, model: &str, id: i64) -> Error {
    match error.kind() {
        ErrorKind::TooLarge => too_large(
            &format!(
                "the document {} of {model} {id}",
                quoted(&report.title, 100)
            ),
            None,
            "Ask the user to print it in Odoo.".to_owned(),
        ),
        ErrorKind::Validation | ErrorKind::Server if report.condition.is_some() => {
            error.with_hint(format!(
                "This report is only for {}.",
                report.condition.as_deref().unwrap_or_default()
            ))
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(name: &str, domain: &Value) -> Report {
        let raw = json!({"id": 1, "name": "Invoice\u{200B} PDF", "report_name": name});
        let binding = json!({"id": 1, "domain": domain});
        Report::from_raw(raw.as_object().unwrap(), binding.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_report_says_what_it_is_for() {
        let plain = report("account.report_invoice", &json!("[]"));
        assert_eq!(
            plain.as_line("account.move", 3),
            "- odoo://account.move/3/report/account.report_invoice: “Invoice PDF”"
        );
        assert!(plain.as_json("account.move", 3).get("only_for").is_none());
        let bills = report("account.bill", &json!("[('move_type', '=', 'in_invoice')]"));
        assert_eq!(
            bills.as_json("account.move", 3)["only_for"],
            "[('move_type', '=', 'in_invoice')]"
        );
    }

    #[test]
    fn a_wrong_report_is_met_with_the_right_ones() {
        let known = [report("account.report_invoice", &Value::Null)];
        let error = unknown_report("account.move", "account.report_invioce", &known);
        assert_eq!(error.kind(), ErrorKind::MissingRecord);
        let text = error.to_string();
        assert!(
            text.contains("did you mean account.report_invoice?"),
            "{text}"
        );
        assert!(
            unknown_report("x", "y", &[])
                .to_string()
                .contains("no PDF reports")
        );
    }
}
