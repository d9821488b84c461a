//! The phases of a task: periods of one status.

use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

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

/// Whether the status is final.
pub(super) fn is_end(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Completed | TaskStatus::Failed)
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

/// The snapshots of each task; a `userTaskID` may have several tasks.
pub(super) fn by_task(history: &[Snapshot]) -> Vec<Vec<&Snapshot>> {
    let mut tasks: Vec<(&str, Vec<&Snapshot>)> = Vec::new();
    for snapshot in history {
        let id = snapshot.callback.task_id.as_str();
        match tasks.iter_mut().find(|(task, _)| *task == id) {
            Some((_, snapshots)) => snapshots.push(snapshot),
            None => tasks.push((id, vec![snapshot])),
        }
    }
    tasks.sort_unstable_by_key(|(task, _)| *task);
    tasks.into_iter().map(|(_, snapshots)| snapshots).collect()
}
