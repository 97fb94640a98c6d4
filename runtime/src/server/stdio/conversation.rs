//! The messages of one client, and how the conversation ends.
//!
//! rmcp reads and writes the messages; around it stands what it leaves open. It would drop
//! answers that are not ready when the input ends, wait for seconds on an open subscription,
//! drop a line that is too long without an answer, and end when the first message is a
//! notification. Here every request is remembered until it is answered, and the input's end is
//! only passed on when there is nothing left to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode, ErrorData, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::service::{RoleServer, RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, SimplexStream};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lines::{MAX_LINE, TooLong, pass_lines};

/// How much of the input is under way between the reader and rmcp.
const PIPE: usize = 64 * 1024;

/// How a conversation comes to its end: it begins to end when the client closes its side or
/// the process is asked to stop, and is complete when every request was answered.
#[derive(Clone)]
pub(super) struct Ending {
    begun: CancellationToken,
    complete: CancellationToken,
    given_up: CancellationToken,
    grace: Duration,
}

impl Ending {
    /// The end is not near. Requests under way have `grace` to be answered when it is;
    /// `given_up` is cancelled when they were not.
    pub(super) fn new(grace: Duration, given_up: CancellationToken) -> Self {
        Self {
            begun: CancellationToken::new(),
            complete: CancellationToken::new(),
            given_up,
            grace,
        }
    }

    /// Nothing is read any more.
    pub(super) fn begin(&self) {
        self.begun.cancel();
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    pub(super) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    pub(super) async fn complete(&self) {
        self.complete.cancelled().await;
    }
}

/// The requests that are not answered yet, with their method.
#[derive(Default)]
struct Unanswered {
    requests: Mutex<HashMap<RequestId, &'static str>>,
    fewer: Notify,
}

impl Unanswered {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RequestId, &'static str>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, message: &ClientJsonRpcMessage) {
        match message {
            // A subscription is open until the end; its answer is the end.
            ClientJsonRpcMessage::Request(request)
                if !matches!(
                    request.request,
                    ClientRequest::SubscriptionsListenRequest(_)
                ) =>
            {
                self.lock()
                    .insert(request.id.clone(), kind_of(&request.request));
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) =
                    &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.forget(id);
                }
            }
            _ => {}
        }
    }

    fn forget(&self, id: &RequestId) {
        self.lock().remove(id);
        self.fewer.notify_waiters();
    }

    async fn none_left(&self) {
        loop {
            let fewer = self.fewer.notified();
            if self.lock().is_empty() {
                return;
            }
            fewer.await;
        }
    }

    fn take_all(&self) -> Vec<(RequestId, &'static str)> {
        self.lock().drain().collect()
    }
}

fn kind_of(request: &ClientRequest) -> &'static str {
    match request {
        ClientRequest::CallToolRequest(_) => "call",
        _ => "request",
    }
}

/// See the module.
pub(super) struct Conversation<R = ReadHalf<SimplexStream>, W = rmcp::transport::StdioWriter>
where
    R: AsyncRead,
    W: AsyncWrite,
{
    messages: AsyncRwTransport<RoleServer, R, W>,
    too_long: mpsc::UnboundedReceiver<TooLong>,
    unanswered: Arc<Unanswered>,
    ending: Ending,
    has_begun: bool,
    /// Until when requests are waited for, once the end has begun.
    deadline: Option<Instant>,
    has_given_up: bool,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Conversation<ReadHalf<SimplexStream>, W> {
    /// The conversation over these streams.
    pub(super) fn new(
        input: impl AsyncRead + Send + Unpin + 'static,
        output: W,
        ending: Ending,
    ) -> Self {
        let (lines, line_sink) = tokio::io::simplex(PIPE);
        let (reports, too_long) = mpsc::unbounded_channel();
        let end = ending.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = pass_lines(input, line_sink, reports) => {}
                () = end.begun() => {}
            }
        });
        Self {
            messages: AsyncRwTransport::new_server(lines, output).with_max_line_length(usize::MAX),
            too_long,
            unanswered: Arc::default(),
            ending,
            has_begun: false,
            deadline: None,
            has_given_up: false,
        }
    }
}

impl<R, W> Conversation<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    /// Waits for the answers that are due; what is not answered in time is told so. Whoever
    /// waits for this may stop and begin again: the time that is left only ever gets less.
    async fn come_to_an_end(&mut self) {
        let grace = self.ending.grace;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + grace);
        let due = self.unanswered.none_left();
        if tokio::time::timeout_at(deadline, due).await.is_ok() && !self.has_given_up {
            self.ending.complete.cancel();
            return;
        }
        if !self.has_given_up {
            self.give_up();
        }
        self.ending.complete.cancelled().await;
    }

    /// Answers every open request in Odoo's place.
    fn give_up(&mut self) {
        self.has_given_up = true;
        self.ending.given_up.cancel();
        let mut answers = Vec::new();
        for (id, kind) in self.unanswered.take_all() {
            tracing::warn!("a {kind} was still being worked on and is given up");
            let answer = ServerJsonRpcMessage::error(given_up(kind), Some(id));
            answers.push(self.messages.send(answer));
        }
        let complete = self.ending.complete.clone();
        tokio::spawn(async move {
            for answer in answers {
                let _ = answer.await;
            }
            complete.cancel();
        });
    }

    fn refuse(&mut self, line: TooLong) {
        tracing::warn!(
            bytes = line.bytes,
            "a message was too long and was not read"
        );
        let error = ErrorData::new(
            ErrorCode::INVALID_REQUEST,
            format!(
                "the message has {} bytes, and at most {MAX_LINE} are read: send large contents in parts",
                line.bytes
            ),
            None,
        );
        let sending = self
            .messages
            .send(ServerJsonRpcMessage::error(error, line.id));
        tokio::spawn(async move {
            let _ = sending.await;
        });
    }
}

fn given_up(kind: &str) -> ErrorData {
    let but = if kind == "call" {
        ": if it was a change, read the record to see whether it happened"
    } else {
        ""
    };
    ErrorData::new(
        ErrorCode::INTERNAL_ERROR,
        format!("the server stopped before Odoo answered{but}"),
        None,
    )
}

impl<R, W> Transport<RoleServer> for Conversation<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = std::io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let answered = match &message {
            ServerJsonRpcMessage::Response(response) => Some(response.id.clone()),
            ServerJsonRpcMessage::Error(error) => error.id.clone(),
            _ => None,
        };
        // What was given up has its answer; the late one would be a second.
        let is_late = answered.is_some() && self.has_given_up;
        let unanswered = Arc::clone(&self.unanswered);
        let sending = (!is_late).then(|| self.messages.send(message));
        async move {
            let sent = match sending {
                Some(sending) => sending.await,
                None => Ok(()),
            };
            if let Some(id) = answered {
                unanswered.forget(&id);
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            let message = tokio::select! {
                biased;
                () = self.ending.begun.cancelled() => None,
                Some(line) = self.too_long.recv() => {
                    self.refuse(line);
                    continue;
                }
                message = self.messages.receive() => message,
            };
            let Some(message) = message else {
                // All that the client sent was read; what waits for its answer must not.
                self.ending.begin();
                self.come_to_an_end().await;
                return None;
            };
            if !self.has_begun && matches!(message, ClientJsonRpcMessage::Notification(_)) {
                tracing::debug!("a notification before the first request is ignored");
                continue;
            }
            self.has_begun = true;
            self.unanswered.note(&message);
            return Some(message);
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.messages.close().await
    }
}
