//! The reports of one task, and its phases: periods of one status.

use std::collections::BTreeMap;

use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

use crate::table::is_end;
use crate::terminal::shown;
use crate::when::Clock;

/// A task with at least one report.
pub(super) struct Task<'a> {
    /// In the order in which the platform made them.
    pub(super) reports: Vec<&'a Snapshot>,
    pub(super) first: &'a Snapshot,
    pub(super) last: &'a Snapshot,
    pub(super) phases: Vec<Phase>,
}

/// Consecutive reports of one status.
pub(super) struct Phase {
    pub(super) status: TaskStatus,
    /// The index of the phase's first report.
    pub(super) first: usize,
    /// The time of that report, Unix seconds.
    pub(super) since: u64,
    /// The time of the next phase's first report; `None` for the last phase.
    pub(super) until: Option<u64>,
}

impl Phase {
    /// The duration, up to now for the last phase; `None` for an end status, which has none.
    pub(super) fn seconds(&self, clock: &Clock) -> Option<u64> {
        match self.until {
            None if is_end(self.status) => None,
            until => Some(until.unwrap_or(clock.now).saturating_sub(self.since)),
        }
    }
}

impl<'a> Task<'a> {
    /// The tasks of a history; a `userTaskID` may have several.
    pub(super) fn all(history: &'a [Snapshot]) -> Vec<Self> {
        let mut tasks: BTreeMap<&str, Vec<&Snapshot>> = BTreeMap::new();
        for snapshot in history {
            let id = snapshot.callback.task_id.as_str();
            tasks.entry(id).or_default().push(snapshot);
        }
        tasks.into_values().filter_map(Self::of).collect()
    }

    fn of(reports: Vec<&'a Snapshot>) -> Option<Self> {
        let mut phases: Vec<Phase> = Vec::new();
        for (first, report) in reports.iter().enumerate() {
            let (status, since) = (report.callback.status, report.create_ts.seconds);
            if let Some(last) = phases.last_mut() {
                if last.status == status {
                    continue;
                }
                last.until = Some(since);
            }
            phases.push(Phase {
                status,
                first,
                since,
                until: None,
            });
        }
        Some(Self {
            first: reports.first()?,
            last: reports.last()?,
            reports,
            phases,
        })
    }

    /// The task's id, printable.
    pub(super) fn id(&self) -> String {
        shown(&self.last.callback.task_id)
    }

    /// The task's id and, in parentheses, the customer's.
    pub(super) fn name(&self) -> String {
        let id = self.id();
        match self.last.callback.user_task_id.as_str() {
            "" => id,
            own_id => format!("{id} ({})", shown(own_id)),
        }
    }

    /// The newest status reported.
    pub(super) fn status(&self) -> TaskStatus {
        self.last.callback.status
    }

    /// The time from the first report to the task's end, or until now.
    pub(super) fn seconds(&self, clock: &Clock) -> u64 {
        let end = match is_end(self.status()) {
            true => self.last.create_ts.seconds,
            false => clock.now,
        };
        end.saturating_sub(self.first.create_ts.seconds)
    }
}
