//! Requests besides `tools/call` that need Odoo: their place among the calls, cancellation, and
//! what their failures are in the protocol.
//!
//! A tool answers a failure with a result that the assistant reads. Resources, prompts and
//! completions have no such result: their failures are JSON-RPC errors, whose message is
//! written for a person all the same.

use std::future::Future;
use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use tokio::task::JoinError;

use super::call::{not_waited_for, stopping};
use super::present::{all_visible, fenced, one_line, visible};
use super::{OdooServer, UserSession};
use crate::client::Cancellation;
use crate::error::{Error, ErrorKind};

/// What such a request comes to.
pub(super) type Answered<T> = Result<T, ErrorData>;

impl OdooServer {
    /// Does the work of a request that changes nothing, in its turn and for its user. When the
    /// client gives up, it ends here and in Odoo.
    pub(super) async fn ask<T, Work, Answering>(
        &self,
        context: &RequestContext<RoleServer>,
        work: Work,
    ) -> Answered<T>
    where
        T: Send + 'static,
        Work: FnOnce(Arc<UserSession>) -> Answering,
        Answering: Future<Output = Answered<T>> + Send + 'static,
    {
        let session = self.session(&context.extensions)?;
        let _places = tokio::select! {
            places = session.take_places() => places.map_err(|_| stopping())?,
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        let cancellation = Cancellation::new();
        let answering = cancellation.scope(work(Arc::clone(&session)));
        let mut task = self.shared.running.spawn(answering);
        tokio::select! {
            ended = &mut task => ended.unwrap_or_else(|fault| Err(explain_fault(&fault))),
            () = context.ct.cancelled() => {
                cancellation.cancel();
                self.see_off_read(task);
                Err(cancelled())
            }
            () = self.shared.given_up.cancelled() => Err(not_waited_for(true)),
        }
    }
}

fn cancelled() -> ErrorData {
    internal("the request was cancelled")
}

/// A panic is a fault of this program. The request is answered all the same.
fn explain_fault(fault: &JoinError) -> ErrorData {
    tracing::error!("a request ended with a fault: {fault}");
    internal("butopea-mcp-server failed while it worked on this request")
}

fn internal(message: &'static str) -> ErrorData {
    ErrorData::new(ErrorCode::INTERNAL_ERROR, message, None)
}

/// A failure as a JSON-RPC error.
pub(super) fn refusal(error: &Error) -> ErrorData {
    let code = match error.kind() {
        ErrorKind::InvalidCall | ErrorKind::TooLarge => ErrorCode::INVALID_PARAMS,
        _ => ErrorCode::INTERNAL_ERROR,
    };
    ErrorData::new(code, in_words(error), Some(details(error)))
}

/// A failure as an assistant reads it: what Odoo says about it repeats what people have written,
/// and stands between marks as their records do.
pub(super) fn in_words(error: &Error) -> String {
    let message = visible(error.message());
    let mut lines = vec![if error.is_in_words_of_odoo() {
        format!("Odoo says:\n{}", fenced(&one_line(&message)))
    } else {
        message
    }];
    lines.extend(error.hints().iter().map(|hint| visible(hint)));
    lines.join("\n")
}

/// What a program can tell failures apart by; the same as in the results of tools.
pub(super) fn details(error: &Error) -> Value {
    all_visible(&json!({
        "kind": error.kind(),
        "message": error.message(),
        "hints": error.hints(),
        "retry_may_help": error.kind().is_transient(),
    }))
}
