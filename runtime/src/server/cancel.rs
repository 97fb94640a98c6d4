//! A call that its client does not want any more: it is ended in Odoo, and what became of it
//! is said as it is.
//!
//! The client has cancelled the call, or has closed the HTTP response that it waited for. A
//! read is over for us at once, and Odoo is told in the background. A change is over when it
//! is known how it ended, or after some patience. The answer rarely reaches a client (the
//! protocol wants none to a call that was cancelled); the same words go to the client's log
//! and to the server's own.

use std::fmt;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::handler::OdooServer;
use super::present::Output;
use crate::client::Cancellation;
use crate::error::{ErrorKind, Result};

/// How long the end of a cancelled change is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long Odoo may take to hear of cancelled calls when the process ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// A call under way.
pub(super) struct Work {
    pub(super) tool: String,
    pub(super) is_read_only: bool,
    pub(super) task: JoinHandle<Result<Output>>,
    pub(super) cancellation: Cancellation,
}

/// What became of a cancelled call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was ended, or not even begun.
    Undone,
    /// It had failed by itself, with this message.
    Failed(String),
    /// It was done: the first line of its result.
    TooLate(String),
    /// Of several changes some were done.
    InPart,
    /// It is still at work, or its answer was lost.
    Unknown,
}

impl fmt::Display for Fate {
    /// What follows "the call was cancelled".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undone => f.write_str("; nothing was changed"),
            Self::Failed(why) => write!(f, ", but had failed by itself: {why}"),
            Self::TooLate(what) => write!(f, ", but it was too late, it had its effect: {what}"),
            Self::InPart => f.write_str(", but a part of it has happened: read the record to see"),
            Self::Unknown => f.write_str(
                ", but a change that was already sent may still happen: read the record to see",
            ),
        }
    }
}

impl Fate {
    fn of(ended: Result<Result<Output>, JoinError>, has_changed_something: bool) -> Self {
        let error = match ended {
            // A question that nobody will answer, or a method that only reads.
            Ok(Ok(_)) if !has_changed_something => return Self::Undone,
            Ok(Ok(output)) => {
                let first = output.text.lines().next().unwrap_or_default();
                return Self::TooLate(first.to_owned());
            }
            Ok(Err(error)) => error,
            Err(fault) => {
                tracing::error!("a cancelled call ended with a fault: {fault}");
                return Self::Unknown;
            }
        };
        match error.kind() {
            ErrorKind::Uncertain | ErrorKind::Timeout => Self::Unknown,
            _ if has_changed_something => Self::InPart,
            ErrorKind::Cancelled => Self::Undone,
            _ => Self::Failed(error.message().to_owned()),
        }
    }

    fn log(&self, tool: &str) {
        match self {
            Self::Undone | Self::Failed(_) => tracing::info!("{tool} was cancelled{self}"),
            _ => tracing::warn!("{tool} was cancelled{self}"),
        }
    }
}

impl OdooServer {
    /// Ends a call and says what became of it, as far as that is known soon.
    pub(super) async fn cancel(&self, mut work: Work) -> Fate {
        if work.is_read_only {
            work.cancellation.cancel();
            self.see_off(work);
            return Fate::Undone;
        }
        if self.shared.giving_up.is_cancelled() {
            // It is not the client who ends it but the server: what was begun is finished.
            self.see_off(work);
            return Fate::Unknown;
        }
        work.cancellation.cancel();
        let Ok(ended) = tokio::time::timeout(PATIENCE, &mut work.task).await else {
            self.see_off(work);
            return Fate::Unknown;
        };
        let fate = Fate::of(ended, work.cancellation.has_changed_something());
        fate.log(&work.tool);
        fate
    }

    /// Lets a call end in the background. What became of a change is then in the log.
    fn see_off(&self, work: Work) {
        if work.is_read_only {
            return self.see_off_read(work.task);
        }
        tokio::spawn(async move {
            let ended = work.task.await;
            Fate::of(ended, work.cancellation.has_changed_something()).log(&work.tool);
        });
    }

    /// Lets work that changes nothing end in the background, and Odoo hear that nobody wants
    /// it any more.
    pub(super) fn see_off_read<T: Send + 'static>(&self, mut task: JoinHandle<T>) {
        let closing = self.shared.closing.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = &mut task => {}
                () = closing.cancelled() => {
                    let _ = tokio::time::timeout(FAREWELL, &mut task).await;
                    task.abort();
                }
            }
        });
    }

    /// At the very end: waits a little for the calls that are still under way, such as those that
    /// were cancelled, and lets go of those that do not end. What becomes of them in Odoo is not
    /// seen here any more, and the audit log says so.
    pub(super) async fn let_calls_go(&self) {
        let running = &self.shared.running;
        running.close();
        if tokio::time::timeout(FAREWELL, running.wait())
            .await
            .is_err()
        {
            self.shared.let_go.cancel();
            let _ = tokio::time::timeout(FAREWELL, running.wait()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn fate(outcome: Result<&str>, has_changed_something: bool) -> Fate {
        let outcome = outcome.map(|text| Output {
            structured: serde_json::Value::Null,
            text: text.to_owned(),
        });
        Fate::of(Ok(outcome), has_changed_something)
    }

    #[test]
    fn what_became_of_it_is_said_as_it_is() {
        for (kind, expected) in [
            (ErrorKind::Cancelled, "; nothing was changed"),
            (ErrorKind::Uncertain, ", but a change that was already sent"),
            (ErrorKind::Timeout, ", but a change that was already sent"),
            (ErrorKind::Validation, ", but had failed by itself: Because"),
        ] {
            let said = fate(Err(Error::new(kind, "Because")), false).to_string();
            assert!(said.starts_with(expected), "{said}");
        }
        assert_eq!(
            fate(Ok("updated res.partner 7: name\nmore"), true),
            Fate::TooLate("updated res.partner 7: name".to_owned())
        );
        assert_eq!(fate(Ok("Nothing was changed yet."), false), Fate::Undone);
        assert_eq!(
            fate(Err(Error::new(ErrorKind::Cancelled, "Because")), true),
            Fate::InPart
        );
    }
}
