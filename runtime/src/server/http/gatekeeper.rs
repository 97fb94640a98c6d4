//! Who may pass to the MCP endpoint, and as whom.
//!
//! A request without valid credentials ends here with 401 and says how to do better. One that
//! passes carries its user's session in its extensions, from where the handler takes it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use serde_json::json;

use super::Site;
use super::credentials::{Principal, credentials};
use super::options::HttpOptions;
use super::sessions::{self, ClientSessions, SESSION_ID};
use super::unread;
use super::users::{Refusal, Users};
use crate::client::Credentials;
use crate::error::{Error, ErrorKind};
use crate::server::UserSession;

/// The header with which a proxy names the client.
const FORWARDED_FOR: &str = "x-forwarded-for";

const HOW_TO_SIGN_IN: &str = "Send \"Authorization: Bearer <Odoo API key>\" (in Odoo: Preferences → Account Security → New API Key), or Basic with login and password.";

/// See the module.
pub(super) struct Gatekeeper {
    users: Users,
    /// Whom requests without credentials act as.
    own: Option<Credentials>,
    trust_forwarded_for: bool,
    sessions: ClientSessions,
}

impl Gatekeeper {
    pub(super) fn new(users: Users, own: Option<Credentials>, options: &HttpOptions) -> Self {
        Self {
            users,
            own,
            trust_forwarded_for: options.trust_forwarded_for,
            sessions: ClientSessions::new(options.max_sessions),
        }
    }

    pub(super) fn users(&self) -> &Users {
        &self.users
    }

    /// The sessions of clients.
    pub(super) fn sessions(&self) -> &ClientSessions {
        &self.sessions
    }

    async fn identify(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<(Principal, Arc<UserSession>), Refusal> {
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
}

/// Lets a request pass with its user, or says why not.
pub(super) async fn admit(
    State(site): State<Arc<Site>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let answering = site.answers.begin();
    let gatekeeper = &site.gatekeeper;
    let principal = match gatekeeper.look_at(&mut request, peer.ip()).await {
        Ok(principal) => principal,
        Err(refused) => {
            let metrics = &site.server.shared().metrics;
            metrics.refused(refused.reason);
            return unread::after(request.into_body(), refused.response).await;
        }
    };
    let mut response = next.run(request).await;
    if let Some(id) = response.headers().get(SESSION_ID) {
        match gatekeeper
            .sessions()
            .hand_out(id, &principal, gatekeeper.users())
        {
            Some(id) => response.headers_mut().insert(SESSION_ID, id),
            None => response.headers_mut().remove(SESSION_ID),
        };
    }
    answering.until_the_end_of(response)
}

/// A request that does not pass.
struct Refused {
    reason: &'static str,
    response: Response<Body>,
}

impl Refused {
    fn because(reason: &'static str, refusal: &Refusal) -> Self {
        Self {
            reason,
            response: refuse(refusal),
        }
    }
}

impl Gatekeeper {
    /// Finds out whose request it is and makes it ready for whom it is passed on to.
    async fn look_at(&self, request: &mut Request, peer: IpAddr) -> Result<Principal, Refused> {
        let (principal, session) = self
            .identify(request.headers(), peer)
            .await
            .map_err(|refusal| Refused::because(reason(&refusal), &refusal))?;
        // From here on nothing needs the secret, so nothing can pass it on.
        request.headers_mut().remove(header::AUTHORIZATION);
        if let Some(id) = request.headers().get(SESSION_ID) {
            let id = sessions::opened(id, &principal, &self.users).ok_or_else(no_such_session)?;
            request.headers_mut().insert(SESSION_ID, id);
        } else {
            self.sessions
                .check_room(request.method(), request.headers(), &principal)
                .await
                .map_err(|refusal| Refused::because("sessions", &refusal))?;
        }
        request.extensions_mut().insert(session);
        Ok(principal)
    }
}

fn no_such_session() -> Refused {
    let error = Error::new(
        ErrorKind::SessionExpired,
        "there is no such session of this user",
    )
    .with_hint("Start a new session with initialize.");
    Refused {
        reason: "session",
        response: explain(StatusCode::NOT_FOUND, &error),
    }
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
            // The client's own hints speak of the variables of a server for one user.
            let error = Error::new(error.kind(), error.message()).with_hint(HOW_TO_SIGN_IN);
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
