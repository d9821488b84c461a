//! The faults on the way from the function to AWS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use local_stack::{Fault, Proxy};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The share of the requests that meet a fault.
const LIKELY: f64 = 0.03;
/// The probability that a request begins a window in which every request meets the same fault.
const WINDOW: f64 = 1.0 / 4_000.0;
const WINDOW_MILLIS: std::ops::Range<u64> = 200..5_000;

/// What a request may meet.
const FAULTS: [Fault; 14] = [
    Fault::Answer(500, "InternalServerError"),
    Fault::Answer(503, "ServiceUnavailable"),
    Fault::ResetBefore,
    Fault::Refuse(Duration::from_millis(150)),
    Fault::Silence,
    // Only DynamoDB has the others.
    Fault::Answer(400, "ThrottlingException"),
    Fault::Answer(400, "ProvisionedThroughputExceededException"),
    Fault::Answer(400, "AccessDeniedException"),
    Fault::Answer(400, "ResourceNotFoundException"),
    Fault::ResetAfter,
    Fault::CutShort,
    Fault::Slow(Duration::from_millis(300)),
    // Longer than the function waits.
    Fault::Slow(Duration::from_millis(2_500)),
    Fault::Garbage,
];
/// The number of faults, first in the list, with which no request reaches the service.
pub(crate) const DOWN: usize = 5;
pub(crate) const ALL: usize = FAULTS.len();

/// A proxy in front of a service, which makes requests fail.
pub(crate) struct FaultyProxy {
    pub(crate) proxy: Proxy,
    /// Whether every request fails.
    pub(crate) is_down: Arc<AtomicBool>,
    /// The number of requests that met a fault.
    pub(crate) count: Arc<AtomicUsize>,
}

impl FaultyProxy {
    /// Starts a proxy in front of the service at this URL, with this many of the faults.
    pub(crate) async fn start(url: &str, faults: usize, seed: u64) -> io::Result<Self> {
        let is_down = Arc::new(AtomicBool::new(false));
        let count = Arc::new(AtomicUsize::new(0));
        let (down, counted) = (is_down.clone(), count.clone());
        let mut random = StdRng::seed_from_u64(seed);
        let mut window = (Instant::now(), Fault::None);
        let proxy = Proxy::start(url, move |_| {
            let now = Instant::now();
            let mut fault = FAULTS[random.random_range(0..faults)];
            if random.random_bool(WINDOW) {
                let lasts = Duration::from_millis(random.random_range(WINDOW_MILLIS));
                window = (now + lasts, fault);
            }
            if down.load(Relaxed) {
                fault = FAULTS[random.random_range(0..DOWN)];
            } else if now < window.0 {
                fault = window.1;
            } else if !random.random_bool(LIKELY) {
                return Fault::None;
            }
            counted.fetch_add(1, Relaxed);
            fault
        });
        Ok(Self {
            proxy: proxy.await?,
            is_down,
            count,
        })
    }
}
