//! Who may pass to the MCP endpoint, and as whom.
//!
//! A request without valid credentials ends here with 401 and says how to do better. One that
//! passes carries its user's session in its extensions, from where the handler takes it.
//!
//! With `--http-sessions`, the id of a client's session is bound to its user: it is handed out
//! with a mark that only this process can make, and it is worth nothing in a request of
//! anybody else.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::json;

use super::Site;
use super::credentials::{Principal, credentials};
use super::options::HttpOptions;
use super::users::{Refusal, User, Users};
use crate::client::Credentials;
use crate::error::{Error, ErrorKind};

/// The header with the id of a client's session (MCP 2025-11-25, transports).
const SESSION_ID: &str = "mcp-session-id";

/// The header with which a proxy names the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

const HOW_TO_SIGN_IN: &str = "Send \"Authorization: Bearer <Odoo API key>\" (in Odoo: Preferences → Account Security → New API Key), or Basic with login and password.";

/// See the module.
pub(super) struct Gatekeeper {
    users: Users,
    /// Whom requests without credentials act as.
    own: Option<Credentials>,
    trust_forwarded_for: bool,
    max_sessions: usize,
    sessions: OnceLock<Arc<LocalSessionManager>>,
}

impl Gatekeeper {
    pub(super) fn new(users: Users, own: Option<Credentials>, options: &HttpOptions) -> Self {
        Self {
            users,
            own,
            trust_forwarded_for: options.trust_forwarded_for,
            max_sessions: options.max_sessions,
            sessions: OnceLock::new(),
        }
    }

    pub(super) fn users(&self) -> &Users {
        &self.users
    }

    /// Counts these sessions against the limit.
    pub(super) fn watch_sessions(&self, sessions: Arc<LocalSessionManager>) {
        // Set once, when the routes are made.
        let _ = self.sessions.set(sessions);
    }

    async fn identify(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<(Principal, User), Refusal> {
        let credentials = credentials(headers)
            .map_err(Refusal::Credentials)?
            .or_else(|| self.own.clone())
            .ok_or_else(|| {
                Refusal::Credentials(Error::new(
                    ErrorKind::Authentication,
                    "the request carries no credentials of an Odoo user",
                ))
            })?;
        let from = self.client_address(headers, peer);
        self.users.admit(&credentials, from).await
    }

    fn client_address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        if !self.trust_forwarded_for {
            return peer;
        }
        // The last entry is the one that our own proxy wrote.
        headers
            .get_all(FORWARDED_FOR)
            .iter()
            .next_back()
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok())
            .unwrap_or(peer)
    }

    async fn has_room_for_a_session(&self) -> bool {
        match self.sessions.get() {
            Some(sessions) => sessions.sessions.read().await.len() < self.max_sessions,
            None => true,
        }
    }

    /// The session's id as this user's client knows it.
    fn sealed_session_id(&self, id: &str, principal: &Principal) -> String {
        let seal = URL_SAFE_NO_PAD.encode(self.users.seal(principal, id));
        format!("{id}.{seal}")
    }

    /// The id behind one that was handed out to this user; `None` for any other.
    fn opened_session_id<'a>(&self, sealed: &'a str, principal: &Principal) -> Option<&'a str> {
        let (id, seal) = sealed.rsplit_once('.')?;
        let seal: Principal = URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
        self.users.is_seal(&seal, principal, id).then_some(id)
    }
}

/// Lets a request pass with its user, or says why not.
pub(super) async fn admit(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let gatekeeper = &site.gatekeeper;
    let metrics = &site.server.shared().metrics;
    let (principal, user) = match gatekeeper.identify(request.headers(), peer.ip()).await {
        Ok(identified) => identified,
        Err(refusal) => {
            metrics.refused(reason(&refusal));
            return refuse(&refusal);
        }
    };
    // From here on nothing needs the secret, so nothing can pass it on.
    request.headers_mut().remove(header::AUTHORIZATION);
    if let Some(sealed) = request.headers().get(SESSION_ID) {
        let id = sealed
            .to_str()
            .ok()
            .and_then(|sealed| gatekeeper.opened_session_id(sealed, &principal))
            .and_then(|id| HeaderValue::from_str(id).ok());
        let Some(id) = id else {
            metrics.refused("session");
            return explain(
                StatusCode::NOT_FOUND,
                &Error::new(
                    ErrorKind::SessionExpired,
                    "there is no such session of this user",
                )
                .with_hint("Start a new session with initialize."),
            );
        };
        request.headers_mut().insert(SESSION_ID, id);
    } else if request.method() == Method::POST && !gatekeeper.has_room_for_a_session().await {
        metrics.refused("sessions");
        return refuse(&Refusal::TooMany {
            what: "sessions of clients",
            retry_after: 60,
        });
    }
    request.extensions_mut().insert(user.session);
    let mut response = next.run(request).await;
    if let Some(id) = response.headers().get(SESSION_ID) {
        let sealed = id
            .to_str()
            .ok()
            .map(|id| gatekeeper.sealed_session_id(id, &principal))
            .and_then(|sealed| HeaderValue::from_str(&sealed).ok());
        match sealed {
            Some(sealed) => response.headers_mut().insert(SESSION_ID, sealed),
            None => response.headers_mut().remove(SESSION_ID),
        };
    }
    response
}

fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Credentials(_) => "credentials",
        Refusal::TooMany { .. } => "rate",
        Refusal::Unavailable(_) => "odoo",
    }
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    match refusal {
        Refusal::Credentials(error) => {
            let error = error.clone().with_hint(HOW_TO_SIGN_IN);
            let mut response = explain(StatusCode::UNAUTHORIZED, &error);
            let schemes = HeaderValue::from_static("Bearer realm=\"Odoo\", Basic realm=\"Odoo\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, schemes);
            response
        }
        Refusal::TooMany { what, retry_after } => {
            let error = Error::new(ErrorKind::Conflict, format!("too many {what}"))
                .with_hint(format!("Try again in {retry_after} s."));
            let mut response = explain(StatusCode::TOO_MANY_REQUESTS, &error);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(*retry_after));
            response
        }
        Refusal::Unavailable(error) => {
            let mut response = explain(StatusCode::SERVICE_UNAVAILABLE, error);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}

/// A refusal as clients of MCP can show it: a JSON-RPC error of no particular request.
fn explain(status: StatusCode, error: &Error) -> Response<Body> {
    let body = json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": {
            "code": -32000,
            "message": error.to_string(),
            "data": {"kind": error.kind()},
        },
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}
