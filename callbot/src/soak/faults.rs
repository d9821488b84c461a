//! The faults on the way from the function to AWS.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use local_stack::{Fault, Proxy};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

/// The probability that a request begins an outage, in which every request fails.
const BAD_SPELL: f64 = 1.0 / 4_000.0;
/// The duration of an outage, sometimes longer than the function's retries.
const SPELL_MILLIS: std::ops::Range<u64> = 200..9_000;

/// What a request to the engine may meet, with its name in the report.
pub(super) const ANY: &[(&str, Fault)] = &[
    // Those of `DOWN`.
    ("internal error", Fault::Answer(500, "InternalServerError")),
    (
        "service unavailable",
        Fault::Answer(503, "ServiceUnavailable"),
    ),
    ("reset before the write", Fault::ResetBefore),
    (
        "connections refused",
        Fault::Refuse(Duration::from_millis(150)),
    ),
    ("no answer", Fault::Silence),
    // The others.
    ("throttling", Fault::Answer(400, "ThrottlingException")),
    (
        "table throttled",
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
    ),
    ("access denied", Fault::Answer(400, "AccessDeniedException")),
    (
        "missing table",
        Fault::Answer(400, "ResourceNotFoundException"),
    ),
    ("reset after the write", Fault::ResetAfter),
    ("answer cut short", Fault::CutShort),
    ("slow answer", Fault::Slow(Duration::from_millis(300))),
    ("answer too late", Fault::Slow(Duration::from_millis(2_500))),
    ("garbage with 200", Fault::Garbage),
];

/// What a request to a service that is down meets: nothing that reaches the service.
pub(super) const DOWN: &[(&str, Fault)] = ANY.split_at(5).0;

/// A proxy in front of a service, which makes requests fail and counts the faults.
pub(super) struct FaultyProxy {
    proxy: Proxy,
    is_down: Arc<AtomicBool>,
    counts: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl FaultyProxy {
    /// Starts a proxy in front of the service at this address. A request meets one of `faults` with the probability
    /// `likely`, 0 to 1.
    pub(super) async fn start(
        service_url: &str,
        likely: f64,
        faults: &'static [(&'static str, Fault)],
        seed: u64,
    ) -> io::Result<Self> {
        let is_down = Arc::new(AtomicBool::new(false));
        let counts = Arc::new(Mutex::new(BTreeMap::new()));
        let mut plan = Faults {
            likely,
            faults,
            is_down: is_down.clone(),
            random: StdRng::seed_from_u64(seed),
            spell: None,
        };
        let counted = counts.clone();
        let proxy = Proxy::start(service_url, move |_| {
            let Some((name, fault)) = plan.next() else {
                return Fault::None;
            };
            let mut counts = counted.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(name).or_default() += 1;
            fault
        });
        Ok(Self {
            proxy: proxy.await?,
            is_down,
            counts,
        })
    }

    pub(super) fn url(&self) -> &str {
        self.proxy.url()
    }

    /// Whether every request fails from now on.
    pub(super) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    /// Every fault, and the number of requests that met it.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.clone()
    }
}

/// Decides which request meets which fault.
struct Faults {
    likely: f64,
    faults: &'static [(&'static str, Fault)],
    is_down: Arc<AtomicBool>,
    random: StdRng,
    /// The end of the present outage, and its fault.
    spell: Option<(Instant, (&'static str, Fault))>,
}

impl Faults {
    fn next(&mut self) -> Option<(&'static str, Fault)> {
        if self.is_down.load(Ordering::Relaxed) {
            return DOWN.choose(&mut self.random).copied();
        }
        let now = Instant::now();
        if let Some((until, fault)) = self.spell
            && now < until
        {
            return Some(fault);
        }
        let fault = *self.faults.choose(&mut self.random)?;
        if self.likely > 0.0 && self.random.random_bool(BAD_SPELL) {
            let lasts = Duration::from_millis(self.random.random_range(SPELL_MILLIS));
            self.spell = Some((now + lasts, fault));
        }
        self.random.random_bool(self.likely).then_some(fault)
    }
}
