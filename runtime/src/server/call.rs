//! One `tools/call` from request to result: its place among others, progress, cancellation,
//! what is counted and what the client's log is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, ErrorData,
    ProgressNotificationParam,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::json;
use tokio_util::task::AbortOnDropHandle;

use super::UserSession;
use super::ask::{details, in_words};
use super::cancel::{Fate, Work};
use super::catalogue::Target;
use super::client_log::ClientLog;
use super::consent::{Consent, Places};
use super::handler::OdooServer;
use super::present::{Output, all_visible, one_line, visible};
use crate::client::Cancellation;
use crate::error::{Error, ErrorKind};

/// How often a client that wants to know hears that a call is still being worked on.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

const STOPPING: &str = "the server is stopping";

type McpResult<T> = Result<T, ErrorData>;

impl OdooServer {
    /// Runs a tool for this user.
    pub(super) async fn call(
        &self,
        session: Arc<UserSession>,
        target: Target,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
        log: &ClientLog,
    ) -> McpResult<CallToolResponse> {
        let name = request.name.to_string();
        let started = Instant::now();
        let person_is_asked = Arc::new(AtomicBool::new(false));
        let progress = tell_progress(context, Arc::clone(&person_is_asked));
        let _running = self.shared.metrics.call_begins();
        let places = tokio::select! {
            places = session.take_places() => places.map_err(|_| stopping())?,
            () = context.ct.cancelled() => return Err(cancelled(&name, &Fate::Undone)),
        };
        let model = request
            .arguments
            .as_ref()
            .and_then(|arguments| arguments.get("model")?.as_str())
            .map(str::to_owned);
        let is_read_only = target.is_read_only();
        let cancellation = Cancellation::new();
        let consent = Arc::new(Consent::new(
            &self.shared,
            &request,
            context,
            places,
            cancellation.clone(),
            person_is_asked,
        ));
        let mut task = self.shared.running.spawn({
            let (session, name) = (Arc::clone(&session), name.clone());
            let consent = Arc::clone(&consent);
            let let_go = self.shared.let_go.clone();
            cancellation.scope(async move {
                let outcome = tokio::select! {
                    outcome = session.dispatch(&target, &name, request.arguments, &consent) => outcome,
                    () = let_go.cancelled() => Err(let_go_of(&name)),
                };
                if !target.is_read_only() {
                    consent.end(&session, &target, &outcome);
                }
                outcome
            })
        });
        let outcome = tokio::select! {
            ended = &mut task => ended.unwrap_or_else(|fault| Err(explain_fault(&fault))),
            () = context.ct.cancelled() => {
                drop(progress);
                let tool = name.clone();
                let fate = self.cancel(Work { tool, is_read_only, task, cancellation }).await;
                log.notice(&format!("{name} was cancelled{fate}")).await;
                self.shared.metrics.call_ended(&name, "cancelled", started.elapsed());
                return Err(cancelled(&name, &fate));
            }
            () = self.shared.given_up.cancelled() => return Err(not_waited_for(is_read_only)),
        };
        let took = started.elapsed();
        let outcome = match outcome {
            Ok(output) => {
                log.debug(&format!("{name} took {} ms", took.as_millis()))
                    .await;
                self.shared.metrics.call_ended(&name, "ok", took);
                self.look_again_after(Arc::clone(&session));
                match consent.take_question() {
                    Some(question) => question.into(),
                    None => success(&output).into(),
                }
            }
            Err(error) => {
                session.note(&error);
                tracing::info!(tool = name, kind = %error.kind(), "{}", error.message());
                log.warning(&format!("{name}: {}", one_line(&visible(error.message()))))
                    .await;
                self.shared
                    .metrics
                    .call_ended(&name, error.kind().as_str(), took);
                failure(&session.with_nearest_model(error, model.as_deref()).await).into()
            }
        };
        Ok(outcome)
    }

    /// In the background of a call that went well: is the client's list still right?
    fn look_again_after(&self, session: Arc<UserSession>) {
        if !self.shared.closing.is_cancelled() {
            tokio::spawn(async move { session.look_again().await });
        }
    }
}

impl UserSession {
    /// A place among the user's own requests, and then one among those of all users.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] when the server is stopping.
    pub(super) async fn take_places(&self) -> Result<Places, Error> {
        let own = Arc::clone(&self.places).acquire_owned().await;
        let own = own.map_err(|_| stopped())?;
        let among_all = Arc::clone(&self.shared.calls).acquire_owned().await;
        let among_all = among_all.map_err(|_| stopped())?;
        Ok(Places {
            _own: own,
            _among_all: among_all,
        })
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, STOPPING)
}

/// Tells a client that asked for progress that work goes on, until the guard is dropped.
fn tell_progress(
    context: &RequestContext<RoleServer>,
    person_is_asked: Arc<AtomicBool>,
) -> Option<AbortOnDropHandle<()>> {
    let token = context.meta.get_progress_token()?;
    let peer = context.peer.clone();
    let telling = tokio::spawn(async move {
        let started = Instant::now();
        loop {
            tokio::time::sleep(PROGRESS_EVERY).await;
            let seconds = started.elapsed().as_secs();
            #[allow(clippy::cast_precision_loss)] // seconds of a call
            let progress = ProgressNotificationParam::new(token.clone(), seconds as f64)
                .with_message(if person_is_asked.load(Ordering::Relaxed) {
                    format!("waiting for the user's answer ({seconds} s)")
                } else {
                    format!("Odoo is working on it ({seconds} s)")
                });
            if peer.notify_progress(progress).await.is_err() {
                return;
            }
        }
    });
    Some(AbortOnDropHandle::new(telling))
}

fn cancelled(tool: &str, fate: &Fate) -> ErrorData {
    ErrorData::new(
        ErrorCode::INTERNAL_ERROR,
        format!("{tool} was cancelled{fate}"),
        None,
    )
}

/// The server stops while Odoo works on the call.
pub(super) fn not_waited_for(is_read_only: bool) -> ErrorData {
    let but = if is_read_only {
        ""
    } else {
        ": read the record to see whether the change happened"
    };
    ErrorData::new(
        ErrorCode::INTERNAL_ERROR,
        format!("the server stopped before Odoo answered{but}"),
        None,
    )
}

/// The same for the audit log, when there is nobody left to answer.
fn let_go_of(name: &str) -> Error {
    tracing::warn!("{name} is still with Odoo, and is let go of");
    Error::new(
        ErrorKind::Uncertain,
        "the server stopped before Odoo answered",
    )
}

pub(super) fn stopping() -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, STOPPING, None)
}

/// A panic is a fault of this program. The call is answered all the same, so that the client
/// does not wait for ever, and the session goes on.
fn explain_fault(fault: &tokio::task::JoinError) -> Error {
    tracing::error!("a call ended with a fault: {fault}");
    Error::new(
        ErrorKind::Server,
        "butopea-mcp-server failed while it worked on this call",
    )
    .with_hint("If the call was a change, read the record to see whether it happened. Please report this fault.")
}

/// What went well, without characters that nobody sees, wherever in the answer they came from.
fn success(output: &Output) -> CallToolResult {
    let mut result = CallToolResult::success(vec![ContentBlock::text(visible(&output.text))]);
    result.structured_content = Some(all_visible(&output.structured));
    result
}

/// A failure that the assistant can act on: what was wrong, and the next step.
fn failure(error: &Error) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(in_words(error))]);
    result.structured_content = Some(json!({"error": details(error)}));
    result
}
