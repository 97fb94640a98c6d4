//! Serving one client over standard input and output.
//!
//! Standard output carries JSON-RPC alone; logs go to standard error.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::io::stdio_pipes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

use super::OdooServer;
use crate::error::{Error, ErrorKind, Result};

/// How long calls that are running when the client leaves may take to finish: a write that
/// Odoo is working on should be answered, not cut off.
const GRACE: Duration = Duration::from_secs(4);

/// Serves until the client closes its end or the process is asked to stop.
///
/// # Errors
/// [`ErrorKind::Protocol`] when the client speaks no MCP.
pub async fn serve_stdio(server: OdooServer) -> Result<()> {
    let ahead = server.clone();
    tokio::spawn(async move { ahead.connect_ahead().await });
    let end_of_input = CancellationToken::new();
    let (reader, writer) = stdio_pipes();
    let reader = EndAwareReader {
        inner: reader,
        ended: end_of_input.clone(),
    };
    let started = tokio::select! {
        started = server.serve((reader, writer)) => started,
        () = stop_signal() => return Ok(()),
    };
    let running = match started {
        Ok(running) => running,
        // A client that connects and leaves without a word is no failure.
        Err(_) if end_of_input.is_cancelled() => return Ok(()),
        Err(error) => {
            return Err(Error::new(
                ErrorKind::Protocol,
                format!("the client did not start a session: {error}"),
            ));
        }
    };
    let stop = running.cancellation_token();
    let waiting = running.waiting();
    tokio::pin!(waiting);
    tokio::select! {
        _ = &mut waiting => return Ok(()),
        () = end_of_input.cancelled() => tracing::debug!("the client closed its end"),
        () = stop_signal() => {
            tracing::info!("asked to stop");
            stop.cancel();
        }
    }
    if tokio::time::timeout(GRACE, waiting).await.is_err() {
        tracing::warn!("calls were still running and are given up");
    }
    Ok(())
}

/// Resolves when the process is asked to stop (SIGINT, SIGTERM; Ctrl-C on Windows).
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A reader that tells when its end was reached.
struct EndAwareReader<R> {
    inner: R,
    ended: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for EndAwareReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let is_end = match &polled {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if is_end {
            self.ended.cancel();
        }
        polled
    }
}
