//! What the fuzz target `sealed` seals: see [`crate::fuzzing`].

use serde_json::Value;

pub(in crate::server) use super::ticket::AskedCall;
use super::ticket::{Ticket, canonical};
use crate::error::Result;
use crate::server::StateKey;

/// The token of a question about what has this digest.
pub(in crate::server) fn ask(key: &StateKey, digest: &str, asked: AskedCall<'_>) -> Result<String> {
    Ticket::new(digest.to_owned())?.seal(key, &asked.purpose())
}

/// The digest in a token that came back for this call.
pub(in crate::server) fn digest_in(
    key: &StateKey,
    token: &str,
    asked: AskedCall<'_>,
) -> Result<String> {
    Ok(Ticket::open(key, token, &asked.purpose())?.digest)
}

/// Checks that no two arguments are one to a ticket.
///
/// # Panics
/// When these are.
pub(in crate::server) fn assert_told_apart(one: &Value, other: &Value) {
    if canonical(one) == canonical(other) {
        assert_eq!(one, other);
    }
}
