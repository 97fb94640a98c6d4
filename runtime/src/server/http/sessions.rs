//! The sessions of clients of older protocol versions (`--http-sessions`).
//!
//! A session belongs to the user who opened it: its id is handed out with a mark that only
//! this process can make for this user, and it is worth nothing in a request of anybody else.
//! How many there are is bounded, and so is the share of one user, so that a client that opens
//! them without end keeps nobody else out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::http::{HeaderMap, HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::credentials::Principal;
use super::users::{Refusal, Users};

/// The header with the id of a client's session (MCP 2025-11-25, transports).
pub(super) const SESSION_ID: &str = "mcp-session-id";

/// The header with the method of a request; always there in protocol versions without sessions.
const MCP_METHOD: &str = "mcp-method";

/// How many sessions one user may open whatever their share of all is.
const FEW: usize = 8;

/// Seconds after which it is worth a try to open one more: clients that have left without a
/// word are noticed after some minutes.
const RETRY_AFTER: u64 = 60;

/// See the module.
pub(super) struct ClientSessions {
    most: usize,
    manager: OnceLock<Arc<LocalSessionManager>>,
    /// Who opened which; those that have ended are forgotten when the next one is opened.
    opened: Mutex<HashMap<String, Principal>>,
}

impl ClientSessions {
    /// None yet, and never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            manager: OnceLock::new(),
            opened: Mutex::default(),
        }
    }

    /// Counts the sessions that are kept here.
    pub(super) fn watch(&self, manager: Arc<LocalSessionManager>) {
        // Set once, when the routes are made.
        let _ = self.manager.set(manager);
    }

    /// The most of one user.
    fn share(&self) -> usize {
        (self.most / 4).max(FEW).min(self.most)
    }

    /// Lets a request pass unless it would open a session too many.
    pub(super) async fn check_room(
        &self,
        method: &Method,
        headers: &HeaderMap,
        principal: &Principal,
    ) -> Result<(), Refusal> {
        let Some(manager) = self.manager.get() else {
            return Ok(());
        };
        if !may_open_one(method, headers) {
            return Ok(());
        }
        let too_many = |what| {
            Err(Refusal::TooMany {
                what,
                retry_after: RETRY_AFTER,
            })
        };
        let there = manager.sessions.read().await;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.retain(|id, _| there.contains_key(id.as_str()));
        if there.len() >= self.most {
            return too_many("sessions of clients");
        }
        let own = opened.values().filter(|owner| *owner == principal).count();
        if own >= self.share() {
            return too_many("sessions of this user's clients");
        }
        Ok(())
    }

    /// The id of a session that was opened for this user, as their client is to know it.
    pub(super) fn hand_out(
        &self,
        id: &HeaderValue,
        principal: &Principal,
        users: &Users,
    ) -> Option<HeaderValue> {
        let id = id.to_str().ok()?;
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), *principal);
        HeaderValue::from_str(&sealed(id, principal, users)).ok()
    }
}

/// Whether a request may be one that opens a session: the first one of an older client.
fn may_open_one(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::POST
        && !headers.contains_key(SESSION_ID)
        && headers
            .get(MCP_METHOD)
            .is_none_or(|method| method.as_bytes() == b"initialize")
}

fn sealed(id: &str, principal: &Principal, users: &Users) -> String {
    let seal = URL_SAFE_NO_PAD.encode(users.seal(principal, id));
    format!("{id}.{seal}")
}

/// The id behind one that was handed out to this user; `None` for any other.
pub(super) fn opened(
    handed_out: &HeaderValue,
    principal: &Principal,
    users: &Users,
) -> Option<HeaderValue> {
    let (id, seal) = handed_out.to_str().ok()?.rsplit_once('.')?;
    let seal: Principal = URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
    users
        .is_seal(&seal, principal, id)
        .then(|| HeaderValue::from_str(id).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<axum::http::HeaderName>().unwrap(),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn only_a_first_request_may_open_a_session() {
        assert!(may_open_one(&Method::POST, &headers(&[])));
        assert!(may_open_one(
            &Method::POST,
            &headers(&[(MCP_METHOD, "initialize")])
        ));
        assert!(!may_open_one(&Method::GET, &headers(&[])));
        assert!(!may_open_one(&Method::POST, &headers(&[(SESSION_ID, "x")])));
        assert!(!may_open_one(
            &Method::POST,
            &headers(&[(MCP_METHOD, "tools/list")])
        ));
    }

    #[test]
    fn one_user_gets_a_share() {
        for (most, share) in [(1, 1), (8, 8), (20, 8), (1_000, 250)] {
            assert_eq!(ClientSessions::new(most).share(), share);
        }
    }
}
