//! Groups the tasks by their newest reports.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::table::LastReport;
use task_callback::contract::callback::TaskStatus;

/// A section of the overview.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    /// In progress, with a recent report.
    Running,
    /// In progress, without a recent report.
    Silent,
    /// Failed today.
    FailedToday,
}

impl Section {
    pub(super) const ALL: [Self; 3] = [Self::Running, Self::Silent, Self::FailedToday];

    /// Its name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Silent => "silent",
            Self::FailedToday => "failedToday",
        }
    }
}

/// The tasks of each section.
#[derive(Debug, Default)]
pub(super) struct Overview {
    sections: BTreeMap<Section, Vec<LastReport>>,
    /// The number of other tasks by status, in the order of the statuses' numbers.
    pub(super) others: Vec<(TaskStatus, usize)>,
}

impl Overview {
    /// Groups the newest reports. `now` and `today`, the start of today, are Unix seconds.
    pub(super) fn new(
        mut reports: Vec<LastReport>,
        now: u64,
        silent_for: Duration,
        today: u64,
    ) -> Self {
        // The newest first; the task id makes the order deterministic.
        reports.sort_by(|a, b| {
            let by_time = b.create_ts.cmp(&a.create_ts);
            by_time.then_with(|| a.task_id.cmp(&b.task_id))
        });
        let mut overview = Self::default();
        let mut others = [0; TaskStatus::ALL.len()];
        for report in reports {
            let seconds = report.create_ts.seconds;
            let heard_of = seconds.saturating_add(silent_for.as_secs()) >= now;
            let section = match report.status {
                TaskStatus::InProgress if heard_of => Section::Running,
                TaskStatus::InProgress => Section::Silent,
                TaskStatus::Failed if seconds >= today => Section::FailedToday,
                status => {
                    others[status as usize - 1] += 1;
                    continue;
                }
            };
            overview.sections.entry(section).or_default().push(report);
        }
        let others = TaskStatus::ALL.into_iter().zip(others);
        overview.others = others.filter(|(_, count)| *count > 0).collect();
        overview
    }

    /// The tasks of a section, the newest report first.
    pub(super) fn tasks(&self, section: Section) -> &[LastReport] {
        self.sections.get(&section).map_or(&[], Vec::as_slice)
    }
}
