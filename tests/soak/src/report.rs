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
        Self(json!({
            "answers": tally.answers,
            "reports": drive.plan.reports.len(),
            "reports acknowledged": tally.acknowledged.len(),
            "reports and resends refused": tally.refused,
            "requests without an answer": tally.no_answer,
            "CALLBACKS NEVER ANSWERED": tally.unanswered,
            "FORGERIES ACCEPTED": tally.forgeries_accepted,
            "LOST": count(Defect::Lost),
            "DUPLICATED": count(Defect::Duplicated),
            "CHANGED": count(Defect::Changed),
            "UNEXPECTED": count(Defect::Unexpected),
            "ACKNOWLEDGED AND LOST": count(Defect::AcknowledgedAndLost),
            "findings": listed.collect::<Vec<_>>(),
        }))
    }

    /// The names of the figures that are wrong.
    pub(crate) fn wrong(&self) -> Vec<&String> {
        let figures = self.0.as_object().into_iter().flatten();
        let wrong = figures.filter(|(name, figure)| {
            !name.contains(char::is_lowercase) && figure.as_u64() != Some(0)
        });
        wrong.map(|(name, _)| name).collect()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0.as_object().into_iter().flatten() {
            match value {
                Value::Object(counts) => {
                    for (name, count) in counts {
                        writeln!(f, "{:>8}  {name}", count.to_string())?;
                    }
                }
                Value::Array(list) => {
                    for finding in list {
                        writeln!(f, "          {finding}")?;
                    }
                }
                count => writeln!(f, "{:>8}  {name}", count.to_string())?,
            }
        }
        match self.wrong().is_empty() {
            true => f.write_str("Every report is in the table, once and unchanged."),
            false => write!(f, "FAILED: {:?}", self.wrong()),
        }
    }
}
