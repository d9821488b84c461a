//! The credentials in force: fixed, or read from a secret that may change while the function runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::secret::Secret;
use crate::contract::account::Credentials;

/// Credentials older than this are read again, beside the next callback.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// Whatever arrives, the secret is not read more often than this.
const MIN_INTERVAL: Duration = Duration::from_secs(10);
/// The same while there is no value at all.
const MIN_INTERVAL_WITHOUT: Duration = Duration::from_secs(1);
/// How long an answer may wait for a reading beside it. Lambda freezes the process once the answer is out, and
/// a reading usually takes less.
const GRACE: Duration = Duration::from_millis(200);
/// A reading that took so long was not slow: the process was frozen in the middle of it.
const FROZEN: Duration = Duration::from_secs(5);

/// Where verification gets its credentials.
#[derive(Clone, Debug)]
pub enum Keyring {
    /// From the configuration, for as long as the process lives.
    Fixed(Arc<Credentials>),
    /// From a secret.
    Secret(Arc<SecretKeyring>),
}

/// The last good value of a secret.
#[derive(Debug)]
pub struct SecretKeyring {
    secret: Secret,
    last: Mutex<Last>,
    /// Held while the secret is read: whoever comes then waits for that reading, and does not start another.
    reading: tokio::sync::Mutex<()>,
    /// The reading beside a callback.
    beside: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Clone, Debug, Default)]
struct Last {
    good: Option<Arc<Credentials>>,
    good_at: Option<SystemTime>,
    tried_at: Option<SystemTime>,
}

impl Keyring {
    /// Credentials that do not change.
    pub fn fixed(credentials: Credentials) -> Self {
        Self::Fixed(Arc::new(credentials))
    }

    /// Credentials in a secret, not read yet.
    pub fn of_secret(secret: Secret) -> Self {
        Self::Secret(Arc::new(SecretKeyring {
            secret,
            last: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            beside: Mutex::default(),
        }))
    }

    /// The credentials to verify with first: the last good ones, however old. Those that are older than five
    /// minutes are read again meanwhile. `None` where none could ever be read.
    ///
    /// At the start of the process this reads them for the first time.
    pub async fn current(&self, now: SystemTime) -> Option<Arc<Credentials>> {
        let keyring = match self {
            Self::Fixed(credentials) => return Some(credentials.clone()),
            Self::Secret(keyring) => keyring,
        };
        let last = lock(&keyring.last).clone();
        if last.good.is_none() {
            return keyring.newer_than(None, now).await;
        }
        if is_past(last.good_at, MAX_AGE, now) && is_past(last.tried_at, MIN_INTERVAL, now) {
            let (reader, old) = (keyring.clone(), last.good.clone());
            let reading = tokio::spawn(async move {
                reader.newer_than(old.as_ref(), now).await;
            });
            *lock(&keyring.beside) = Some(reading);
        }
        last.good
    }

    /// Gives a reading beside the callback a moment to end, before the answer goes out and Lambda freezes it.
    pub async fn settle(&self) {
        if let Self::Secret(keyring) = self {
            let reading = lock(&keyring.beside).take();
            if let Some(reading) = reading {
                let _ = timeout(GRACE, reading).await;
            }
        }
    }

    /// Other credentials than these, which did not verify a callback: those that have been read in the
    /// meantime or, ten seconds after the last reading at the earliest, are read now.
    pub async fn newer_than(
        &self,
        old: &Arc<Credentials>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        match self {
            Self::Fixed(_) => None,
            Self::Secret(keyring) => keyring.newer_than(Some(old), now).await,
        }
    }
}

impl SecretKeyring {
    async fn newer_than(
        &self,
        old: Option<&Arc<Credentials>>,
        now: SystemTime,
    ) -> Option<Arc<Credentials>> {
        let _reading = self.reading.lock().await;
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
        let started = Instant::now();
        match self.secret.read().await {
            Ok(credentials) => self.keep(credentials, now).filter(is_newer),
            Err(_) if started.elapsed() > FROZEN => {
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

    /// Puts what was read in force; an unchanged value stays the same one.
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

/// Nothing that holds one of these can panic half-way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether `interval` has gone by since `time`. A time that never was counts as past, and so does one in the
/// future: then the clock was set back.
fn is_past(time: Option<SystemTime>, interval: Duration, now: SystemTime) -> bool {
    let since = time.and_then(|time| now.duration_since(time).ok());
    since.is_none_or(|since| since >= interval)
}
