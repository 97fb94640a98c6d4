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
use tokio_util::task::AbortOnDropHandle;

use super::{OdooServer, UserSession};
use crate::error::{Error, ErrorKind};

/// What such a request comes to.
pub(super) type Answered<T> = Result<T, ErrorData>;

impl OdooServer {
    /// Does the work of a request that changes nothing, in its turn and for its user. It stops
    /// when the client gives up.
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
        let answering = work(Arc::clone(&session));
        let in_turn = async {
            let _own = session.places.acquire().await.map_err(|_| stopping())?;
            let _among_all = self.shared.calls.acquire().await.map_err(|_| stopping())?;
            AbortOnDropHandle::new(self.shared.running.spawn(answering))
                .await
                .unwrap_or_else(|fault| {
                    tracing::error!("a request ended with a fault: {fault}");
                    Err(internal(
                        "butopea-mcp-server failed while it worked on this request",
                    ))
                })
        };
        tokio::select! {
            answered = in_turn => answered,
            () = context.ct.cancelled() => Err(internal("the request was cancelled")),
        }
    }
}

fn stopping() -> ErrorData {
    internal("the server is stopping")
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
    ErrorData::new(code, error.to_string(), Some(details(error)))
}

/// What a program can tell failures apart by; the same as in the results of tools.
pub(super) fn details(error: &Error) -> Value {
    json!({
        "kind": error.kind(),
        "message": error.message(),
        "hints": error.hints(),
        "retry_may_help": error.kind().is_transient(),
    })
}
