//! Limits how many callbacks with a wrong signature are parked, because anybody who knows a uuid can send them.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const PARKED_A_MINUTE: u32 = 60;

/// The current clock minute, counted from 1970, and how many callbacks were parked in it.
#[derive(Debug, Default)]
pub(super) struct MismatchLimit(Mutex<(u64, u32)>);

impl MismatchLimit {
    /// Whether one more callback may be parked. If so, it is counted.
    pub(super) fn admit(&self, now: SystemTime) -> bool {
        let current = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, parked) = &mut *counted;
        if *minute != current {
            (*minute, *parked) = (current, 0);
        }
        let admitted = *parked < PARKED_A_MINUTE;
        *parked += u32::from(admitted);
        admitted
    }
}
