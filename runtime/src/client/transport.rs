//! One pooled HTTP connection to one Odoo: JSON-RPC envelopes, the session cookie and the
//! single re-login when the session has expired.

mod download;

use std::sync::{
    RwLock,
    atomic::{AtomicU64, Ordering},
};

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::config::{Config, Credentials};
use super::{cancel, fault};
use crate::error::{Error, ErrorKind, Result};

/// Whether a request may be sent again when its answer was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It changes nothing: one more try does no harm.
    Read,
    /// It may change something: an unknown outcome is reported and never repeated.
    Write,
    /// It may change something, under a key with which Odoo does it at most once: one more try
    /// does no harm.
    WriteOnce,
}

/// A signed-in session. `generation` tells a stale session from the one that replaced it.
#[derive(Clone)]
struct Session {
    cookie: SecretString,
    generation: u64,
}

/// The connection; see the module's description.
pub(super) struct Transport {
    http: reqwest::Client,
    config: Config,
    session: RwLock<Option<Session>>,
    /// One login at a time; why the last one failed, for those who waited for it.
    login: Mutex<Option<Error>>,
    /// How many logins have ended.
    logins: AtomicU64,
    generations: AtomicU64,
    request_ids: AtomicU64,
}

/// An answer whose HTTP part is already dealt with.
struct Answer {
    status: StatusCode,
    cookie: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl Transport {
    /// Prepares the pool; nothing is sent yet.
    pub(super) fn new(config: Config) -> Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("butopea-mcp/", env!("CARGO_PKG_VERSION")))
            // A redirect to another origin would hand over the cookie or the key.
            .redirect(redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorKind::Configuration,
                    format!("the HTTP client cannot be set up: {error}"),
                )
            })?;
        Ok(Self {
            http,
            config,
            session: RwLock::new(None),
            login: Mutex::new(None),
            logins: AtomicU64::new(0),
            generations: AtomicU64::new(0),
            request_ids: AtomicU64::new(0),
        })
    }

    /// The configuration that this connection was made with.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Forgets the session, so that the next call signs in anew.
    pub(super) fn forget_session(&self) {
        self.store_session(None);
    }

    /// Ends the session in Odoo, too, as the web client's "Log out" does
    /// (`web/controllers/session.py`, `destroy`). Best effort: Odoo ends it by itself in time.
    pub(super) async fn end_session(&self) {
        let Some(session) = self.usable_session(None) else {
            return;
        };
        self.store_session(None);
        let path = "/web/session/destroy";
        let ended = self
            .post(path, &Map::new(), Some(&session.cookie), None, Effect::Read)
            .await;
        if let Err(error) = ended {
            tracing::debug!(%error, "the Odoo session could not be ended");
        }
    }

    /// Whether there is a session that could be ended.
    pub(super) fn has_session(&self) -> bool {
        self.usable_session(None).is_some()
    }

    /// Whether Odoo answers at all (`web/controllers/home.py`, `health`).
    pub(super) async fn is_alive(&self) -> bool {
        let Ok(url) = self.url_of("/web/health") else {
            return false;
        };
        let answer = self.send(self.http.get(url), Effect::Read).await;
        answer.is_ok_and(|answer| answer.status.is_success())
    }

    /// Signs in unless there is a session already.
    pub(super) async fn ensure_session(&self) -> Result<()> {
        self.session_newer_than(None).await.map(drop)
    }

    /// Calls a JSON-RPC route as the signed-in user and returns its `result`.
    ///
    /// An expired session is replaced once; Odoo checks it before it does anything, so the
    /// second try is safe for writes as well.
    pub(super) async fn call(
        &self,
        path: &str,
        params: &Map<String, Value>,
        effect: Effect,
    ) -> Result<Value> {
        let session = self.session_newer_than(None).await?;
        let first = self.attempt(path, params, effect, &session).await;
        match first {
            Err(error) if error.kind() == ErrorKind::SessionExpired => {
                let renewed = self.session_newer_than(Some(session.generation)).await?;
                self.attempt(path, params, effect, &renewed)
                    .await
                    .map_err(explain_expiry)
            }
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        path: &str,
        params: &Map<String, Value>,
        effect: Effect,
        session: &Session,
    ) -> Result<Value> {
        cancel::check()?;
        let cookie = self.current_cookie(session);
        let sent = self.post(path, params, Some(&cookie), None, effect).await;
        let answer = match sent {
            Err(error)
                if effect != Effect::Write
                    && !cancel::is_asked()
                    && matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Uncertain) =>
            {
                self.post(path, params, Some(&cookie), None, effect)
                    .await
                    .map_err(|again| worse_of(error, again, effect))?
            }
            other => other?,
        };
        if let Some(cookie) = &answer.cookie {
            self.rotate_cookie(session.generation, cookie);
        }
        read_rpc_result(&self.config.url, path, &answer)
    }

    /// The present session, or a new one when there is none newer than `stale`. Callers that
    /// find it expired together log in once, also when that fails: Odoo locks an address out
    /// after ten failures.
    async fn session_newer_than(&self, stale: Option<u64>) -> Result<Session> {
        if let Some(session) = self.usable_session(stale) {
            return Ok(session);
        }
        let logins_before = self.logins.load(Ordering::Relaxed);
        let mut last_failure = self.login.lock().await;
        if let Some(session) = self.usable_session(stale) {
            return Ok(session);
        }
        if self.logins.load(Ordering::Relaxed) != logins_before
            && let Some(failure) = last_failure.as_ref()
        {
            return Err(failure.clone());
        }
        let outcome = self.sign_in().await;
        self.logins.fetch_add(1, Ordering::Relaxed);
        *last_failure = outcome.as_ref().err().cloned();
        let session = Session {
            cookie: outcome?.into(),
            generation: self.generations.fetch_add(1, Ordering::Relaxed) + 1,
        };
        self.store_session(Some(session.clone()));
        tracing::debug!(generation = session.generation, "signed in to Odoo");
        Ok(session)
    }

    fn usable_session(&self, stale: Option<u64>) -> Option<Session> {
        let guard = self
            .session
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        guard
            .as_ref()
            .filter(|session| stale.is_none_or(|stale| session.generation > stale))
            .cloned()
    }

    fn store_session(&self, session: Option<Session>) {
        *self
            .session
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = session;
    }

    /// Odoo 18 and later replace the session id every few hours and send the new one along.
    fn rotate_cookie(&self, generation: u64, cookie: &str) {
        let mut guard = self
            .session
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(session) = guard.as_mut().filter(|s| s.generation == generation) {
            session.cookie = cookie.to_owned().into();
        }
    }

    fn current_cookie(&self, session: &Session) -> SecretString {
        self.usable_session(session.generation.checked_sub(1))
            .map_or_else(|| session.cookie.clone(), |current| current.cookie)
    }

    async fn sign_in(&self) -> Result<String> {
        match &self.config.credentials {
            Credentials::Password { login, password } => {
                self.sign_in_with_password(login, password).await
            }
            Credentials::ApiKey { key } => self.sign_in_with_key(key).await,
            Credentials::Absent => Err(Error::new(
                ErrorKind::Authentication,
                "no Odoo user was named",
            )),
        }
    }

    /// `/web/session/authenticate`, as the web client does it (`web/controllers/session.py`).
    async fn sign_in_with_password(&self, login: &str, password: &SecretString) -> Result<String> {
        let database = match &self.config.database {
            Some(database) => database.clone(),
            None => self.only_database().await?,
        };
        let params = json!({"db": database, "login": login, "password": password.expose_secret()});
        let Value::Object(params) = params else {
            return Err(protocol("the login request is not an object"));
        };
        let path = "/web/session/authenticate";
        let answer = self.post(path, &params, None, None, Effect::Read).await?;
        let result = read_rpc_result(&self.config.url, path, &answer)
            .map_err(|error| explain_login(error, &database))?;
        if result.get("uid").and_then(Value::as_i64).is_none() {
            return Err(Error::new(
                ErrorKind::Authentication,
                format!("Odoo asks {login} for a second factor, which a program cannot give"),
            )
            .with_hint("Create an API key for this user and set ODOO_API_KEY instead."));
        }
        answer
            .cookie
            .ok_or_else(|| protocol("Odoo accepted the login but set no session cookie"))
    }

    /// `/mcp/session` of our module: the key's slow hash is paid once, not on each call.
    async fn sign_in_with_key(&self, key: &SecretString) -> Result<String> {
        let path = "/mcp/session";
        let params = Map::new();
        let mut answer = self
            .post(path, &params, None, Some(key), Effect::Read)
            .await?;
        if answer.status == StatusCode::NOT_FOUND
            && let Some(database) = &self.config.database
        {
            // An address with several databases serves no module route before one is chosen.
            let chosen = self.choose_database(database).await?;
            answer = self
                .post(path, &params, Some(&chosen), Some(key), Effect::Read)
                .await?;
        }
        read_rpc_result(&self.config.url, path, &answer).map_err(|error| {
            if error.kind() == ErrorKind::ModuleMissing {
                Error::new(
                    ErrorKind::ModuleMissing,
                    "this Odoo cannot log in with an API key: its MCP module is absent or too old",
                )
                .with_hint(
                    "Install or update the module butopea_mcp in Odoo and check ODOO_DB, or use \
                     ODOO_USERNAME and ODOO_PASSWORD.",
                )
            } else {
                error
            }
        })?;
        answer
            .cookie
            .ok_or_else(|| protocol("Odoo accepted the API key but set no session cookie"))
    }

    /// `?db=NAME` stores the database in a fresh session (`web/controllers/utils.py`, `ensure_db`).
    async fn choose_database(&self, database: &str) -> Result<SecretString> {
        let mut url = self.url_of("/web/login")?;
        url.query_pairs_mut().append_pair("db", database);
        let answer = self.send(self.http.get(url), Effect::Read).await?;
        answer.cookie.map(SecretString::from).ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!("{} has no database \"{database}\"", self.config.url),
            )
            .with_hint("Check ODOO_DB: upper and lower case count.")
        })
    }

    async fn only_database(&self) -> Result<String> {
        let path = "/web/database/list";
        let answer = self
            .post(path, &Map::new(), None, None, Effect::Read)
            .await?;
        let set_it = "Set ODOO_DB to the name of the database.";
        let names: Vec<String> = read_rpc_result(&self.config.url, path, &answer)
            .and_then(|value| {
                serde_json::from_value(value).map_err(|error| protocol(&error.to_string()))
            })
            .map_err(|error| {
                if matches!(
                    error.kind(),
                    ErrorKind::Authentication | ErrorKind::AccessDenied
                ) {
                    Error::new(
                        ErrorKind::Configuration,
                        "ODOO_DB is not set and this Odoo does not list its databases",
                    )
                    .with_hint(set_it)
                } else {
                    error
                }
            })?;
        match names.as_slice() {
            [only] => Ok(only.clone()),
            names => Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "ODOO_DB is not set and {} has {} databases: {}",
                    self.config.url,
                    names.len(),
                    names.join(", ")
                ),
            )
            .with_hint(set_it)),
        }
    }

    async fn post(
        &self,
        path: &str,
        params: &Map<String, Value>,
        cookie: Option<&SecretString>,
        key: Option<&SecretString>,
        effect: Effect,
    ) -> Result<Answer> {
        let envelope = json!({
            "jsonrpc": "2.0",
            "method": "call",
            "params": params,
            "id": self.request_ids.fetch_add(1, Ordering::Relaxed),
        });
        let mut request = self.http.post(self.url_of(path)?).json(&envelope);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, format!("session_id={}", cookie.expose_secret()));
        }
        if let Some(key) = key {
            request = request.bearer_auth(key.expose_secret());
        }
        self.send(request, effect).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, effect: Effect) -> Result<Answer> {
        let failed = |error: reqwest::Error| self.explain_http(&error, effect);
        let response = request.send().await.map_err(failed)?;
        Ok(Answer {
            status: response.status(),
            cookie: session_cookie(response.headers()),
            location: response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            body: response.bytes().await.map_err(failed)?.to_vec(),
        })
    }

    fn url_of(&self, path: &str) -> Result<Url> {
        self.config
            .url
            .join(path)
            .map_err(|error| protocol(&format!("{path} is not a path: {error}")))
    }

    fn explain_http(&self, error: &reqwest::Error, effect: Effect) -> Error {
        let origin = &self.config.url;
        let cause = root_cause(error);
        if error.is_connect() {
            return Error::new(
                ErrorKind::Unreachable,
                format!("Odoo at {origin} cannot be reached: {cause}"),
            )
            .with_hint(
                "Check that Odoo runs and that ODOO_URL is right; the next call connects by itself.",
            );
        }
        let check = "The change may or may not have happened: read the record before trying again.";
        let repeat = "The change may or may not have happened: call again with the same idempotency \
                      key, so that it happens once.";
        let (kind, what) = if error.is_timeout() {
            let seconds = self.config.request_timeout.as_secs();
            (
                ErrorKind::Timeout,
                format!("did not answer within {seconds} s"),
            )
        } else {
            (
                ErrorKind::Uncertain,
                format!("broke off the connection: {cause}"),
            )
        };
        let failure = Error::new(kind, format!("Odoo at {origin} {what}"));
        match effect {
            Effect::Write => failure.with_hint(check),
            Effect::WriteOnce => failure.with_hint(repeat),
            Effect::Read => failure.with_hint("Try again, with a narrower search if it was large."),
        }
    }
}

/// What two failed tries come to: a write whose first try may have reached Odoo may have
/// happened, also when the second one could not be sent at all.
fn worse_of(first: Error, second: Error, effect: Effect) -> Error {
    let was_sent = first.kind() == ErrorKind::Uncertain;
    let was_not_sent_again = second.kind() == ErrorKind::Unreachable;
    if effect == Effect::WriteOnce && was_sent && was_not_sent_again {
        first
    } else {
        second
    }
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|cookie| cookie.split(';').next()?.strip_prefix("session_id="))
        .rfind(|id| !id.is_empty())
        .map(str::to_owned)
}

fn read_rpc_result(origin: &Url, path: &str, answer: &Answer) -> Result<Value> {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if let Some(error) = body.as_ref().and_then(|body| body.get("error")) {
        return Err(fault::from_rpc_error(error));
    }
    explain_status(origin, path, answer)?;
    match body {
        Some(Value::Object(mut body)) if body.contains_key("jsonrpc") => {
            Ok(body.remove("result").unwrap_or(Value::Null))
        }
        _ => Err(Error::new(
            ErrorKind::Protocol,
            format!("{origin} does not answer like an Odoo (no JSON-RPC from {path})"),
        )
        .with_hint("Check ODOO_URL: it must be the address of Odoo itself.")),
    }
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

/// What Odoo says, in the language of nobody, to each login from an address from which too many
/// have failed (`base/models/res_users.py`, `_assert_can_auth`).
const LOCKED_OUT: &str = "Too many login failures";

fn explain_login(error: Error, database: &str) -> Error {
    match error.kind() {
        ErrorKind::Authentication if error.message().contains(LOCKED_OUT) => Error::new(
            ErrorKind::Unreachable,
            "Odoo takes no logins from this address for a while, because too many have failed",
        )
        .with_hint("Wait a minute and try again: this login and password were not even looked at."),
        ErrorKind::Authentication | ErrorKind::AccessDenied => Error::new(
            ErrorKind::Authentication,
            format!("Odoo refused this login and password for the database \"{database}\""),
        )
        .with_hint(
            "Check ODOO_USERNAME, ODOO_PASSWORD and ODOO_DB; with two-factor login use ODOO_API_KEY.",
        ),
        ErrorKind::Server | ErrorKind::Validation => Error::new(
            ErrorKind::Configuration,
            format!("Odoo cannot open the database \"{database}\": {}", error.message()),
        )
        .with_hint("Check ODOO_DB: upper and lower case count."),
        _ => error,
    }
}

fn explain_expiry(error: Error) -> Error {
    if error.kind() == ErrorKind::SessionExpired {
        Error::new(
            ErrorKind::SessionExpired,
            "the Odoo session expired, and so did the new one that was opened for this call",
        )
        .with_hint("Check the account in Odoo, then call odoo_reconnect.")
    } else {
        error
    }
}

fn protocol(message: &str) -> Error {
    Error::new(ErrorKind::Protocol, message)
}
