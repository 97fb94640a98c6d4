//! Links to records in Odoo's web client.
//!
//! From 18.0 on the address is a path (`web/static/src/core/browser/router.js`,
//! `pathFromActionState`): `/odoo/<model>/<id>` opens the form of any model, `m-<model>` where
//! the name has no dot and could be an action's. Before, it is `/web#id=…&model=…`, which later
//! series still understand.

use std::fmt::Display;

use serde_json::json;
use url::Url;

use super::Output;
use crate::schema::ModelSchema;
use crate::server::UserSession;

/// The most records of a change that have a link each.
const LINKED: usize = 3;

/// The first series with paths.
const WITH_PATHS: u32 = 18;

/// The web client of an Odoo, at the address that the server was given for it.
#[derive(Debug, Clone)]
pub(crate) struct WebClient {
    /// Ends with a slash.
    base: String,
    has_paths: bool,
}

impl WebClient {
    pub(super) fn new(url: &Url, series: Option<&str>) -> Self {
        let major = series.and_then(|series| {
            let number = series.trim_start_matches(|c: char| !c.is_ascii_digit());
            number.split(['.', '-']).next()?.parse::<u32>().ok()
        });
        Self {
            base: format!("{}/", url.as_str().trim_end_matches('/')),
            has_paths: major.is_some_and(|major| major >= WITH_PATHS),
        }
    }

    /// Where a person opens a record. `id` may be a placeholder.
    pub(crate) fn record(&self, model: &str, id: impl Display) -> String {
        let base = &self.base;
        if !self.has_paths {
            format!("{base}web#id={id}&model={model}&view_type=form")
        } else if model.contains('.') {
            format!("{base}odoo/{model}/{id}")
        } else {
            format!("{base}odoo/m-{model}/{id}")
        }
    }
}

impl WebClient {
    /// Says where a person opens the records of a change: of one record as a read does, of a few
    /// one by one, of more as a search does.
    fn add_links(&self, output: &mut Output, model: &str, ids: &[i64]) {
        let links: Vec<String> = ids
            .iter()
            .take(LINKED)
            .map(|id| self.record(model, id))
            .collect();
        let (text, url) = match ids {
            [] => return,
            [only] => (links.join(" "), self.record(model, only)),
            few if few.len() <= LINKED => (links.join(" "), self.record(model, "{id}")),
            _ => (self.record(model, "<id>"), self.record(model, "{id}")),
        };
        output.text.push_str(&format!("\nopen: {text}"));
        output.structured["url"] = json!(url);
    }
}

impl UserSession {
    /// Says where a person opens these records, unless they are those of a dialogue, which have
    /// no page of their own.
    pub(crate) async fn with_links(
        &self,
        mut output: Output,
        model: &str,
        schema: Option<&ModelSchema>,
        ids: &[i64],
    ) -> Output {
        let has_pages = schema.is_none_or(|schema| !schema.transient && !schema.is_abstract);
        if has_pages && let Ok(viewer) = self.viewer().await {
            viewer.web.add_links(&mut output, model, ids);
        }
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(url: &str, series: Option<&str>) -> WebClient {
        WebClient::new(&Url::parse(url).unwrap(), series)
    }

    #[test]
    fn each_series_has_its_form() {
        let old = "https://x.test/web#id=7&model=sale.order&view_type=form";
        for series in [
            None,
            Some("16.0"),
            Some("17.0"),
            Some("saas~17.4"),
            Some("odd"),
        ] {
            assert_eq!(web("https://x.test", series).record("sale.order", 7), old);
        }
        for series in ["18.0", "19.0", "saas~18.2", "20.0"] {
            let web = web("https://x.test/", Some(series));
            assert_eq!(
                web.record("sale.order", 7),
                "https://x.test/odoo/sale.order/7"
            );
            assert_eq!(
                web.record("website", "<id>"),
                "https://x.test/odoo/m-website/<id>"
            );
        }
    }

    #[test]
    fn a_change_links_each_of_a_few_records() {
        let web = web("https://x.test", Some("19.0"));
        let linked = |ids: &[i64]| {
            let mut output = Output {
                structured: json!({}),
                text: "done".to_owned(),
            };
            web.add_links(&mut output, "sale.order", ids);
            (output.text, output.structured)
        };
        let base = "https://x.test/odoo/sale.order";
        assert_eq!(linked(&[]), ("done".to_owned(), json!({})));
        assert_eq!(
            linked(&[7]),
            (
                format!("done\nopen: {base}/7"),
                json!({"url": format!("{base}/7")})
            )
        );
        let each = json!({"url": format!("{base}/{{id}}")});
        assert_eq!(
            linked(&[7, 8]),
            (format!("done\nopen: {base}/7 {base}/8"), each.clone())
        );
        assert_eq!(
            linked(&[1, 2, 3, 4]),
            (format!("done\nopen: {base}/<id>"), each)
        );
    }
}
