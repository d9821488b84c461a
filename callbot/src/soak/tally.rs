//! What became of the messages of a run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answers::{Answers, name};
use super::plan::Kind;
use crate::client::Reply;

/// Counts and times of a run.
pub(super) struct Tally {
    started: Instant,
    /// The duration of the finished run.
    took: Option<Duration>,
    /// Whether the run was interrupted before everything was sent.
    pub(super) interrupted: bool,
    /// The answers to all requests.
    pub(super) answers: Answers,
    pub(super) retries: u64,
    pub(super) reports_acknowledged: u64,
    pub(super) resends_acknowledged: u64,
    pub(super) forgeries_refused: u64,
    pub(super) given_up: u64,
    /// Forgeries that did not get the expected answer.
    pub(super) forgeries_taken: Vec<String>,
    /// The answers to genuine callbacks that were refused.
    pub(super) refused: Vec<String>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            took: None,
            interrupted: false,
            answers: Answers::new(),
            retries: 0,
            reports_acknowledged: 0,
            resends_acknowledged: 0,
            forgeries_refused: 0,
            given_up: 0,
            forgeries_taken: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Records the final answer to one message: `None` where there was none within the attempts.
    pub(super) fn done(&mut self, kind: Kind, reply: Option<&Reply>) {
        let Some(reply) = reply else {
            self.given_up += 1;
            return;
        };
        match kind {
            Kind::Forgery(forgery) if reply.is(forgery.ret_code()) => self.forgeries_refused += 1,
            Kind::Forgery(forgery) => {
                let taken = format!("{forgery:?}: {}", name(reply));
                self.forgeries_taken.push(taken);
            }
            _ if !reply.is_acknowledged() => self.refused.push(name(reply)),
            Kind::Report => self.reports_acknowledged += 1,
            Kind::Resend { .. } => self.resends_acknowledged += 1,
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.took.unwrap_or_else(|| self.started.elapsed())
    }

    /// Stops the clock.
    pub(super) fn finish(&mut self) {
        self.took = Some(self.started.elapsed());
    }

    /// The number of acknowledged messages.
    pub(super) fn acknowledged(&self) -> u64 {
        self.reports_acknowledged + self.resends_acknowledged
    }

    /// Whether at least `given_up` messages were given up and none was acknowledged.
    pub(super) fn acknowledges_nothing(&self, given_up: usize) -> bool {
        self.acknowledged() == 0 && self.given_up as usize >= given_up
    }

    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.answers.requests() as f64 / self.elapsed().as_secs_f64()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "seconds": self.elapsed().as_secs_f64(),
            "requests": self.answers.requests(),
            "retries": self.retries,
            "latencyMs": self.answers.latency_to_json(),
            "answers": self.answers.counts(),
            "reportsAcknowledged": self.reports_acknowledged,
            "resendsAcknowledged": self.resends_acknowledged,
            "forgeriesRefused": self.forgeries_refused,
            "forgeriesTaken": self.forgeries_taken,
            "reportsRefused": self.refused,
            "givenUp": self.given_up,
            "interrupted": self.interrupted,
        })
    }
}
