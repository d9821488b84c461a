//! The credentials in use, and when they are read again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use super::secret::Secret;
use crate::contract::account::Credentials;
use crate::contract::text::{MESSAGE_LIMIT, excerpt};

/// Credentials older than this are read again.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// The minimum time between two reads, which keeps forged callbacks from causing a flood of reads.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// The minimum time between two reads while no credentials have been read yet.
const MIN_INTERVAL_WITHOUT: Duration = Duration::from_secs(1);
/// The time limit of a read that a callback needs: there are no credentials, or they did not verify it.
const READ_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit of a read that only refreshes the credentials.
const REFRESH_TIMEOUT: Duration = Duration::from_millis(200);

/// The credentials in use. The lock is held during a read, so that other callers wait for that read instead of starting
/// another.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// `None` if the credentials never change.
    secret: Option<Secret>,
    good: Option<Arc<Credentials>>,
    /// When `good` was read. After a refresh that failed, it is set so far back that the next refresh is soon.
    fresh_at: Option<SystemTime>,
    /// When the secret was read, or when a callback that needed it tried to. A failed refresh does not count: it had
    /// less time.
    tried_at: Option<SystemTime>,
}

impl Keyring {
    /// Credentials that do not change.
    pub fn fixed(credentials: Credentials) -> Self {
        let good = Some(Arc::new(credentials));
        Self::of(State {
            good,
            ..State::default()
        })
    }

    /// Credentials in a secret, which is not read yet.
    pub fn of_secret(secret: Secret) -> Self {
        let secret = Some(secret);
        Self::of(State {
            secret,
            ..State::default()
        })
    }

    fn of(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// The credentials to verify with first. If they are older than five minutes, they are read again. If that takes
    /// more than 200 ms or fails, the last good ones stay in use. `None` if no read has succeeded yet.
    pub async fn current(&self, now: SystemTime) -> Option<Arc<Credentials>> {
        let mut state = self.0.lock().await;
        if state.good.is_none() {
            state.read_anew(now, MIN_INTERVAL_WITHOUT).await;
        } else if is_past(state.fresh_at, MAX_AGE, now) {
            state.fresh_at = Some(now - (MAX_AGE - MIN_INTERVAL));
            state.read(now, REFRESH_TIMEOUT).await;
        }
        state.good.clone()
    }

    /// Like [`Keyring::current`], but while no read has succeeded, it reads the secret again every second until
    /// `deadline`.
    pub(crate) async fn wait_for_any(
        &self,
        now: SystemTime,
        deadline: Instant,
    ) -> Option<Arc<Credentials>> {
        let started = Instant::now();
        let read = async {
            loop {
                if let Some(credentials) = self.current(now + started.elapsed()).await {
                    return credentials;
                }
                sleep(MIN_INTERVAL_WITHOUT).await;
            }
        };
        timeout_at(deadline, read).await.ok()
    }

    /// Credentials newer than `old`, for a callback that `old` did not verify: either read in the meantime, or read now
    /// if the last read was at least ten seconds ago.
    pub(crate) async fn newer_than(
        &self,
        old: &Arc<Credentials>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        let is_newer = |good: &Arc<Credentials>| !Arc::ptr_eq(old, good);
        let mut state = self.0.lock().await;
        if !state.good.as_ref().is_some_and(is_newer) {
            state.read_anew(now, MIN_INTERVAL).await;
        }
        state.good.clone().filter(is_newer)
    }
}

impl State {
    /// Reads the secret for a callback that needs it, unless the last read was less than `min_interval` ago.
    async fn read_anew(&mut self, now: SystemTime, min_interval: Duration) {
        if is_past(self.tried_at, min_interval, now) {
            self.tried_at = Some(now);
            self.read(now, READ_TIMEOUT).await;
        }
    }

    /// Reads the secret. A value that has not changed keeps its `Arc`.
    async fn read(&mut self, now: SystemTime, limit: Duration) {
        let Some(secret) = &self.secret else {
            return;
        };
        match secret.read(limit).await {
            Ok(credentials) => {
                (self.fresh_at, self.tried_at) = (Some(now), Some(now));
                if self.good.as_deref() != Some(&credentials) {
                    tracing::info!(credentials = credentials.iter().count(), "credentials read");
                    self.good = Some(Arc::new(credentials));
                }
            }
            Err(reason) => {
                let reason = excerpt(&reason, MESSAGE_LIMIT);
                let kept = self.good.is_some();
                tracing::error!(reason, lastGoodInUse = kept, "credentials not read");
            }
        }
    }
}

/// Whether `interval` has passed since `time`. `None` counts as passed. So does a `time` at least `interval` in the
/// future, because the clock was then set back.
fn is_past(time: Option<SystemTime>, interval: Duration, now: SystemTime) -> bool {
    time.is_none_or(|time| match now.duration_since(time) {
        Ok(since) => since >= interval,
        Err(ahead) => ahead.duration() >= interval,
    })
}
