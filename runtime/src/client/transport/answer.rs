//! What an HTTP answer of Odoo, or of something before it, means.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use url::Url;

use super::Answer;
use super::tries::Failure;
use crate::client::fault;
use crate::error::{Error, ErrorKind, Result};

/// The `result` of a JSON-RPC answer.
pub(super) fn read_rpc_result(origin: &Url, path: &str, answer: &Answer) -> Result<Value, Failure> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if let Some(error) = body.as_ref().and_then(|body| body.get("error")) {
        let error = fault::from_rpc_error(error);
        return Err(Failure {
            // A database that goes away while it commits tells nobody whether it did.
            may_have_happened: error.kind() == ErrorKind::Unreachable,
            retry_after: answer.retry_after,
            ..error.into()
        });
    }
    check_status(origin, path, answer)?;
    match body {
        Some(Value::Object(mut body)) if body.contains_key("jsonrpc") => {
            Ok(body.remove("result").unwrap_or(Value::Null))
        }
        _ => Err(Failure::of_unknown_outcome(
            Error::new(
                ErrorKind::Protocol,
                format!("{origin} does not answer like an Odoo (no JSON-RPC from {path})"),
            )
            .with_hint("Check ODOO_URL: it must be the address of Odoo itself."),
        )),
    }
}

/// Refuses every status but success.
pub(super) fn check_status(origin: &Url, path: &str, answer: &Answer) -> Result<(), Failure> {
    let status = answer.status;
    explain_status(origin, path, answer).map_err(|error| Failure {
        // These say that the request went no further.
        may_have_happened: !(status.is_redirection()
            || matches!(
                status,
                StatusCode::NOT_FOUND
                    | StatusCode::UNAUTHORIZED
                    | StatusCode::FORBIDDEN
                    | StatusCode::TOO_MANY_REQUESTS
            )),
        odoo_is_away: matches!(
            status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        ),
        retry_after: answer.retry_after,
        error: Box::new(error),
    })
}

/// How long to wait, as `Retry-After` says it: in seconds, or until a moment (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = moment.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn module_missing(origin: &Url, path: &str) -> Error {
    Error::new(
        ErrorKind::ModuleMissing,
        format!("{origin} has no {path}: the Odoo module butopea_mcp is not installed there"),
    )
    .with_hint("Install the module in this database (Apps → butopea_mcp), and check ODOO_DB.")
}

fn explain_status(origin: &Url, path: &str, answer: &Answer) -> Result<()> {
    let status = answer.status;
    if status.is_success() {
        return Ok(());
    }
    Err(match status {
        StatusCode::NOT_FOUND if path.starts_with("/mcp/") => module_missing(origin, path),
        StatusCode::UNAUTHORIZED => Error::new(
            ErrorKind::Authentication,
            format!("{origin} refused the login or API key"),
        ),
        StatusCode::FORBIDDEN => Error::new(
            ErrorKind::AccessDenied,
            format!("{origin} refused {path} (HTTP 403)"),
        ),
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Error::new(
            ErrorKind::Unreachable,
            format!(
                "{origin} is busy or being restarted (HTTP {})",
                status.as_u16()
            ),
        )
        .with_hint("Wait a moment and try again."),
        _ if status.is_redirection() => Error::new(
            ErrorKind::Configuration,
            format!(
                "{origin} redirects to {}",
                answer.location.as_deref().unwrap_or("another address")
            ),
        )
        .with_hint("Set ODOO_URL to the address that it redirects to."),
        _ => Error::new(
            ErrorKind::Protocol,
            format!("{origin} answered {path} with HTTP {}", status.as_u16()),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wish_for_patience_is_read_in_both_forms() {
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait(" 120 "), Some(120));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(90);
        let soon = soon.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        assert!((88..=90).contains(&wait(&soon).unwrap()), "{soon}");
        assert_eq!(wait("soon"), None);
        assert_eq!(wait("-1"), None);
    }

    #[test]
    fn a_status_says_whether_the_request_went_further() {
        let origin = Url::parse("http://odoo.example").unwrap();
        for (status, may_have_happened, odoo_is_away) in [
            (401, false, false),
            (403, false, false),
            (429, false, false),
            (302, false, false),
            (500, true, false),
            (502, true, true),
            (503, true, true),
            (504, true, true),
        ] {
            let answer = Answer {
                status: StatusCode::from_u16(status).unwrap(),
                cookie: None,
                location: None,
                retry_after: None,
                body: Vec::new(),
            };
            let failure = read_rpc_result(&origin, "/mcp/execute", &answer).unwrap_err();
            assert_eq!(failure.may_have_happened, may_have_happened, "{status}");
            assert_eq!(failure.odoo_is_away, odoo_is_away, "{status}");
        }
    }
}
