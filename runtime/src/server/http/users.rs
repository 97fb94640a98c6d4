//! The users who are at work: one Odoo session for each set of credentials.
//!
//! Odoo checks a password or key with a slow hash by design. So a user is signed in once and
//! their session is kept while they are at work; after some idle time, or when there are too
//! many, it is ended in Odoo, too. Nothing is written anywhere.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::future::Cache;
use tokio::sync::Semaphore;

use super::credentials::{Principal, PrincipalKey};
use super::options::HttpOptions;
use crate::client::{Config, Credentials};
use crate::error::{Error, ErrorKind};
use crate::server::{Shared, UserSession};

/// How long the same wrong credentials are refused without asking Odoo again.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// How long failed sign-ins are held against an address.
const FAILURES_LAST: Duration = Duration::from_secs(60);

/// How many users are signed in at once: each costs Odoo a slow hash, and failures that come
/// together must not pass the limit of failures.
const CONCURRENT_SIGN_INS: usize = 4;

/// A user at work.
#[derive(Clone)]
pub(super) struct User {
    pub(super) session: Arc<UserSession>,
    requests: Arc<DefaultDirectRateLimiter>,
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
    sessions: Cache<Principal, User>,
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
            sessions: Cache::builder()
                .max_capacity(options.max_users)
                .time_to_idle(options.idle())
                .build(),
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
    ) -> Result<(Principal, User), Refusal> {
        let principal = self.key.principal(credentials);
        let known = self.sessions.get(&principal).await;
        let user = match known {
            Some(user) if !user.session.is_refused() => user,
            Some(_) => {
                self.sessions.invalidate(&principal).await;
                self.sign_in(principal, credentials, from).await?
            }
            None => self.sign_in(principal, credentials, from).await?,
        };
        user.requests.check().map_err(|wait| Refusal::TooMany {
            what: "requests of this user",
            retry_after: wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
        })?;
        Ok((principal, user))
    }

    /// Signs a user in, once for all requests that wait for it.
    async fn sign_in(
        &self,
        principal: Principal,
        credentials: &Credentials,
        from: IpAddr,
    ) -> Result<User, Refusal> {
        if let Some(error) = self.refused.get(&principal).await {
            return Err(Refusal::Credentials(error));
        }
        let signing_in = self.sessions.try_get_with(principal, async {
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
            Ok(User {
                session: Arc::new(session),
                requests: Arc::new(RateLimiter::direct(self.requests)),
            })
        });
        signing_in
            .await
            .map_err(|refusal: Arc<Refusal>| (*refusal).clone())
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

    /// Signs everybody out.
    pub(super) async fn sign_all_out(&self) {
        for (_, user) in &self.sessions {
            user.session.end().await;
        }
        self.sessions.invalidate_all();
    }
}

/// A short burst above the steady rate: an assistant opens with several calls at once.
fn burst(per_minute: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(per_minute.get() / 4).unwrap_or(per_minute)
}
