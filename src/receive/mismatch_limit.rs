//! Limits how many callbacks with a wrong signature are parked, because anybody who knows a uuid can send them.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const PARKED_A_MINUTE: u32 = 60;

/// Counts the callbacks parked in the current clock minute.
#[derive(Debug, Default)]
pub(super) struct MismatchLimit(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    /// Minutes since 1970.
    number: u64,
    parked: u32,
}

impl MismatchLimit {
    /// Whether one more callback may be parked. If so, it is counted.
    pub(super) fn admit(&self, now: SystemTime) -> bool {
        let number = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.number != number {
            *minute = Minute { number, parked: 0 };
        }
        let admitted = minute.parked < PARKED_A_MINUTE;
        minute.parked += u32::from(admitted);
        admitted
    }
}
