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
/// The minimum time between two reads: forged callbacks must not cause a flood of reads.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// The minimum time between two reads until the first read succeeds.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// The time limit of a read if the credentials are missing or did not verify a callback.
const READ_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit of a read that only refreshes the credentials.
const REFRESH_TIMEOUT: Duration = Duration::from_millis(200);

/// The credentials in use. The lock is held during a read: other callers wait for the same read.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// `None` if the credentials never change.
    secret: Option<Secret>,
    good: Option<Arc<Credentials>>,
    /// When `good` was read. After a failed refresh, a time that makes the next refresh due soon.
    fresh_at: Option<SystemTime>,
    /// The last read. A failed refresh, which has less time, does not count.
    tried_at: Option<SystemTime>,
}

impl Keyring {
    /// Credentials that do not change.
    pub fn fixed(credentials: Credentials) -> Self {
        Self::of(None, Some(Arc::new(credentials)))
    }

    /// Credentials in a secret, which is not read yet.
    pub fn of_secret(secret: Secret) -> Self {
        Self::of(Some(secret), None)
    }

    fn of(secret: Option<Secret>, good: Option<Arc<Credentials>>) -> Self {
        Self(Arc::new(Mutex::new(State {
            secret,
            good,
            fresh_at: None,
            tried_at: None,
        })))
    }

    /// The credentials to verify with first, read again after five minutes. If this read fails or
    /// takes more than 200 ms, the last good credentials stay in use. `None` until a read succeeds.
    pub async fn current(&self, now: SystemTime) -> Option<Arc<Credentials>> {
        let mut state = self.0.lock().await;
        if state.good.is_none() {
            state.read_if_due(now, RETRY_INTERVAL).await;
        } else if is_past(state.fresh_at, MAX_AGE, now) {
            state.fresh_at = Some(now - (MAX_AGE - MIN_INTERVAL));
            state.read(now, REFRESH_TIMEOUT).await;
        }
        state.good.clone()
    }

    /// Like [`Keyring::current`], but retries every second until a read succeeds, or `deadline`.
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
                sleep(RETRY_INTERVAL).await;
            }
        };
        timeout_at(deadline, read).await.ok()
    }

    /// Credentials newer than `old`, which did not verify a callback: read in the meantime, or read
    /// now if the last read was at least ten seconds ago.
    pub(crate) async fn newer_than(
        &self,
        old: &Arc<Credentials>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        let is_newer = |good: &Arc<Credentials>| !Arc::ptr_eq(old, good);
        let mut state = self.0.lock().await;
        if !state.good.as_ref().is_some_and(is_newer) {
            state.read_if_due(now, MIN_INTERVAL).await;
        }
        state.good.clone().filter(is_newer)
    }
}

impl State {
    /// Reads the secret, unless the last read was less than `min_interval` ago.
    async fn read_if_due(&mut self, now: SystemTime, min_interval: Duration) {
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

/// Whether `interval` has passed since `time`. `None` counts as passed. So does a time that far in
/// the future, because the clock was set back.
fn is_past(time: Option<SystemTime>, interval: Duration, now: SystemTime) -> bool {
    time.is_none_or(|time| match now.duration_since(time) {
        Ok(since) => since >= interval,
        Err(ahead) => ahead.duration() >= interval,
    })
}
