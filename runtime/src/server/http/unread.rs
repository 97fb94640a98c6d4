//! The bodies of requests that are refused by their heads.
//!
//! A connection on which a body stays unread is closed, and a client that sends its next
//! request on it hears nothing at all. So a small body is read and dropped; of a large one
//! nothing is read, and the client is told that the connection ends.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderValue, Response, header};

/// Requests that are no uploads are smaller.
const SMALL: usize = 64 * 1024;

/// How long a client may take to send a body that nobody reads.
const PATIENCE: Duration = Duration::from_secs(2);

/// The response to a request whose body is of no interest.
pub(super) async fn after(body: Body, mut response: Response<Body>) -> Response<Body> {
    let is_small = body.size_hint().lower() <= SMALL as u64;
    let is_read = is_small
        && tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, SMALL))
            .await
            .is_ok_and(|read| read.is_ok());
    if !is_read {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
