//! The credentials in use, and when they are read again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::secret::{READ_TIMEOUT, Secret};
use crate::contract::account::Credentials;

/// Credentials older than this are refreshed in the background, during the next callback.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// The minimum time between two reads, which keeps forged callbacks from causing a flood of reads. An inconclusive read
/// does not count.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// The minimum time between two reads while no credentials have been read yet.
const MIN_INTERVAL_WITHOUT: Duration = Duration::from_secs(1);
/// How long an answer may wait for a background read, which usually takes less. Lambda freezes the process once the
/// answer has been sent.
const GRACE: Duration = Duration::from_millis(200);

/// The credentials in use.
#[derive(Clone, Debug)]
pub struct Keyring(Source);

#[derive(Clone, Debug)]
enum Source {
    /// From the configuration; never changes.
    Fixed(Arc<Credentials>),
    Secret(Arc<SecretKeyring>),
}

/// The last good value of a secret.
#[derive(Debug)]
struct SecretKeyring {
    secret: Secret,
    last: Mutex<Last>,
    /// Held during a read. Other callers wait for that read instead of starting another.
    read_lock: tokio::sync::Mutex<()>,
    /// The background read.
    background: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Clone, Debug, Default)]
struct Last {
    good: Option<Arc<Credentials>>,
    good_at: Option<SystemTime>,
    tried_at: Option<SystemTime>,
    /// The background read did not finish within its invocation. Lambda may have frozen the process in between.
    outlived: bool,
    /// The last read failed after it had outlived its invocation, so the failure says nothing about the secret. The
    /// next answer waits longer for the background read.
    inconclusive: bool,
}

impl Keyring {
    /// Credentials that do not change.
    pub fn fixed(credentials: Credentials) -> Self {
        Self(Source::Fixed(Arc::new(credentials)))
    }

    /// Credentials in a secret, which is not read yet.
    pub fn of_secret(secret: Secret) -> Self {
        Self(Source::Secret(Arc::new(SecretKeyring {
            secret,
            last: Mutex::default(),
            read_lock: tokio::sync::Mutex::default(),
            background: Mutex::default(),
        })))
    }

    /// The credentials to verify with first: the last good ones, no matter how old. If they are older than five
    /// minutes, a background read refreshes them. `None` if no read has succeeded yet.
    ///
    /// Until a read succeeds, each call reads the secret, at most once a second, and waits for the result. The first
    /// call is at the start of the process.
    pub async fn current(&self, now: SystemTime) -> Option<Arc<Credentials>> {
        let keyring = match &self.0 {
            Source::Fixed(credentials) => return Some(credentials.clone()),
            Source::Secret(keyring) => keyring,
        };
        let last = lock(&keyring.last).clone();
        if last.good.is_none() {
            return keyring.newer_than(None, now).await;
        }
        if is_past(last.good_at, MAX_AGE, now) && is_past(last.tried_at, MIN_INTERVAL, now) {
            let (reader, old) = (keyring.clone(), last.good.clone());
            let read = tokio::spawn(async move {
                reader.newer_than(old.as_ref(), now).await;
            });
            *lock(&keyring.background) = Some(read);
        }
        last.good
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

    /// Waits briefly for a background read, before the answer is sent and Lambda freezes the process.
    pub(crate) async fn settle(&self, deadline: Instant) {
        let Source::Secret(keyring) = &self.0 else {
            return;
        };
        let Some(read) = lock(&keyring.background).take() else {
            return;
        };
        let grace = match lock(&keyring.last).inconclusive {
            true => READ_TIMEOUT,
            false => GRACE,
        };
        let ended = timeout_at(deadline.min(Instant::now() + grace), read).await;
        lock(&keyring.last).outlived = ended.is_err();
    }

    /// Credentials newer than `old`, for a callback that `old` did not verify: either read in the meantime, or read now
    /// if the last read was at least ten seconds ago.
    pub(crate) async fn newer_than(
        &self,
        old: &Arc<Credentials>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        match &self.0 {
            Source::Fixed(_) => None,
            Source::Secret(keyring) => keyring.newer_than(Some(old), now).await,
        }
    }
}

impl SecretKeyring {
    async fn newer_than(
        &self,
        old: Option<&Arc<Credentials>>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        let _reading = self.read_lock.lock().await;
        let is_newer = |good: &Arc<Credentials>| old.is_none_or(|old| !Arc::ptr_eq(old, good));
        let last = lock(&self.last).clone();
        if let Some(good) = last.good.filter(is_newer) {
            return Some(good);
        }
        let interval = match old {
            Some(_) => MIN_INTERVAL,
            None => MIN_INTERVAL_WITHOUT,
        };
        if !is_past(last.tried_at, interval, now) {
            return None;
        }
        lock(&self.last).tried_at = Some(now);
        lock(&self.last).outlived = false;
        let read = self.secret.read().await;
        let inconclusive = read.is_err() && lock(&self.last).outlived;
        lock(&self.last).inconclusive = inconclusive;
        match read {
            Ok(credentials) => self.keep(credentials, now).filter(is_newer),
            Err(_) if inconclusive => {
                lock(&self.last).tried_at = None;
                None
            }
            Err(error) => {
                let kept = old.is_some();
                tracing::error!(reason = %error, lastGoodInUse = kept, "credentials not read");
                None
            }
        }
    }

    /// Starts using the credentials just read. If the value is unchanged, its `Arc` stays the same.
    fn keep(&self, credentials: Credentials, now: SystemTime) -> Option<Arc<Credentials>> {
        let mut last = lock(&self.last);
        last.good_at = Some(now);
        if last.good.as_deref() != Some(&credentials) {
            tracing::info!(credentials = credentials.iter().count(), "credentials read");
            last.good = Some(Arc::new(credentials));
        }
        last.good.clone()
    }
}

/// Ignores poisoning, because no code that holds a lock panics in the middle of a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether `interval` has passed since `time`. `None` counts as passed. So does a `time` at least `interval` in the
/// future, because the clock was then set back.
fn is_past(time: Option<SystemTime>, interval: Duration, now: SystemTime) -> bool {
    time.is_none_or(|time| match now.duration_since(time) {
        Ok(since) => since >= interval,
        Err(ahead) => ahead.duration() >= interval,
    })
}
