//! The session in Odoo: signing in once for all calls that need it, keeping its cookie, and
//! ending it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, SET_COOKIE};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::answer::read_rpc_result;
use super::{Transport, protocol};
use crate::client::config::Credentials;
use crate::error::{Error, ErrorKind, Result};

/// The pauses between tries to end a session: from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A signed-in session. `generation` tells a stale session from the one that replaced it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) cookie: SecretString,
    pub(super) generation: u64,
}

impl Transport {
    /// Forgets the session, so that the next call signs in anew.
    pub(in crate::client) fn forget_session(&self) {
        self.store_session(None);
    }

    /// Ends the session in Odoo, too, as the web client's "Log out" does
    /// (`web/controllers/session.py`, `destroy`). While nothing answers it is tried again, for
    /// `patience`. Best effort: Odoo ends it by itself in time.
    pub(in crate::client) async fn end_session(&self, patience: Duration) {
        let Some(session) = self.usable_session(None) else {
            return;
        };
        self.store_session(None);
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_total_delay(Some(patience))
            .without_max_times()
            .with_jitter();
        let ended = (|| self.destroy(&session.cookie))
            .retry(pauses)
            .sleep(tokio::time::sleep)
            .await;
        if let Err(error) = ended {
            tracing::debug!(%error, "the Odoo session could not be ended");
        }
    }

    async fn destroy(&self, cookie: &SecretString) -> Result<()> {
        let path = "/web/session/destroy";
        let answer = self.post(path, &Map::new(), Some(cookie), None).await?;
        let is_away =
            answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS;
        if is_away {
            let message = format!("the end of a session was answered with {}", answer.status);
            return Err(Error::new(ErrorKind::Unreachable, message));
        }
        Ok(())
    }

    /// Whether there is a session that could be ended.
    pub(in crate::client) fn has_session(&self) -> bool {
        self.usable_session(None).is_some()
    }

    /// Signs in unless there is a session already.
    pub(in crate::client) async fn ensure_session(&self) -> Result<()> {
        self.session_newer_than(None).await.map(drop)
    }

    /// The present session, or a new one when there is none newer than `stale`. Callers that
    /// find it expired together log in once, also when that fails: Odoo locks an address out
    /// after ten failures.
    pub(super) async fn session_newer_than(&self, stale: Option<u64>) -> Result<Session> {
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
            cookie: outcome?,
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
    pub(super) fn rotate_cookie(&self, generation: u64, cookie: SecretString) {
        let mut guard = self
            .session
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(session) = guard.as_mut().filter(|s| s.generation == generation) {
            session.cookie = cookie;
        }
    }

    pub(super) fn current_cookie(&self, session: &Session) -> SecretString {
        self.usable_session(session.generation.checked_sub(1))
            .map_or_else(|| session.cookie.clone(), |current| current.cookie)
    }

    async fn sign_in(&self) -> Result<SecretString> {
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
    async fn sign_in_with_password(
        &self,
        login: &str,
        password: &SecretString,
    ) -> Result<SecretString> {
        let database = match &self.config.database {
            Some(database) => database.clone(),
            None => self.only_database().await?,
        };
        let params = json!({"db": database, "login": login, "password": password.expose_secret()});
        let Value::Object(params) = params else {
            return Err(protocol("the login request is not an object"));
        };
        let path = "/web/session/authenticate";
        let answer = self.post(path, &params, None, None).await?;
        let result = read_rpc_result(&self.config.url, path, &answer)
            .map_err(Error::from)
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
    async fn sign_in_with_key(&self, key: &SecretString) -> Result<SecretString> {
        let path = "/mcp/session";
        let params = Map::new();
        let mut answer = self.post(path, &params, None, Some(key)).await?;
        if answer.status == StatusCode::NOT_FOUND
            && let Some(database) = &self.config.database
        {
            // An address with several databases serves no module route before one is chosen.
            let chosen = self.choose_database(database).await?;
            answer = self.post(path, &params, Some(&chosen), Some(key)).await?;
        }
        read_rpc_result(&self.config.url, path, &answer).map_err(|failure| {
            let error = *failure.error;
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
        let answer = self.send(self.http.get(url)).await?;
        answer.cookie.ok_or_else(|| {
            Error::new(
                ErrorKind::Configuration,
                format!("{} has no database \"{database}\"", self.config.url),
            )
            .with_hint("Check ODOO_DB: upper and lower case count.")
        })
    }

    async fn only_database(&self) -> Result<String> {
        let path = "/web/database/list";
        let answer = self.post(path, &Map::new(), None, None).await?;
        let set_it = "Set ODOO_DB to the name of the database.";
        let names: Vec<String> = read_rpc_result(&self.config.url, path, &answer)
            .map_err(Error::from)
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
}

/// The header with which a request is a session's. Marked, so that nothing that logs headers
/// shows it.
pub(super) fn cookie_header(cookie: &SecretString) -> Result<HeaderValue> {
    let text = SecretString::from(format!("session_id={}", cookie.expose_secret()));
    let mut header = HeaderValue::from_str(text.expose_secret())
        .map_err(|_| protocol("the session cookie cannot be sent back"))?;
    header.set_sensitive(true);
    Ok(header)
}

pub(super) fn session_cookie(headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|cookie| cookie.split(';').next()?.strip_prefix("session_id="))
        .rfind(|id| !id.is_empty())
        .map(SecretString::from)
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

pub(super) fn explain_expiry(error: Error) -> Error {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_shown_by_no_header() {
        let mut headers = HeaderMap::new();
        let set = HeaderValue::from_static("session_id=confidential; HttpOnly");
        headers.insert(SET_COOKIE, set);
        let cookie = session_cookie(&headers).unwrap();
        assert_eq!(cookie.expose_secret(), "confidential");
        assert!(!format!("{cookie:?}").contains("confidential"));
        let header = cookie_header(&cookie).unwrap();
        assert_eq!(header, "session_id=confidential");
        assert!(!format!("{header:?}").contains("confidential"));
    }
}
