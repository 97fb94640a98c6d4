//! How often a request is sent: when a failure may pass, after which pause, and what several
//! failures come to in the end.
//!
//! A request that changes nothing is sent again whenever that may help. One that may change
//! something is sent again only when it is sure not to have happened (it was not sent, or Odoo
//! has rolled it back), or when it carries a key under which Odoo does it at most once.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::{Effect, Transport};
use crate::client::cancel;
use crate::error::{Error, ErrorKind, Result};

/// How often a request is sent again.
const MOST_REPEATS: usize = 4;
/// The first pause; each is about twice as long as the one before, with some chance in it, so
/// that callers who failed together do not come back together.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause that Odoo, or what stands before it, may ask for.
const LONGEST_WISH: Duration = Duration::from_secs(20);

/// Why one try failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: Box<Error>,
    /// Odoo may have received the request, and nobody has said how it ended.
    pub(super) may_have_happened: bool,
    /// Nothing of Odoo's own answered, and that is so for others, too.
    pub(super) odoo_is_away: bool,
    /// The pause that was asked for (`Retry-After`).
    pub(super) retry_after: Option<Duration>,
}

impl From<Error> for Failure {
    /// A failure that says what happened: the request was not sent, or Odoo refused it.
    fn from(error: Error) -> Self {
        Self {
            error: Box::new(error),
            may_have_happened: false,
            odoo_is_away: false,
            retry_after: None,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        *failure.error
    }
}

impl Failure {
    /// A failure after which nobody knows what became of the request.
    pub(super) fn of_unknown_outcome(error: Error) -> Self {
        Self {
            may_have_happened: true,
            ..Self::from(error)
        }
    }

    fn may_pass(&self) -> bool {
        matches!(
            self.error.kind(),
            ErrorKind::Unreachable
                | ErrorKind::Uncertain
                | ErrorKind::Conflict
                | ErrorKind::RateLimited
        )
    }

    /// The failure of what has to come before the request: that was not sent.
    pub(super) fn before_sending(error: Error) -> Self {
        let is_lost = error.kind() == ErrorKind::Uncertain;
        let error = if is_lost {
            Error::new(ErrorKind::Unreachable, error.message())
        } else {
            error
        };
        Self {
            odoo_is_away: error.kind() == ErrorKind::Unreachable,
            ..Self::from(error)
        }
    }
}

/// The tries of one request.
pub(super) struct Tries<'a> {
    transport: &'a Transport,
    effect: Effect,
    deadline: Instant,
    pauses: ExponentialBackoff,
    /// A try that may have happened.
    open: Option<Error>,
}

impl<'a> Tries<'a> {
    /// Before the first try.
    ///
    /// # Errors
    /// [`ErrorKind::Unreachable`] when Odoo has not answered for a while and is left alone.
    pub(super) fn new(transport: &'a Transport, effect: Effect) -> Result<Self> {
        let now = Instant::now();
        transport
            .breaker()
            .admit(now)
            .map_err(|pause| left_alone(transport, pause))?;
        Ok(Self {
            transport,
            effect,
            deadline: now + transport.config.request_timeout,
            pauses: ExponentialBuilder::new()
                .with_min_delay(FIRST_PAUSE)
                .with_max_delay(LONGEST_PAUSE)
                .with_max_times(MOST_REPEATS)
                .with_jitter()
                .build(),
            open: None,
        })
    }

    /// How long the request may still take, all its tries together.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1))
    }

    /// Takes note of an answer.
    pub(super) fn answered(&self) {
        self.transport.breaker().answered();
    }

    /// Waits until the request may be sent again, or fails with what the tries come to.
    ///
    /// # Errors
    /// What the caller is told when there is no further try.
    pub(super) async fn pause_after(&mut self, failure: Failure) -> Result<()> {
        let is_sure = !failure.may_have_happened;
        let may_repeat = failure.may_pass() && (is_sure || self.effect != Effect::Write);
        let pause = self.pauses.next().filter(|_| may_repeat).map(|pause| {
            // What asks for a pause knows better, but an early return is not wanted either.
            failure.retry_after.map_or(pause, |wish| wish.max(pause))
        });
        let pause = pause.filter(|pause| *pause <= LONGEST_WISH && *pause < self.time_left());
        let (Some(pause), false) = (pause, cancel::is_asked()) else {
            return Err(self.give_up(failure));
        };
        tracing::debug!(error = %failure.error, ?pause, "a request is sent again");
        if failure.may_have_happened {
            self.open = Some(self.conclude(failure));
        }
        if cancel::pause(pause).await {
            return Err(self.open.take().unwrap_or_else(cancel::not_sent));
        }
        Ok(())
    }

    fn give_up(&mut self, failure: Failure) -> Error {
        if failure.odoo_is_away {
            self.transport.breaker().failed(Instant::now());
        } else {
            self.answered();
        }
        // A try that may have happened is not undone by one that could not be sent.
        let says_nothing_of_it =
            failure.error.kind() == ErrorKind::Unreachable && !failure.may_have_happened;
        match self.open.take() {
            Some(open) if says_nothing_of_it && self.effect != Effect::Read => open,
            _ => self.conclude(failure),
        }
    }

    /// A failure in words for whoever made the call.
    fn conclude(&self, failure: Failure) -> Error {
        if self.effect == Effect::Read || !failure.may_have_happened {
            return *failure.error;
        }
        let kind = match failure.error.kind() {
            ErrorKind::Timeout => ErrorKind::Timeout,
            _ => ErrorKind::Uncertain,
        };
        let check = Error::new(kind, failure.error.message()).with_hint(
            "The change may or may not have happened: read the record before trying again, or \
             repeat it with the same idempotency key, if it had one.",
        );
        let hints = failure.error.hints().iter();
        hints.fold(check, |error, hint| error.with_hint(hint.clone()))
    }
}

fn left_alone(transport: &Transport, pause: Duration) -> Error {
    let seconds = pause.as_secs_f64().ceil();
    Error::new(
        ErrorKind::Unreachable,
        format!(
            "Odoo at {} does not answer; it is asked again in {seconds} s",
            transport.config.url
        ),
    )
    .with_hint("Check that Odoo runs; odoo_reconnect asks it at once.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Config, Credentials};

    fn transport() -> Transport {
        let config = Config::new("http://127.0.0.1:9", Credentials::Absent).unwrap();
        Transport::new(config).unwrap()
    }

    fn unreachable() -> Failure {
        Failure::before_sending(Error::new(ErrorKind::Unreachable, "refused"))
    }

    fn broken_off() -> Failure {
        Failure::of_unknown_outcome(Error::new(ErrorKind::Uncertain, "broken off"))
    }

    fn conflict() -> Failure {
        Error::new(ErrorKind::Conflict, "could not serialize").into()
    }

    fn refused() -> Failure {
        Error::new(ErrorKind::Validation, "no").into()
    }

    /// How many repeats these failures lead to, and what they come to.
    async fn outcome(effect: Effect, failures: Vec<Failure>) -> (usize, Option<Error>) {
        let transport = transport();
        let mut tries = Tries::new(&transport, effect).unwrap();
        for (repeats, failure) in failures.into_iter().enumerate() {
            if let Err(error) = tries.pause_after(failure).await {
                return (repeats, Some(error));
            }
        }
        (usize::MAX, None)
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_does_no_harm_is_repeated() {
        for (effect, failure, is_repeated) in [
            (Effect::Read, unreachable(), true),
            (Effect::Read, broken_off(), true),
            (Effect::Read, conflict(), true),
            (Effect::Read, refused(), false),
            (Effect::Write, unreachable(), true),
            (Effect::Write, broken_off(), false),
            (Effect::Write, conflict(), true),
            (Effect::WriteOnce, unreachable(), true),
            (Effect::WriteOnce, broken_off(), true),
            (Effect::WriteOnce, refused(), false),
        ] {
            let said = format!("{effect:?} {failure:?}");
            let (_, error) = outcome(effect, vec![failure]).await;
            assert_eq!(error.is_none(), is_repeated, "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_an_end_to_it() {
        let failures = (0..10).map(|_| unreachable()).collect();
        let (repeats, error) = outcome(Effect::Read, failures).await;
        assert_eq!(repeats, MOST_REPEATS);
        assert_eq!(error.unwrap().kind(), ErrorKind::Unreachable);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_may_have_happened_stays_uncertain() {
        let failures = std::iter::once(broken_off()).chain((0..9).map(|_| unreachable()));
        let (_, error) = outcome(Effect::WriteOnce, failures.collect()).await;
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Uncertain);
        assert!(
            error.to_string().contains("same idempotency key"),
            "{error}"
        );
        let (_, error) = outcome(Effect::WriteOnce, vec![broken_off(), refused()]).await;
        assert_eq!(error.unwrap().kind(), ErrorKind::Validation);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_for_patience_is_granted_within_reason() {
        let asks = |seconds: u64| Failure {
            retry_after: Some(Duration::from_secs(seconds)),
            ..unreachable()
        };
        let transport = transport();
        let started = tokio::time::Instant::now();
        let mut tries = Tries::new(&transport, Effect::Read).unwrap();
        tries.pause_after(asks(7)).await.unwrap();
        assert_eq!(started.elapsed().as_secs(), 7);
        let error = tries.pause_after(asks(3600)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
    }

    #[tokio::test(start_paused = true)]
    async fn an_odoo_that_is_away_is_left_alone_and_one_that_refuses_is_not() {
        let transport = transport();
        for _ in 0..5 {
            let mut tries = Tries::new(&transport, Effect::Read).unwrap();
            while tries.pause_after(unreachable()).await.is_ok() {}
        }
        let error = Tries::new(&transport, Effect::Read).err().unwrap();
        assert!(error.message().contains("asked again in"), "{error}");
        transport.breaker().reset();
        for _ in 0..9 {
            let mut tries = Tries::new(&transport, Effect::Read).unwrap();
            tries.pause_after(refused()).await.unwrap_err();
        }
        assert!(Tries::new(&transport, Effect::Read).is_ok());
    }
}
