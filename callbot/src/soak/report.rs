//! The result of a soak, as text and as JSON.

use std::fmt;

use serde_json::{Value, json};

use super::audit::Findings;
use super::plan::Plan;
use super::stage::Stage;
use super::tally::Tally;

/// The verdict on a run that failed.
pub(super) const FAILED: &str = "FAILED: the lines above say what is wrong.";
/// The beginning of the verdict on a run that proves nothing.
pub(super) const NO_PROOF: &str = "The run proves nothing: ";

/// The result of a run.
pub(super) struct Report<'a> {
    pub(super) plan: &'a Plan,
    pub(super) tally: &'a Tally,
    pub(super) findings: &'a Findings,
    pub(super) stage: Option<&'a Stage>,
}

impl Report<'_> {
    /// Whether the soak passes. A run without an acknowledgement proves nothing. In a local stack the function must also
    /// answer every message, and no process may end by itself.
    pub(super) fn holds(&self) -> bool {
        self.findings.hold()
            && self.findings.expected > 0
            && self.tally.forgeries_taken.is_empty()
            && self.tally.refused.is_empty()
            && self
                .stage
                .is_none_or(|stage| stage.deaths() == 0 && self.tally.given_up == 0)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "run": self.plan.run,
            "seed": self.plan.seed,
            "tasks": self.plan.tasks,
            "callbacks": self.plan.callbacks,
            "duplicates": self.plan.duplicates,
            "forge": self.plan.forge,
            "shuffle": self.plan.shuffle,
            "sent": self.tally.to_json(),
            "stage": self.stage.map(Stage::to_json),
            "table": self.findings.to_json(),
            "holds": self.holds(),
        })
    }

    fn verdict(&self) -> String {
        if self.holds() {
            let sent = match self.tally.interrupted {
                true => "Interrupted before everything was sent. ",
                false => "",
            };
            return format!(
                "{sent}All {} acknowledged reports are in the table, each exactly once and unchanged.",
                self.findings.expected
            );
        }
        if self.findings.expected == 0 {
            return NO_PROOF.to_owned() + "no report was acknowledged. See the answers above.";
        }
        FAILED.to_owned()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tally, findings, ..
        } = self;
        writeln!(
            f,
            "sent          {} requests in {:.0} s, {:.0} per second; {} retries after HTTP 429, 5xx or no answer",
            tally.answers.requests(),
            tally.elapsed().as_secs_f64(),
            tally.rate(),
            tally.retries
        )?;
        let [p50, p90, p99, max] = [50.0, 90.0, 99.0, 100.0].map(|p| tally.answers.percentile(p));
        writeln!(
            f,
            "answered      50 % within {p50:.1?}, 90 % within {p90:.1?}, 99 % within {p99:.1?}, all within {max:.1?}"
        )?;
        for (answer, count) in tally.answers.counts() {
            writeln!(f, "{:14}{count:>8}  {answer}", "")?;
        }
        if let Some(stage) = self.stage {
            write!(f, "{stage}")?;
        }
        writeln!(
            f,
            "acknowledged  {} reports, {} resends; messages without a final answer: {}",
            findings.expected, tally.resends_acknowledged, tally.given_up
        )?;
        writeln!(
            f,
            "refused       {} forgeries; forgeries with another answer: {}; genuine reports refused: {}",
            tally.forgeries_refused,
            tally.forgeries_taken.len(),
            tally.refused.len()
        )?;
        let wrong = tally.forgeries_taken.iter().chain(&tally.refused);
        for wrong in wrong.take(20) {
            writeln!(f, "{:14}{wrong}", "")?;
        }
        write!(f, "{findings}{}", self.verdict())
    }
}
