//! The phases of a task: periods of one status.

use std::collections::BTreeMap;

use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

use crate::table::{is_end, order};

/// Consecutive reports of one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Phase {
    pub(super) status: TaskStatus,
    /// The index of the phase's first report in the history.
    pub(super) first: usize,
    /// The time of that report, Unix seconds.
    pub(super) since: u64,
    /// The time of the next phase's first report; `None` for the last phase.
    pub(super) until: Option<u64>,
}

impl Phase {
    /// The duration, up to `now` for the last phase; `None` for an end status, which has none.
    pub(super) fn seconds(&self, now: u64) -> Option<u64> {
        match self.until {
            None if is_end(self.status) => None,
            until => Some(until.unwrap_or(now).saturating_sub(self.since)),
        }
    }
}

/// The phases of one task's history, oldest first.
pub(super) fn phases(history: &[&Snapshot]) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for (place, snapshot) in history.iter().enumerate() {
        let (status, since) = (snapshot.callback.status, snapshot.create_ts.seconds);
        if let Some(last) = phases.last_mut() {
            if last.status == status {
                continue;
            }
            last.until = Some(since);
        }
        phases.push(Phase {
            status,
            first: place,
            since,
            until: None,
        });
    }
    phases
}

/// The snapshots of each task, in the order of its reports; a `userTaskID` may have several tasks.
pub(super) fn by_task(history: &[Snapshot]) -> Vec<Vec<&Snapshot>> {
    let mut tasks: BTreeMap<&str, Vec<&Snapshot>> = BTreeMap::new();
    for snapshot in history {
        let id = snapshot.callback.task_id.as_str();
        tasks.entry(id).or_default().push(snapshot);
    }
    for snapshots in tasks.values_mut() {
        snapshots.sort_by_key(|snapshot| order(snapshot.create_ts, snapshot.callback.status));
    }
    tasks.into_values().collect()
}
