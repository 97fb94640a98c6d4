//! Cancellation: what Odoo works on and nobody wants any more is ended there, too.
//!
//! To stop waiting for an answer stops nothing in Odoo. So each request of a
//! [`Cancellation::scope`] carries a token of its own, and when the scope is cancelled, Odoo is
//! asked to end the request with this token (`addons/butopea_mcp/models/mcp_cancellation.py`).
//! How the request ended is what it answers itself: Odoo rolled it back, or it was too late.
//!
//! A token is sent unless the module is known not to know tokens: an older one takes no notice
//! of them but for a line in Odoo's log, and to ask first would delay the first call of each
//! user. An idempotency key is another matter: whoever gives one counts on it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::transport::Effect;
use super::{Client, fault};
use crate::error::{Error, ErrorKind, Result};

/// What the module's `features` call it.
const FEATURE: &str = "cancel";

const PATH: &str = "/mcp/cancel";

/// The pauses after which Odoo is asked again: the request may not have reached it yet, may
/// wait to be tried again after a conflict, or compute without a statement in the database,
/// which alone can be ended.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];

tokio::task_local! {
    /// The innermost scope that runs.
    static CURRENT: Cancellation;
}

/// A handle with which calls can be cancelled while they run. Clones are the same handle.
///
/// ```no_run
/// # use std::time::Duration;
/// # use butopea_runtime::client::{Cancellation, Client, Context, SearchRead};
/// # async fn example(client: Client) -> Result<(), butopea_runtime::Error> {
/// let cancellation = Cancellation::new();
/// let patience = cancellation.clone();
/// tokio::spawn(async move {
///     tokio::time::sleep(Duration::from_secs(5)).await;
///     patience.cancel();
/// });
/// let context = Context::new();
/// let search = SearchRead::new("account.move.line");
/// let page = cancellation.scope(client.search_read(&search, &context)).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: watch::Sender<bool>,
    has_changed: AtomicBool,
}

impl Cancellation {
    /// A handle that nothing has been cancelled with.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work`, whose calls to Odoo are then cancelled by [`Self::cancel`]. It holds for
    /// every client that is used in it and for typed calls, not for tasks that it spawns. Of
    /// nested scopes the innermost counts.
    ///
    /// `work` ends as it would otherwise, with the truth about its calls: one that was not sent
    /// yet, or that Odoo has rolled back, fails with [`ErrorKind::Cancelled`] and has changed
    /// nothing; one that was too far to be stopped succeeds. Whoever does not want to wait for
    /// that lets it run in a task of its own. Dropping it stops nothing in Odoo.
    pub fn scope<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), work)
    }

    /// Cancels what runs in its scopes, and whatever begins there from now on.
    pub fn cancel(&self) {
        self.0.asked.send_replace(true);
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        *self.0.asked.borrow()
    }

    /// Whether a call in its scopes has succeeded that may have changed something. Work of
    /// several calls that fails with [`ErrorKind::Cancelled`] has stopped midway then.
    pub fn has_changed_something(&self) -> bool {
        self.0.has_changed.load(Ordering::Relaxed)
    }

    /// Waits until [`Self::cancel`] is called.
    pub async fn cancelled(&self) {
        self.asked().await;
    }

    fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    async fn asked(&self) {
        // The sender is alive as long as `self` is, so there is no other end than the wish.
        let _ = self.0.asked.subscribe().wait_for(|asked| *asked).await;
    }
}

/// Whether the work that runs here was cancelled.
pub(super) fn is_asked() -> bool {
    Cancellation::current().is_some_and(|current| current.is_cancelled())
}

/// Refuses to begin another request for work that was cancelled.
pub(super) fn check() -> Result<()> {
    if is_asked() { Err(not_sent()) } else { Ok(()) }
}

/// What work comes to that was cancelled in time.
pub(super) fn not_sent() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the call was cancelled before it was sent to Odoo",
    )
}

/// Waits, and says whether the work was cancelled meanwhile.
pub(super) async fn pause(pause: Duration) -> bool {
    let pause = tokio::time::sleep(pause);
    match Cancellation::current() {
        None => {
            pause.await;
            false
        }
        Some(current) => tokio::select! {
            biased;
            () = current.asked() => true,
            () = pause => false,
        },
    }
}

/// A read of a route that knows no tokens: it is let go of when the work is cancelled. Odoo
/// goes on with it, and changes nothing.
pub(super) async fn or_let_go<T>(read: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(current) = Cancellation::current() else {
        return read.await;
    };
    check()?;
    tokio::select! {
        biased;
        outcome = read => outcome,
        () = current.asked() => Err(gone_on_without_us()),
    }
}

fn gone_on_without_us() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the call was cancelled; Odoo may go on with it, but it changes nothing",
    )
}

impl Client {
    /// Sends a request so that the scope it runs in can cancel it, if it runs in one.
    pub(super) async fn send(
        &self,
        path: &str,
        mut params: Map<String, Value>,
        effect: Effect,
    ) -> Result<Value> {
        let Some(current) = Cancellation::current() else {
            return self.transport.call(path, &params, effect).await;
        };
        check()?;
        let token = self.new_token();
        if let Some(token) = &token {
            params.insert("request_token".into(), json!(token));
        }
        let outcome = {
            let mut request = pin!(self.transport.call(path, &params, effect));
            tokio::select! {
                biased;
                outcome = &mut request => outcome,
                () = current.asked() => self.end(request, token.as_deref(), effect).await,
            }
        };
        if outcome.is_ok() && effect != Effect::Read {
            current.0.has_changed.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// `None` where a token is of no use, or cannot be made that nobody guesses.
    fn new_token(&self) -> Option<String> {
        if self.features.has(FEATURE) == Some(false) {
            return None;
        }
        let mut random = [0; 16];
        match getrandom::fill(&mut random) {
            Ok(()) => Some(URL_SAFE_NO_PAD.encode(random)),
            Err(error) => {
                tracing::debug!(%error, "a request cannot be cancelled in Odoo");
                None
            }
        }
    }

    /// Has a request ended in Odoo, and waits for how it ends. A read that cannot be ended is
    /// left alone: it does no harm.
    async fn end(
        &self,
        mut request: impl Future<Output = Result<Value>> + Unpin,
        token: Option<&str>,
        effect: Effect,
    ) -> Result<Value> {
        let outcome = tokio::select! {
            biased;
            outcome = &mut request => outcome,
            () = self.end_in_odoo(token) => {
                if effect == Effect::Read {
                    return Err(gone_on_without_us());
                }
                request.await
            }
        };
        outcome.map_err(|error| {
            if fault::is_of_a_stopped_statement(&error) {
                Error::new(
                    ErrorKind::Cancelled,
                    "the call was cancelled: Odoo stopped it and changed nothing",
                )
            } else {
                error
            }
        })
    }

    /// Asks Odoo to end the request, again and again for a while.
    async fn end_in_odoo(&self, token: Option<&str>) {
        let Some(token) = token else { return };
        let mut params = Map::new();
        params.insert("request_token".into(), json!(token));
        // What the scope's own requests must not do any more, this one must.
        Cancellation::new()
            .scope(async {
                for pause in PAUSES.into_iter().map(Some).chain([None]) {
                    match self.transport.call(PATH, &params, Effect::Read).await {
                        Ok(answer) => tracing::debug!(%answer, "asked Odoo to end a request"),
                        Err(error) if error.kind() == ErrorKind::ModuleMissing => {
                            tracing::debug!("the Odoo module cannot end requests");
                            return;
                        }
                        Err(error) => tracing::debug!(%error, "Odoo cannot be asked to end"),
                    }
                    if let Some(pause) = pause {
                        tokio::time::sleep(pause).await;
                    }
                }
            })
            .await;
    }
}
