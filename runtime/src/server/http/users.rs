//! The users who are at work: one Odoo session for each set of credentials.
//!
//! Odoo checks a password or key with a slow hash by design. So a user is signed in once and
//! their session is kept while they are at work; after some idle time, or when there are too
//! many, it is ended in Odoo, too. Nothing is written anywhere.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::future::Cache;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::credentials::{Principal, PrincipalKey};
use super::options::HttpOptions;
use crate::client::{Config, Credentials};
use crate::error::{Error, ErrorKind};
use crate::server::{Shared, UserSession};

/// How long the same wrong credentials are refused without asking Odoo again.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// How long failed sign-ins are held against an address.
const FAILURES_LAST: Duration = Duration::from_secs(60);

/// How many users are signed in or out at once: a sign-in costs Odoo a slow hash, and failures
/// that come together pass the limit of failures by one less than this at most.
const CONCURRENT_SIGN_INS: usize = 4;

/// How often a user comes back in one request whom the pool lets go at that very moment.
const ATTEMPTS: usize = 3;

/// How often it is looked who has been idle for too long.
const IDLE_CHECKS: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(500)..=Duration::from_secs(30);

/// A user's place in the pool.
struct Place {
    /// Empty when the user has left. The pool may keep the place itself for longer, and a
    /// session is to end in Odoo when it is not needed any more, not when memory is tidied up.
    session: Mutex<Option<Arc<UserSession>>>,
    requests: DefaultDirectRateLimiter,
}

impl Place {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<UserSession>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of a user who is at work and whom Odoo has not refused since.
    fn session(&self) -> Option<Arc<UserSession>> {
        self.lock().clone().filter(|session| !session.is_refused())
    }

    /// The user leaves. What they hold in Odoo ends with the last call that uses it.
    fn leave(&self) -> Option<Arc<UserSession>> {
        self.lock().take()
    }
}

/// Why a request is not served.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    /// Odoo refuses the credentials.
    Credentials(Error),
    /// Too many requests of this user, or failed sign-ins from this address.
    TooMany {
        what: &'static str,
        /// Seconds after which the next one is served.
        retry_after: u64,
    },
    /// Odoo cannot be asked.
    Unavailable(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Authentication => Self::Credentials(error),
            _ => Self::Unavailable(error),
        }
    }
}

/// See the module.
pub(super) struct Users {
    shared: Arc<Shared>,
    odoo: Config,
    key: PrincipalKey,
    places: Cache<Principal, Arc<Place>>,
    idle: Duration,
    refused: Cache<Principal, Error>,
    requests: Quota,
    failures: Cache<IpAddr, Arc<AtomicU32>>,
    max_failures: u32,
    signing_in: Semaphore,
}

impl Users {
    /// Nobody is at work yet. `odoo` says where Odoo is; its credentials are not used.
    pub(super) fn new(
        shared: Arc<Shared>,
        odoo: Config,
        key: PrincipalKey,
        options: &HttpOptions,
    ) -> Self {
        Self {
            shared,
            odoo,
            key,
            places: Cache::builder()
                .max_capacity(options.max_users)
                // Who was idle longest leaves, however often they came before.
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(options.idle())
                .eviction_listener(|_, place: Arc<Place>, _| drop(place.leave()))
                .build(),
            idle: options.idle(),
            refused: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(REFUSED_FOR)
                .build(),
            requests: Quota::per_minute(options.rate_limit).allow_burst(burst(options.rate_limit)),
            failures: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(FAILURES_LAST)
                .build(),
            max_failures: options.failed_sign_ins.get(),
            signing_in: Semaphore::new(CONCURRENT_SIGN_INS),
        }
    }

    /// The session of the user with these credentials, who is signed in if need be. `from`
    /// is the address that the request came from.
    pub(super) async fn admit(
        &self,
        credentials: &Credentials,
        from: IpAddr,
    ) -> Result<(Principal, Arc<UserSession>), Refusal> {
        let principal = self.key.principal(credentials);
        let (place, session) = self.at_work(principal, credentials, from).await?;
        place.requests.check().map_err(|wait| Refusal::TooMany {
            what: "requests of this user",
            retry_after: wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
        })?;
        Ok((principal, session))
    }

    async fn at_work(
        &self,
        principal: Principal,
        credentials: &Credentials,
        from: IpAddr,
    ) -> Result<(Arc<Place>, Arc<UserSession>), Refusal> {
        for _ in 0..ATTEMPTS {
            let place = match self.places.get(&principal).await {
                Some(place) => place,
                None => self.sign_in(principal, credentials, from).await?,
            };
            if let Some(session) = place.session() {
                return Ok((place, session));
            }
            let entry = self.places.entry(principal);
            let clear = entry.and_compute_with(|entry| async {
                match entry {
                    Some(entry) if entry.value().session().is_none() => Op::Remove,
                    _ => Op::Nop,
                }
            });
            clear.await;
        }
        Err(Refusal::Unavailable(Error::new(
            ErrorKind::Conflict,
            "more users come than this server may hold at once",
        )))
    }

    /// Signs a user in, once for all requests that wait for it.
    async fn sign_in(
        &self,
        principal: Principal,
        credentials: &Credentials,
        from: IpAddr,
    ) -> Result<Arc<Place>, Refusal> {
        let signing_in = self.places.try_get_with(principal, async {
            if let Some(error) = self.refused.get(&principal).await {
                return Err(Refusal::Credentials(error));
            }
            let Ok(_turn) = self.signing_in.acquire().await else {
                return Err(Refusal::Unavailable(Error::new(
                    ErrorKind::Unreachable,
                    "the server is stopping",
                )));
            };
            self.check_failures(from).await?;
            let session = UserSession::of_many(Arc::clone(&self.shared), &self.odoo, credentials);
            let outcome = session.sign_in().await;
            let kind = outcome
                .as_ref()
                .map_or_else(|error| error.kind().as_str(), |()| "ok");
            self.shared.metrics.signed_in(kind);
            if let Err(error) = outcome {
                if error.kind() == ErrorKind::Authentication {
                    self.note_failure(principal, from, &error).await;
                }
                return Err(Refusal::from(error));
            }
            Ok(Arc::new(Place {
                session: Mutex::new(Some(Arc::new(session))),
                requests: RateLimiter::direct(self.requests),
            }))
        });
        let place = signing_in
            .await
            .map_err(|refusal: Arc<Refusal>| (*refusal).clone())?;
        // Who has to leave for it leaves now, and not when the pool finds the time.
        self.places.run_pending_tasks().await;
        Ok(place)
    }

    async fn check_failures(&self, from: IpAddr) -> Result<(), Refusal> {
        let failures = self.failures.get(&from).await;
        if failures.is_some_and(|failures| failures.load(Ordering::Relaxed) >= self.max_failures) {
            return Err(Refusal::TooMany {
                what: "failed sign-ins from this address",
                retry_after: FAILURES_LAST.as_secs(),
            });
        }
        Ok(())
    }

    async fn note_failure(&self, principal: Principal, from: IpAddr, error: &Error) {
        self.refused.insert(principal, error.clone()).await;
        let failures = self.failures.get_with(from, async { Arc::default() }).await;
        failures.fetch_add(1, Ordering::Relaxed);
    }

    /// A mark that ties something to a user of this process.
    pub(super) fn seal(&self, principal: &Principal, what: &str) -> Principal {
        self.key.digest(&[b"seal", principal, what.as_bytes()])
    }

    /// Whether [`Self::seal`] made this mark, compared in constant time.
    pub(super) fn is_seal(&self, mark: &Principal, principal: &Principal, what: &str) -> bool {
        let expected = self.seal(principal, what);
        // Digests of digests differ wherever they differ: timing tells nothing about the marks.
        self.key.digest(&[mark]) == self.key.digest(&[&expected])
    }

    /// Signs out who has been idle for too long, as long as it is polled: the pool itself
    /// looks only when somebody comes.
    pub(super) async fn watch_idle(&self) {
        let every = (self.idle / 2).clamp(*IDLE_CHECKS.start(), *IDLE_CHECKS.end());
        loop {
            tokio::time::sleep(every).await;
            self.places.run_pending_tasks().await;
        }
    }

    /// Signs everybody out. Whom Odoo does not let go within `patience` it forgets by itself.
    pub(super) async fn sign_all_out(&self, patience: Duration) {
        let mut ending = JoinSet::new();
        let turns = Arc::new(Semaphore::new(CONCURRENT_SIGN_INS));
        for (_, place) in &self.places {
            let Some(session) = place.leave() else {
                continue;
            };
            let turns = Arc::clone(&turns);
            ending.spawn(async move {
                let _turn = turns.acquire_owned().await;
                session.end().await;
            });
        }
        let all = async { while ending.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("Odoo did not end all sessions in time; it ends them by itself later");
        }
    }
}

/// A short burst above the steady rate: an assistant opens with several calls at once.
fn burst(per_minute: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(per_minute.get() / 4).unwrap_or(per_minute)
}
