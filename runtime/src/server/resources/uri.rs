//! The URIs of resources: what they look like, and what they mean.
//!
//! ```text
//! odoo://{model}/{id}                    a record
//! odoo://{model}/schema                  the fields and actions of a model
//! odoo://ir.attachment/{id}/content      the file of an attachment
//! odoo://{model}/{id}/report/{report}    a record, printed by a report
//! odoo://{model}/{id}/field/{field}      the whole value of a field
//! ```
//!
//! Each URI has one meaning: a model's name has lower-case letters, digits, dots and
//! underscores only (`odoo/models.py`, `regex_object_name`), an id is a number, and `schema` is
//! none. Each meaning has one URI, so that a client which compares URIs compares resources.

use std::fmt;

const SCHEME: &str = "odoo://";
/// The model whose records have contents.
pub(in crate::server) const ATTACHMENT: &str = "ir.attachment";

/// What a URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum OdooUri {
    /// A record.
    Record {
        /// Its model.
        model: String,
        /// Its id.
        id: i64,
    },
    /// What a model is made of.
    Schema {
        /// The model.
        model: String,
    },
    /// The file of an attachment.
    Content {
        /// The attachment's id.
        id: i64,
    },
    /// A record as a PDF document.
    Report {
        /// The record's model.
        model: String,
        /// The record's id.
        id: i64,
        /// The report's technical name (`report_name`).
        report: String,
    },
    /// The whole value of a field.
    Field {
        /// The record's model.
        model: String,
        /// The record's id.
        id: i64,
        /// The field's name.
        field: String,
    },
}

/// The URI of a field's value; any of its parts may be a placeholder.
pub(in crate::server) fn field_uri(model: &str, id: impl fmt::Display, field: &str) -> String {
    format!("{SCHEME}{model}/{id}/field/{field}")
}

impl OdooUri {
    /// What this URI means; `None` when it is not one of ours.
    pub(in crate::server) fn parse(uri: &str) -> Option<Self> {
        let parts: Vec<&str> = uri.strip_prefix(SCHEME)?.split('/').collect();
        let model = parts.first().filter(|name| is_model_name(name))?;
        let model = (*model).to_owned();
        match parts.get(1..)? {
            ["schema"] => Some(Self::Schema { model }),
            [id] => Some(Self::Record {
                model,
                id: parse_id(id)?,
            }),
            [id, "content"] if model == ATTACHMENT => Some(Self::Content { id: parse_id(id)? }),
            [id, "report", report] => Some(Self::Report {
                model,
                id: parse_id(id)?,
                report: decode(report)?,
            }),
            [id, "field", field] if is_field_name(field) => Some(Self::Field {
                model,
                id: parse_id(id)?,
                field: (*field).to_owned(),
            }),
            _ => None,
        }
    }

    /// The model that it is about.
    pub(in crate::server) fn model(&self) -> &str {
        match self {
            Self::Record { model, .. }
            | Self::Schema { model }
            | Self::Report { model, .. }
            | Self::Field { model, .. } => model,
            Self::Content { .. } => ATTACHMENT,
        }
    }
}

impl fmt::Display for OdooUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { model, id } => write!(f, "{SCHEME}{model}/{id}"),
            Self::Schema { model } => write!(f, "{SCHEME}{model}/schema"),
            Self::Content { id } => write!(f, "{SCHEME}{ATTACHMENT}/{id}/content"),
            Self::Report { model, id, report } => {
                write!(f, "{SCHEME}{model}/{id}/report/{}", encode(report))
            }
            Self::Field { model, id, field } => f.write_str(&field_uri(model, id, field)),
        }
    }
}

fn is_model_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte))
}

/// Names of fields are those of Python (`odoo/fields.py`), which are ASCII in practice.
fn is_field_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// An id above 0, in the one way in which it is written.
fn parse_id(text: &str) -> Option<i64> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    is_canonical.then(|| text.parse().ok()).flatten()
}

/// Percent-encoding of everything but RFC 3986's unreserved characters, as URI templates do it.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? * 16 + hex(rest.next()?)?,
            plain if is_unreserved(plain) => plain,
            _ => return None,
        });
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_uri() -> impl Strategy<Value = OdooUri> {
        let model = || "[a-z0-9._]{1,40}";
        prop_oneof![
            (model(), 1..=i64::MAX).prop_map(|(model, id)| OdooUri::Record { model, id }),
            model().prop_map(|model| OdooUri::Schema { model }),
            (1..=i64::MAX).prop_map(|id| OdooUri::Content { id }),
            (model(), 1..=i64::MAX, "[a-zA-Z0-9_]{1,40}")
                .prop_map(|(model, id, field)| OdooUri::Field { model, id, field }),
            (model(), 1..=i64::MAX, any::<String>())
                .prop_filter("a report has a name", |(.., report)| !report.is_empty())
                .prop_map(|(model, id, report)| OdooUri::Report { model, id, report }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(uri in any_uri()) {
            prop_assert_eq!(OdooUri::parse(&uri.to_string()), Some(uri));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = OdooUri::parse(&text);
        }

        #[test]
        fn a_meaning_has_one_uri(rest in "([a-z0-9._]{0,4}|[0-9]{1,3}|schema|content|report|field|%[0-9A-Fa-f]{2}|/){0,8}") {
            let text = format!("odoo://{rest}");
            if let Some(uri) = OdooUri::parse(&text) {
                // Percent-encoding alone may be written in several ways.
                let is_encoded = text.contains('%');
                prop_assert!(uri.to_string() == text || is_encoded, "{} and {}", uri, text);
            }
        }
    }

    #[test]
    fn the_kinds_of_uris() {
        for text in [
            "odoo://sale.order/12",
            "odoo://sale.order/schema",
            "odoo://ir.attachment/7",
            "odoo://ir.attachment/7/content",
            "odoo://x_studio_thing/1",
            "odoo://account.move/3/report/account.report_invoice",
            "odoo://res.partner/3/field/image_1920",
        ] {
            assert_eq!(OdooUri::parse(text).unwrap().to_string(), text);
        }
        let odd = OdooUri::Report {
            model: "x".to_owned(),
            id: 1,
            report: "a/b ä".to_owned(),
        };
        assert_eq!(odd.to_string(), "odoo://x/1/report/a%2Fb%20%C3%A4");
    }

    #[test]
    fn what_is_none_of_ours() {
        for text in [
            "",
            "odoo://",
            "odoo:///7",
            "odoo://sale.order",
            "odoo://sale.order/",
            "odoo://sale.order/0",
            "odoo://sale.order/-1",
            "odoo://sale.order/+1",
            "odoo://sale.order/01",
            "odoo://sale.order/1/",
            "odoo://sale.order/99999999999999999999",
            "odoo://sale.order/1/content",
            "odoo://sale.order/1/report/",
            "odoo://sale.order/1/field/",
            "odoo://sale.order/1/field/a.b",
            "odoo://sale.order/1/report/a%zz",
            "odoo://sale.order/1/report/a%ff",
            "odoo://sale.order/1?x=1",
            "odoo://Sale.Order/1",
            "odoo://user@sale.order/1",
            "http://sale.order/1",
        ] {
            assert_eq!(OdooUri::parse(text), None, "{text}");
        }
    }
}
