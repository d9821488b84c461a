//! The reports of one task, and its phases: periods of one status.

use std::collections::BTreeMap;

use task_callback::contract::callback::TaskStatus;

use crate::table::{Report, is_end};
use crate::terminal::shown;
use crate::when::Clock;

/// A task with at least one report.
pub(super) struct Task<'a> {
    /// Oldest first.
    pub(super) reports: Vec<&'a Report>,
    pub(super) first: &'a Report,
    pub(super) last: &'a Report,
}

/// Consecutive reports of one status, at least one.
pub(super) struct Phase<'a> {
    pub(super) status: TaskStatus,
    pub(super) reports: &'a [&'a Report],
    /// The time of the first report, Unix seconds.
    pub(super) since: u64,
    /// The time of the next phase's first report; `None` for the last phase.
    pub(super) until: Option<u64>,
}

impl Phase<'_> {
    /// The duration, up to now for the last phase; `None` for a status that ends the task.
    pub(super) fn seconds(&self, clock: &Clock) -> Option<u64> {
        match self.until {
            None if is_end(self.status) => None,
            until => Some(until.unwrap_or(clock.now).saturating_sub(self.since)),
        }
    }
}

impl<'a> Task<'a> {
    /// The tasks of a history; a `userTaskID` may have several.
    pub(super) fn all(history: &'a [Report]) -> Vec<Self> {
        let mut tasks: BTreeMap<&str, Vec<&Report>> = BTreeMap::new();
        for report in history {
            tasks.entry(&report.task_id).or_default().push(report);
        }
        let tasks = tasks.into_values().filter_map(|reports| {
            Some(Self {
                first: reports.first()?,
                last: reports.last()?,
                reports,
            })
        });
        tasks.collect()
    }

    /// The phases, oldest first.
    pub(super) fn phases(&self) -> Vec<Phase<'_>> {
        let mut phases: Vec<Phase<'_>> = Vec::new();
        for reports in self.reports.chunk_by(|one, next| one.status == next.status) {
            let since = reports[0].create_ts.seconds;
            if let Some(last) = phases.last_mut() {
                last.until = Some(since);
            }
            phases.push(Phase {
                status: reports[0].status,
                reports,
                since,
                until: None,
            });
        }
        phases
    }

    /// The task's id, printable.
    pub(super) fn id(&self) -> String {
        shown(&self.last.task_id)
    }

    /// The task's id and, in parentheses, the customer's id.
    pub(super) fn name(&self) -> String {
        let id = self.id();
        match self.last.user_task_id.as_str() {
            "" => id,
            own_id => format!("{id} ({})", shown(own_id)),
        }
    }

    /// Whether all reports were made on one day of the clock's zone.
    pub(super) fn is_of_one_day(&self, clock: &Clock) -> bool {
        let day = |report: &Report| clock.format(report.create_ts.seconds, "%F");
        day(self.first) == day(self.last)
    }
}
