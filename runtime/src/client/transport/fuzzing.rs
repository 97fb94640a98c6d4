//! What the fuzz target `answer` reads: see [`crate::fuzzing`].

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::answer::{check_status, read_rpc_result, retry_after};
use super::session::session_cookie;
use super::{Answer, LOCATION};
use crate::error::Result;

/// What comes of an HTTP answer to a JSON-RPC request; headers that are none are left out.
pub(crate) fn read_answer<'a>(
    status: u16,
    path: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: Vec<u8>,
) -> Result<Value> {
    let headers: HeaderMap = headers
        .into_iter()
        .filter_map(|(name, value)| {
            let name: HeaderName = name.parse().ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        })
        .collect();
    let answer = Answer {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        cookie: session_cookie(&headers),
        location: headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        retry_after: retry_after(&headers),
        body,
    };
    let origin = match Url::parse("http://odoo.example/") {
        Ok(origin) => origin,
        Err(error) => panic!("no address: {error}"),
    };
    // A download has no envelope: its status is all that is looked at.
    let is_success = check_status(&origin, path, &answer).is_ok();
    assert_eq!(is_success, answer.status.is_success());
    let read = read_rpc_result(&origin, path, &answer);
    read.map_err(|failure| *failure.error)
}
