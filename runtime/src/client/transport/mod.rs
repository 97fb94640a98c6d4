//! One pooled HTTP connection to one Odoo: JSON-RPC envelopes (`answer`), the session and the
//! single re-login when it has expired (`session`), further tries where they do no harm
//! (`tries`), and no tries at all for a while at an Odoo that is away (`breaker`).

mod answer;
mod breaker;
mod download;
#[cfg(all(feature = "server", any(test, feature = "fuzzing")))]
pub(crate) mod fuzzing;
mod session;
mod tls;
mod tries;

pub(super) use breaker::Breaker;

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION};
use reqwest::{StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::cancel;
use super::config::Config;
use crate::error::{Error, ErrorKind, Result};
use answer::{read_rpc_result, retry_after};
use session::{Session, cookie_header, explain_expiry, session_cookie};
use tries::{Failure, Tries};

/// The largest JSON answer that is taken. Odoo answers a page of records in some hundred kB;
/// what is larger than this is a mistake, or somebody's attempt to fill the memory.
const MAX_ANSWER: usize = 128 * 1024 * 1024;

/// The routes that every version of our module has.
const OLD_ROUTES: [&str; 3] = ["/mcp/capabilities", "/mcp/search", "/mcp/execute"];

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
    cookie: Option<SecretString>,
    location: Option<String>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Transport {
    /// Prepares the pool; nothing is sent yet.
    pub(super) fn new(config: Config) -> Result<Self> {
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("butopea-mcp/", env!("CARGO_PKG_VERSION")))
            // A redirect to another origin would hand over the cookie or the key.
            .redirect(redirect::Policy::none())
            .connect_timeout(config.connect_timeout)
            .timeout(config.request_timeout)
            .tcp_nodelay(true);
        if let Some(file) = &config.ca_file {
            http = tls::trust_only(http, file)?;
        }
        let http = http.build().map_err(|error| {
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

    /// What is known of an Odoo that does not answer.
    pub(super) fn breaker(&self) -> &Breaker {
        &self.config.breaker
    }

    /// Whether Odoo answers at all (`web/controllers/home.py`, `health`).
    pub(super) async fn is_alive(&self) -> bool {
        let Ok(url) = self.url_of("/web/health") else {
            return false;
        };
        let answer = self.send(self.http.get(url)).await;
        let is_alive = answer.is_ok_and(|answer| answer.status.is_success());
        if is_alive {
            self.breaker().answered();
        }
        is_alive
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
        let is_old = OLD_ROUTES.contains(&path);
        let result = self
            .try_signed_in(effect, |session, time_left| async move {
                let attempt = self.attempt(path, params, &session, time_left).await;
                attempt.map_err(|failure| {
                    if is_old {
                        self.or_no_database(failure)
                    } else {
                        failure
                    }
                })
            })
            .await?;
        if is_old {
            self.breaker().module_answered();
        }
        Ok(result)
    }

    /// Makes a request as the signed-in user until it is answered or there is no further try.
    /// An attempt gets the session and how long it may take.
    async fn try_signed_in<T, Attempt>(
        &self,
        effect: Effect,
        attempt: impl Fn(Session, Duration) -> Attempt,
    ) -> Result<T>
    where
        Attempt: Future<Output = Result<T, Failure>>,
    {
        let mut tries = Tries::new(self, effect)?;
        let mut stale = None;
        loop {
            cancel::check()?;
            let failure = match self.session_newer_than(stale).await {
                Err(error) => self.or_no_database(Failure::before_sending(error)),
                Ok(session) => {
                    let generation = session.generation;
                    match attempt(session, tries.time_left()).await {
                        Ok(answer) => {
                            tries.answered();
                            return Ok(answer);
                        }
                        Err(failure) if failure.error.kind() == ErrorKind::SessionExpired => {
                            if stale.is_some() {
                                return Err(explain_expiry(*failure.error));
                            }
                            stale = Some(generation);
                            continue;
                        }
                        Err(failure) => failure,
                    }
                }
            };
            tries.pause_after(failure).await?;
        }
    }

    /// A module or a database that was there before and is missing now: while PostgreSQL is
    /// down, Odoo goes on without a database, and knows none of the module's routes.
    fn or_no_database(&self, failure: Failure) -> Failure {
        let is_absence = matches!(
            failure.error.kind(),
            ErrorKind::ModuleMissing | ErrorKind::Configuration
        );
        if !is_absence || !self.breaker().has_module() {
            return failure;
        }
        let error = Error::new(
            ErrorKind::Unreachable,
            format!(
                "Odoo at {} cannot open its database at the moment",
                self.config.url
            ),
        )
        .with_hint("Wait a moment and try again; if the module was removed, call odoo_reconnect.");
        Failure::before_sending(error)
    }

    async fn attempt(
        &self,
        path: &str,
        params: &Map<String, Value>,
        session: &Session,
        time_left: Duration,
    ) -> Result<Value, Failure> {
        let cookie = self.current_cookie(session);
        let request = self
            .request(path, params)?
            .header(COOKIE, cookie_header(&cookie)?)
            .timeout(time_left);
        let mut answer = self.send(request).await?;
        if let Some(cookie) = answer.cookie.take() {
            self.rotate_cookie(session.generation, cookie);
        }
        read_rpc_result(&self.config.url, path, &answer)
    }

    /// Sends a request as nobody, with a session that is only begun, or with a key.
    async fn post(
        &self,
        path: &str,
        params: &Map<String, Value>,
        cookie: Option<&SecretString>,
        key: Option<&SecretString>,
    ) -> Result<Answer> {
        let mut request = self.request(path, params)?;
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie_header(cookie)?);
        }
        if let Some(key) = key {
            request = request.bearer_auth(key.expose_secret());
        }
        Ok(self.send(request).await?)
    }

    fn request(&self, path: &str, params: &Map<String, Value>) -> Result<reqwest::RequestBuilder> {
        let envelope = json!({
            "jsonrpc": "2.0",
            "method": "call",
            "params": params,
            "id": self.request_ids.fetch_add(1, Ordering::Relaxed),
        });
        Ok(self.http.post(self.url_of(path)?).json(&envelope))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Failure> {
        let failed = |error: reqwest::Error| self.explain_http(&error);
        let mut response = request.send().await.map_err(failed)?;
        let mut answer = Answer {
            status: response.status(),
            cookie: session_cookie(response.headers()),
            location: response
                .headers()
                .get(LOCATION)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            retry_after: retry_after(response.headers()),
            body: Vec::new(),
        };
        let too_large = || Failure::of_unknown_outcome(too_large(&self.config.url));
        if response.content_length() > Some(MAX_ANSWER as u64) {
            return Err(too_large());
        }
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.body.len() + chunk.len() > MAX_ANSWER {
                return Err(too_large());
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn url_of(&self, path: &str) -> Result<Url> {
        self.config
            .url
            .join(path)
            .map_err(|error| protocol(&format!("{path} is not a path: {error}")))
    }

    fn explain_http(&self, error: &reqwest::Error) -> Failure {
        let origin = &self.config.url;
        let cause = root_cause(error);
        if let Some(error) = tls::explain(origin, &cause) {
            return Failure::before_sending(error);
        }
        if error.is_connect() {
            let error = Error::new(
                ErrorKind::Unreachable,
                format!("Odoo at {origin} cannot be reached: {cause}"),
            )
            .with_hint(
                "Check that Odoo runs and that ODOO_URL is right; the next call connects by itself.",
            );
            return Failure::before_sending(error);
        }
        let (kind, what) = if error.is_timeout() {
            let seconds = self.config.request_timeout.as_secs();
            let what = format!("did not answer within {seconds} s");
            (ErrorKind::Timeout, what)
        } else {
            let what = format!("broke off the connection: {cause}");
            (ErrorKind::Uncertain, what)
        };
        let error = Error::new(kind, format!("Odoo at {origin} {what}"))
            .with_hint("Try again, with a narrower search if it was large.");
        Failure::of_unknown_outcome(error)
    }
}

fn too_large(origin: &Url) -> Error {
    let most = MAX_ANSWER / (1024 * 1024);
    Error::new(
        ErrorKind::TooLarge,
        format!("Odoo at {origin} answers with more than {most} MiB"),
    )
    .with_hint("Ask for fewer records or fields.")
}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn protocol(message: &str) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::client::Credentials;

    /// What becomes of an answer that begins with these headers and never ends, and how many MiB
    /// of it were sent.
    async fn endless(headers: &'static str) -> (Failure, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let _ = connection.read(&mut [0; 4096]).await.unwrap();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n");
            connection.write_all(head.as_bytes()).await.unwrap();
            let block = vec![b' '; 1024 * 1024];
            let mut sent = 0;
            while sent < 1000 && connection.write_all(&block).await.is_ok() {
                sent += 1;
            }
            sent
        });
        let config = Config::new(&origin, Credentials::Absent).unwrap();
        let transport = Transport::new(config).unwrap();
        let request = transport.http.get(transport.url_of("/mcp/search").unwrap());
        let failure = transport.send(request).await.err().unwrap();
        drop(transport);
        (failure, server.await.unwrap())
    }

    #[tokio::test]
    async fn an_answer_without_end_is_broken_off() {
        let (failure, sent) = endless("").await;
        assert_eq!(failure.error.kind(), ErrorKind::TooLarge);
        assert!(failure.may_have_happened);
        assert!((128..160).contains(&sent), "{sent} MiB");
    }

    #[tokio::test]
    async fn an_answer_that_says_that_it_is_too_large_is_not_read() {
        let (failure, sent) = endless("Content-Length: 1048576000\r\n").await;
        assert_eq!(failure.error.kind(), ErrorKind::TooLarge);
        assert!(sent < 32, "{sent} MiB");
    }
}
