//! Limits the parked callbacks with a wrong signature, which anybody who knows a uuid can send.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const MAX_PER_MINUTE: u32 = 60;

/// The clock minute, counted from 1970, and how many callbacks were parked in this minute.
#[derive(Debug, Default)]
pub(super) struct MismatchLimit(Mutex<(u64, u32)>);

impl MismatchLimit {
    /// Whether another callback may be parked, which then counts.
    pub(super) fn admit(&self, now: SystemTime) -> bool {
        let current = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (minute, parked) = &mut *counted;
        if *minute != current {
            (*minute, *parked) = (current, 0);
        }
        let admitted = *parked < MAX_PER_MINUTE;
        *parked += u32::from(admitted);
        admitted
    }
}
