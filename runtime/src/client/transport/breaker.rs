//! What is known of an Odoo that does not answer: calls to it fail at once instead of waiting
//! for it one after the other, and now and then one is let through to see whether it is back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many calls in a row have to fail before others are kept from trying.
const FAILURES: u32 = 5;
/// How long Odoo is left alone at first; twice as long after each call that fails then.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest that Odoo is left alone.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Shared by all users of one Odoo.
#[derive(Debug, Default)]
pub(in crate::client) struct Breaker {
    state: Mutex<State>,
    /// Whether our module has ever answered.
    has_module: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Odoo is left alone until then, and how long that is.
    open: Option<(Instant, Duration)>,
}

impl Breaker {
    /// Lets a call through, or says how long Odoo is still left alone.
    ///
    /// When the time is over, one call is let through, and the others are kept from trying
    /// until its fate is known or as much time has passed again.
    pub(super) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        let Some((until, pause)) = state.open else {
            return Ok(());
        };
        if now < until {
            return Err(until - now);
        }
        state.open = Some((now + pause, pause));
        Ok(())
    }

    /// Odoo has answered, whatever it said.
    pub(super) fn answered(&self) {
        *self.state() = State::default();
    }

    /// Odoo could not be reached.
    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures < FAILURES {
            return;
        }
        let pause = state
            .open
            .map_or(FIRST_PAUSE, |(_, before)| (before * 2).min(LONGEST_PAUSE));
        state.open = Some((now + pause, pause));
    }

    /// Our module has answered.
    pub(super) fn module_answered(&self) {
        self.has_module.store(true, Ordering::Relaxed);
    }

    /// Whether our module is known to be there: then an Odoo that lacks its routes cannot open
    /// its database (`odoo/http.py` serves the routes of no database then), and that passes.
    pub(super) fn has_module(&self) -> bool {
        self.has_module.load(Ordering::Relaxed)
    }

    /// The next call tries, whatever is known: somebody wants to know now.
    pub(in crate::client) fn reset(&self) {
        *self.state() = State::default();
        self.has_module.store(false, Ordering::Relaxed);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn broken(now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed(now);
        }
        breaker
    }

    #[test]
    fn a_few_failures_keep_nobody_from_trying() {
        let now = Instant::now();
        let breaker = Breaker::default();
        for _ in 1..FAILURES {
            breaker.failed(now);
        }
        assert_eq!(breaker.admit(now), Ok(()));
        breaker.answered();
        breaker.failed(now);
        assert_eq!(breaker.admit(now), Ok(()));
    }

    #[test]
    fn one_call_looks_whether_odoo_is_back() {
        let now = Instant::now();
        let breaker = broken(now);
        assert_eq!(breaker.admit(now), Err(FIRST_PAUSE));
        let later = now + FIRST_PAUSE;
        assert_eq!(breaker.admit(later), Ok(()));
        assert!(breaker.admit(later).is_err(), "one is enough");
        breaker.answered();
        assert_eq!(breaker.admit(later), Ok(()));
    }

    #[test]
    fn the_pauses_grow_up_to_a_limit() {
        let mut now = Instant::now();
        let breaker = broken(now);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let pause = breaker.admit(now).unwrap_err();
            pauses.push(pause.as_secs());
            now += pause;
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.failed(now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn a_call_whose_fate_stays_unknown_closes_the_way_for_one_pause() {
        let now = Instant::now();
        let breaker = broken(now);
        let later = now + FIRST_PAUSE;
        assert_eq!(breaker.admit(later), Ok(()));
        assert!(breaker.admit(later + SECOND / 2).is_err());
        assert_eq!(breaker.admit(later + FIRST_PAUSE), Ok(()));
    }
}
