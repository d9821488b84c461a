//! The result of a run, as text and as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::audit::{Defect, audit};
use crate::drive::Drive;

/// How many findings are listed; all are counted.
const LISTED: usize = 20;

/// The figures of a run. Those in capitals must be zero.
pub(crate) struct Summary(pub(crate) Value);

impl Summary {
    /// Compares what is stored with what was sent.
    pub(crate) fn new(drive: &Drive, stored: &[Value]) -> Self {
        let tally = drive.tally();
        let reports = drive.plan.reports.iter().enumerate();
        let expected = reports.map(|(place, report)| (report, tally.acknowledged.contains(&place)));
        let findings = audit(&expected.collect::<Vec<_>>(), stored);
        let count = |defect| findings.iter().filter(|f| f.0 == defect).count();
        let listed = findings.iter().take(LISTED);
        let listed = listed.map(|(defect, place)| format!("{defect:?}: {place}"));
        let mut figures = json!(tally.answers);
        let mut add = |name: &str, figure: usize| figures[name] = json!(figure);
        add("reports", drive.plan.reports.len());
        add("reports acknowledged", tally.acknowledged.len());
        add("reports and resends refused", tally.refused);
        add("requests without an answer", tally.no_answer);
        add("CALLBACKS NEVER ANSWERED", tally.unanswered);
        add("FORGERIES ACCEPTED", tally.forgeries_accepted);
        add("LOST", count(Defect::Lost));
        add("DUPLICATED", count(Defect::Duplicated));
        add("CHANGED", count(Defect::Changed));
        add("UNEXPECTED", count(Defect::Unexpected));
        add("ACKNOWLEDGED AND LOST", count(Defect::AcknowledgedAndLost));
        figures["findings"] = listed.collect();
        Self(figures)
    }

    /// The names of the figures that are wrong.
    pub(crate) fn wrong(&self) -> Vec<&String> {
        let figures = self.0.as_object().into_iter().flatten();
        let is_wrong = |name: &str, figure: &Value| {
            !name.contains(char::is_lowercase) && figure.as_u64() != Some(0)
        };
        let wrong = figures.filter(|(name, figure)| is_wrong(name, figure));
        wrong.map(|(name, _)| name).collect()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0.as_object().into_iter().flatten() {
            match value.as_array() {
                None => writeln!(f, "{:>8}  {name}", value.to_string())?,
                Some(list) => list
                    .iter()
                    .try_for_each(|item| writeln!(f, "          {item}"))?,
            }
        }
        match self.wrong().is_empty() {
            true => f.write_str("Every report is in the table, once and unchanged."),
            false => write!(f, "FAILED: {:?}", self.wrong()),
        }
    }
}
