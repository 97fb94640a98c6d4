//! Serving one client over standard input and output.
//!
//! Standard output carries JSON-RPC alone; logs go to standard error. When the client closes
//! its end, or the process is asked to stop, the calls under way are answered and the process
//! ends with 0.

mod conversation;
mod lines;

use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::io::stdio_pipes;

use super::stop::StopSignal;
use super::{GRACE, OdooServer};
use crate::error::{Error, ErrorKind, Result};
use conversation::{Conversation, Ending};

/// How long the end of the session in Odoo may hold up the exit.
const FAREWELL: Duration = Duration::from_millis(50);

/// Serves until the client closes its end or the process is asked to stop.
///
/// # Errors
/// [`ErrorKind::Protocol`] when the client speaks no MCP.
pub async fn serve_stdio(server: OdooServer) -> Result<()> {
    let stop = StopSignal::listen();
    let ahead = server.clone();
    tokio::spawn(async move { ahead.connect_ahead().await });
    let ending = Ending::new(GRACE, server.shared().giving_up.clone());
    let (reader, writer) = stdio_pipes();
    let conversation = Conversation::new(reader, writer, ending.clone());
    let closing = server.shared().closing.clone();
    let ended = ending.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = stop.received() => {
                tracing::info!("asked to stop");
                ended.begin();
            }
            () = ended.begun() => tracing::debug!("the client closed its end"),
        }
        // Whoever waits for the client's answer gives up, and their calls come to an end.
        closing.cancel();
    });
    let outcome = tokio::select! {
        outcome = converse(server.clone(), conversation, &ending) => outcome,
        () = ending.complete() => Ok(()),
    };
    server.let_calls_go().await;
    let _ = tokio::time::timeout(FAREWELL, server.end_own_session()).await;
    outcome
}

async fn converse(server: OdooServer, conversation: Conversation, ending: &Ending) -> Result<()> {
    // Boxed: the futures of all requests together are large, and stacks are not.
    match Box::pin(server.serve(conversation)).await {
        Ok(running) => {
            // How it ends is no failure of ours.
            let _ = running.waiting().await;
            Ok(())
        }
        // A client that connects and leaves without a word is no failure.
        Err(_) if ending.has_begun() => Ok(()),
        Err(error) => Err(Error::new(
            ErrorKind::Protocol,
            format!("the client did not start a session: {error}"),
        )),
    }
}
