//! Who reads the answer: their time zone, and where they open a record.

use std::fmt::Display;

use jiff::tz::TimeZone;

use super::links::WebClient;
use crate::client::Capabilities;
use crate::error::Result;
use crate::server::UserSession;

/// What the form of an answer depends on besides the records.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(super) zone: TimeZone,
    pub(super) web: WebClient,
}

impl Viewer {
    /// The name of the time zone, as Odoo and everybody else knows it.
    pub(super) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Where a person opens a record. `id` may be a placeholder.
    pub(crate) fn record_url(&self, model: &str, id: impl Display) -> String {
        self.web.record(model, id)
    }
}

impl UserSession {
    /// The signed-in user as a reader. What Odoo does not say (an older module, a failure that
    /// the call itself will meet, too) is UTC, and links of the form that every series knows.
    pub(crate) async fn viewer(&self) -> Result<Viewer> {
        let url = &self.client()?.config().url;
        let known = self.capabilities().await;
        let known = known
            .inspect_err(|error| tracing::debug!(%error, "answers do not know their reader"))
            .ok();
        let series = known
            .as_ref()
            .and_then(|known| known.odoo_series.as_deref());
        Ok(Viewer {
            zone: known.as_deref().map_or(TimeZone::UTC, zone_of),
            web: WebClient::new(url, series),
        })
    }
}

/// Where the user is; UTC, where Odoo does not say.
pub(crate) fn zone_of(capabilities: &Capabilities) -> TimeZone {
    let zone = capabilities.user.tz.as_deref().unwrap_or("UTC");
    TimeZone::get(zone).unwrap_or_else(|error| {
        tracing::warn!(zone, %error, "the user's time zone is unknown; dates are those of UTC");
        TimeZone::UTC
    })
}
