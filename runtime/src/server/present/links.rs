//! Links to records in Odoo's web client.
//!
//! From 18.0 on the address is a path (`web/static/src/core/browser/router.js`,
//! `pathFromActionState`): `/odoo/<model>/<id>` opens the form of any model, `m-<model>` where
//! the name has no dot and could be an action's. Before, it is `/web#id=…&model=…`, which later
//! series still understand.

use std::fmt::Display;

use url::Url;

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
}
