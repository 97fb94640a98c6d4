//! The URI templates of everything that can be read, and what completes their arguments.

use rmcp::model::ResourceTemplate;

use super::JSON;
use super::report::PDF;
use crate::server::completion::Source;

/// A kind of resource.
pub(in crate::server) struct Template {
    /// The template, as RFC 6570 writes it.
    pub(in crate::server) uri: &'static str,
    name: &'static str,
    title: &'static str,
    description: &'static str,
    /// Where all resources of the template are of one type.
    mime_type: Option<&'static str>,
    /// The arguments and where their values come from.
    pub(in crate::server) arguments: &'static [(&'static str, Source)],
}

/// All templates, in the order of the list.
pub(in crate::server) const TEMPLATES: [Template; 5] = [
    Template {
        uri: "odoo://{model}/{id}",
        name: "record",
        title: "Record",
        description: "A record of any model with its key fields, and the URIs of its attachments and PDF reports",
        mime_type: None,
        arguments: &[("model", Source::Model), ("id", Source::RecordId)],
    },
    Template {
        uri: "odoo://{model}/schema",
        name: "schema",
        title: "Fields and actions of a model",
        description: "All fields of a model with type, label, options and relation, and its actions",
        mime_type: Some(JSON),
        arguments: &[("model", Source::Model)],
    },
    Template {
        uri: "odoo://ir.attachment/{id}/content",
        name: "attachment",
        title: "File of an attachment",
        description: "The contents of an attachment, up to 10 MiB. A record's resource names its attachments",
        mime_type: None,
        arguments: &[("id", Source::AttachmentId)],
    },
    Template {
        uri: "odoo://{model}/{id}/report/{report}",
        name: "report",
        title: "Printed record (PDF)",
        description: "A record printed by one of the PDF reports of its model, such as a quotation or an invoice. A record's resource names its reports",
        mime_type: Some(PDF),
        arguments: &[
            ("model", Source::Model),
            ("id", Source::RecordId),
            ("report", Source::Report),
        ],
    },
    Template {
        uri: "odoo://{model}/{id}/field/{field}",
        name: "field",
        title: "Value of a field",
        description: "The whole value of one field: a file or image as bytes, HTML as HTML, a long text in full. Tools name it where they show the size, the text or the beginning alone",
        mime_type: None,
        arguments: &[
            ("model", Source::Model),
            ("id", Source::RecordId),
            ("field", Source::Field),
        ],
    },
];

/// The templates as they are listed.
pub(super) fn all() -> Vec<ResourceTemplate> {
    TEMPLATES
        .iter()
        .map(|template| {
            let mut listed = ResourceTemplate::new(template.uri, template.name)
                .with_title(template.title)
                .with_description(template.description);
            listed.mime_type = template.mime_type.map(str::to_owned);
            listed
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::MAX_CONTENT_BYTES;
    use super::super::uri::OdooUri;
    use super::*;

    #[test]
    fn the_largest_file_is_named() {
        let limit = format!("up to {} MiB", MAX_CONTENT_BYTES >> 20);
        assert!(TEMPLATES[2].description.contains(&limit));
    }

    #[test]
    fn filled_in_templates_are_uris() {
        for template in &TEMPLATES {
            let mut uri = template.uri.to_owned();
            for (name, source) in template.arguments {
                let value = match source {
                    Source::Model => "sale.order",
                    Source::Report => "sale.report_saleorder",
                    Source::Field => "note",
                    _ => "7",
                };
                let place = format!("{{{name}}}");
                assert!(uri.contains(&place), "{} has no {name}", template.uri);
                uri = uri.replace(&place, value);
            }
            assert!(OdooUri::parse(&uri).is_some(), "{uri}");
        }
    }
}
