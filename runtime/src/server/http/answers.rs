//! The answers that are being given, so that the end of the process waits for them.
//!
//! A call that has ended is not answered yet: its result is still on its way through the
//! protocol and, for clients with a session, through a stream of events.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{Response, header};
use futures_core::Stream;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// See the module.
#[derive(Default)]
pub(super) struct Answers(TaskTracker);

/// One that is being given, until it is dropped.
pub(super) struct Answering {
    _until_dropped: TaskTrackerToken,
}

impl Answers {
    /// An answer is worked on.
    pub(super) fn begin(&self) -> Answering {
        Answering {
            _until_dropped: self.0.token(),
        }
    }

    /// Waits until all have been given, but not for longer than `patience`: some streams stay
    /// open for as long as the client wants.
    pub(super) async fn all_given(&self, patience: Duration) {
        self.0.close();
        // What is not given by then is cut off, as at any end of a process.
        let _ = tokio::time::timeout(patience, self.0.wait()).await;
    }
}

impl Answering {
    /// The response, which counts as given at its end when it is a stream of events, and else
    /// right now, since it is there as a whole.
    pub(super) fn until_the_end_of(self, response: Response<Body>) -> Response<Body> {
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if !is_stream {
            return response;
        }
        response.map(|body| {
            Body::from_stream(Events {
                events: body.into_data_stream(),
                _answering: self,
            })
        })
    }
}

struct Events {
    events: BodyDataStream,
    _answering: Answering,
}

impl Stream for Events {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.events).poll_next(cx)
    }
}
