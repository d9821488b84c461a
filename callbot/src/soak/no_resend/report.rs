//! The result of a run without resends, as text and as JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::audit::Findings;
use super::super::plan::Plan;
use super::super::report::{FAILED, NO_PROOF};
use super::super::stage::Stage;
use super::drive::{DRAIN_LIMIT, PhaseRecord, Record};

/// The result of a run.
pub(super) struct Report<'a> {
    pub(super) plan: &'a Plan,
    pub(super) outage: Duration,
    pub(super) record: &'a Record,
    /// What is still in the parked queue at the end.
    pub(super) left: usize,
    /// What was deleted from the parked queue since the function was done with it.
    pub(super) deleted: usize,
    pub(super) dead_letters: usize,
    pub(super) findings: &'a Findings,
    pub(super) stage: &'a Stage,
}

impl Report<'_> {
    /// Whether the soak passes. A run in which nothing was refused proves nothing. Only a killed process excuses a missing
    /// answer, and no process may end by itself.
    pub(super) fn holds(&self) -> bool {
        self.findings.hold()
            && self.refused() > 0
            && self.left + self.dead_letters == 0
            && self.stage.deaths() == 0
            && self.kills_explain_no_answers()
    }

    fn kills_explain_no_answers(&self) -> bool {
        self.unanswered() <= self.stage.kills() as u64
    }

    fn refused(&self) -> u64 {
        self.sum(|phase| phase.refused)
    }

    fn unanswered(&self) -> u64 {
        self.sum(|phase| phase.unanswered)
    }

    fn sum(&self, of: impl Fn(&PhaseRecord) -> u64) -> u64 {
        self.record.phases.values().map(of).sum()
    }

    pub(super) fn to_json(&self) -> Value {
        let phases = self.record.phases.iter().map(|(phase, record)| {
            let answers = &record.answers;
            let json = json!({
                "requests": answers.requests() + record.unanswered,
                "answers": answers.counts(),
                "latencyMs": answers.latency_to_json(),
                "unanswered": record.unanswered,
            });
            (format!("{phase:?}"), json)
        });
        let drains = self.record.drains.iter();
        json!({
            "run": self.plan.run,
            "seed": self.plan.seed,
            "tasks": self.plan.tasks,
            "callbacks": self.plan.callbacks,
            "outageSeconds": self.outage.as_secs_f64(),
            "phases": phases.collect::<Map<_, _>>(),
            "parked": {
                "refused": self.refused(),
                "deleted": self.deleted,
                "left": self.left,
                "deadLetters": self.dead_letters,
                "drainSeconds": drains.map(|drain| drain.map(|took| took.as_secs_f64()))
                    .collect::<Vec<_>>(),
            },
            "unanswered": self.unanswered(),
            "stage": self.stage.to_json(),
            "table": self.findings.to_json(),
            "holds": self.holds(),
        })
    }

    fn verdict(&self) -> String {
        if self.refused() == 0 {
            return NO_PROOF.to_owned() + "no report was refused. See the answers above.";
        }
        if !self.holds() {
            return FAILED.to_owned();
        }
        format!(
            "All {} answered reports, {} of them refused, are in the table, each exactly once and unchanged. None was \
             sent twice.",
            self.findings.expected,
            self.refused()
        )
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (phase, record) in &self.record.phases {
            let answers = &record.answers;
            let [p50, p99, max] = [50.0, 99.0, 100.0].map(|p| answers.percentile(p));
            writeln!(
                f,
                "{phase}: {} requests; answered 50 % within {p50:.1?}, 99 % within {p99:.1?}, all within {max:.1?}",
                answers.requests() + record.unanswered
            )?;
            for (answer, count) in answers.counts() {
                writeln!(f, "{:14}{count:>8}  {answer}", "")?;
            }
            if record.unanswered > 0 {
                let count = record.unanswered;
                writeln!(f, "{:14}{count:>8}  no answer", "")?;
            }
        }
        writeln!(
            f,
            "parked        {} reports refused; messages deleted from the queue: {}, still in the queue: {}, dead letters: {}",
            self.refused(),
            self.deleted,
            self.left,
            self.dead_letters
        )?;
        for (drain, since) in self
            .record
            .drains
            .iter()
            .zip(["DynamoDB was back", "the last report"])
        {
            match drain {
                Some(took) => writeln!(f, "{:14}the queue was empty {took:.1?} after {since}", "")?,
                None => writeln!(
                    f,
                    "{:14}the queue was not empty {DRAIN_LIMIT:?} after {since}",
                    ""
                )?,
            }
        }
        write!(f, "{}", self.stage)?;
        writeln!(
            f,
            "no answer     {} requests{}; {} reports sent with them are not in the table",
            self.unanswered(),
            match self.kills_explain_no_answers() {
                true => ", no more than processes were killed",
                false => ", more than processes were killed",
            },
            self.findings.absent
        )?;
        write!(f, "{}{}", self.findings, self.verdict())
    }
}
