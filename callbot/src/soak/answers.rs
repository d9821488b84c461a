//! The answers to requests, and their times.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::client::Reply;

/// How often each answer was received, and after what time.
pub(super) struct Answers {
    /// The latency of every request, in microseconds.
    latencies: Histogram<u64>,
    counts: BTreeMap<String, u64>,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self {
            // Up to a minute, with three significant digits.
            latencies: Histogram::new_with_max(60_000_000, 3).expect("good bounds"),
            counts: BTreeMap::new(),
        }
    }

    /// Records the answer, or the missing answer, to one request.
    pub(super) fn record(&mut self, reply: Option<&Reply>, took: Duration) {
        self.latencies
            .saturating_record(took.as_micros().try_into().unwrap_or(u64::MAX));
        let answer = reply.map_or("no answer".to_owned(), name);
        *self.counts.entry(answer).or_default() += 1;
    }

    /// The number of requests.
    pub(super) fn requests(&self) -> u64 {
        self.latencies.len()
    }

    /// The latency at a percentile.
    pub(super) fn percentile(&self, percentile: f64) -> Duration {
        Duration::from_micros(self.latencies.value_at_percentile(percentile))
    }

    /// Every answer, and the number of times it was received.
    pub(super) fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }

    /// The latencies in milliseconds.
    pub(super) fn latency_to_json(&self) -> Value {
        let millis = |percentile| self.percentile(percentile).as_secs_f64() * 1_000.0;
        json!({
            "p50": millis(50.0), "p90": millis(90.0), "p99": millis(99.0), "max": millis(100.0),
        })
    }
}

/// The HTTP status of an answer, and its retCode if present.
pub(super) fn name(reply: &Reply) -> String {
    match reply.ret_code() {
        Some(ret_code) => format!("HTTP {} retCode {ret_code}", reply.status()),
        None => format!("HTTP {}", reply.status()),
    }
}
