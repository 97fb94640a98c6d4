//! What a server counts of its own work, in the text format of Prometheus.
//!
//! Labels come from fixed sets alone (tool names of the catalogue, kinds of failure, reasons
//! of refusal): no user, record or model name that a caller chose can become one, so neither
//! secrets nor unbounded numbers of series get in.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the call durations' buckets, in seconds: an Odoo answers a read in some
/// milliseconds and closes a fiscal year in a minute.
const SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0,
];

type Labels<const N: usize> = [(&'static str, String); N];

/// The counters of one server.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Histogram>,
    running: Gauge,
    users: Gauge,
    sign_ins: Family<Labels<1>, Counter>,
    refused: Family<Labels<1>, Counter>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("butopea_mcp");
        let calls = Family::default();
        registry.register(
            "tool_calls",
            "Tool calls by tool and outcome (ok, or the kind of failure)",
            calls.clone(),
        );
        let seconds =
            Family::<Labels<1>, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register(
            "tool_call_seconds",
            "Time from call to result, by tool",
            seconds.clone(),
        );
        let running = Gauge::default();
        registry.register(
            "tool_calls_running",
            "Tool calls under way",
            running.clone(),
        );
        let users = Gauge::default();
        registry.register(
            "odoo_sessions",
            "Odoo sessions held for users of this server",
            users.clone(),
        );
        let sign_ins = Family::default();
        registry.register(
            "sign_ins",
            "Sign-ins of users by outcome (ok, or the kind of failure)",
            sign_ins.clone(),
        );
        let refused = Family::default();
        registry.register(
            "requests_refused",
            "HTTP requests that were refused before they reached a tool, by reason",
            refused.clone(),
        );
        Self {
            registry,
            calls,
            seconds,
            running,
            users,
            sign_ins,
            refused,
        }
    }

    /// A tool call begins; it lasts until the guard is dropped.
    pub(super) fn call_begins(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    /// A tool call has ended, with `ok` or a kind of failure.
    pub(super) fn call_ended(&self, tool: &str, outcome: &'static str, elapsed: Duration) {
        let labels = [("tool", tool.to_owned()), ("outcome", outcome.to_owned())];
        self.calls.get_or_create(&labels).inc();
        self.seconds
            .get_or_create(&[("tool", tool.to_owned())])
            .observe(elapsed.as_secs_f64());
    }

    /// A user has tried to sign in, with `ok` or a kind of failure.
    pub(super) fn signed_in(&self, outcome: &'static str) {
        self.sign_ins
            .get_or_create(&[("outcome", outcome.to_owned())])
            .inc();
    }

    /// A request was refused for this reason.
    pub(super) fn refused(&self, reason: &'static str) {
        self.refused
            .get_or_create(&[("reason", reason.to_owned())])
            .inc();
    }

    /// A session was opened for a user; it is held until the guard is dropped.
    pub(super) fn session_held(&self) -> Running {
        self.users.inc();
        Running(self.users.clone())
    }

    /// Everything, as Prometheus reads it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Counts one as long as it lives.
pub(crate) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_can_be_read() {
        let metrics = Metrics::new();
        let running = metrics.call_begins();
        metrics.call_ended("odoo_read", "ok", Duration::from_millis(3));
        metrics.refused("rate");
        let text = metrics.text();
        for line in [
            r#"butopea_mcp_tool_calls_total{tool="odoo_read",outcome="ok"} 1"#,
            r#"butopea_mcp_tool_call_seconds_bucket{le="0.005",tool="odoo_read"} 1"#,
            r#"butopea_mcp_requests_refused_total{reason="rate"} 1"#,
            "butopea_mcp_tool_calls_running 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        drop(running);
        assert!(metrics.text().contains("butopea_mcp_tool_calls_running 0"));
    }
}
