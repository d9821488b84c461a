//! What is sent: every report of every task, resends and forgeries between them, the same for the same seed.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::forgery::Forgery;
use crate::life::Life;

/// Tasks are sent in cohorts, so that a report is not stale by the time that it has its turn.
const COHORT: usize = 1_000;
/// The reports of a cohort were made within so many seconds.
const SPAN_SECONDS: u64 = 60;
/// How many of a task's reports are of the same second as the one before.
const SAME_SECOND: f64 = 0.25;
/// Without shuffling, a resend follows within so many messages: often while the first is still on its way.
const RESENT_WITHIN: usize = 50;

/// The whole run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// What every task id of the run begins with.
    pub(super) run: String,
    pub(super) seed: u64,
    pub(super) tasks: usize,
    /// Reports of each task.
    pub(super) callbacks: usize,
    /// How many of the reports are resent, 0 to 1.
    pub(super) duplicates: f64,
    /// How many forgeries there are beside, in the same measure.
    pub(super) forge: f64,
    pub(super) shuffle: bool,
    /// When the run began, Unix seconds.
    pub(super) started: u64,
}

/// One callback to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) task: usize,
    pub(super) report: usize,
    /// The header, Unix seconds.
    pub(super) create_ts: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The report itself.
    Report,
    /// The report once more.
    Resend {
        /// Under another `requestID`, or just as it was.
        new_id: bool,
    },
    /// Something about the task that the platform never said.
    Forgery(Forgery),
}

impl Plan {
    /// How many callbacks the platform has to report, each once.
    pub(super) fn reports(&self) -> usize {
        self.tasks * self.callbacks
    }

    /// The task's life.
    pub(super) fn life(&self, task: usize) -> Life {
        Life::random(
            format!("{}-{task:06}", self.run),
            format!("{}-campaign-{}", self.run, task % 10),
            self.started - 3_600,
            self.callbacks,
            &mut self.random(task, 0),
        )
    }

    /// The id of the request that makes a report, and of the resend under another one.
    pub(super) fn request_id(&self, message: &Message) -> String {
        let Message { task, report, .. } = message;
        let id = format!("{}-{task}-{report}", self.run);
        match message.kind {
            Kind::Resend { new_id: true } => id + "-again",
            _ => id,
        }
    }

    /// How many cohorts there are.
    pub(super) fn cohorts(&self) -> usize {
        self.tasks.div_ceil(self.tasks_a_cohort())
    }

    fn tasks_a_cohort(&self) -> usize {
        (COHORT / self.callbacks).max(1)
    }

    /// The messages of a cohort, in the order in which they are sent, begun at this time.
    pub(super) fn cohort(&self, cohort: usize, now: u64) -> Vec<Message> {
        let first = cohort * self.tasks_a_cohort();
        let tasks = first..self.tasks.min(first + self.tasks_a_cohort());
        let mut random = self.random(cohort, 1);
        let times: Vec<Vec<u64>> = tasks
            .clone()
            .map(|_| self.times(now, &mut random))
            .collect();
        let message = |task: usize, report: usize, kind| Message {
            task,
            report,
            create_ts: times[task - first][report],
            kind,
        };
        let reports = (0..self.callbacks).flat_map(|report| {
            let tasks = tasks.clone();
            tasks.map(move |task| (task, report))
        });

        let mut messages = Vec::new();
        let mut beside = Vec::new();
        for (place, (task, report)) in reports.enumerate() {
            messages.push((place, message(task, report, Kind::Report)));
            if random.random_bool(self.duplicates) {
                let new_id = random.random();
                let place = place + random.random_range(1..=RESENT_WITHIN);
                beside.push((place, message(task, report, Kind::Resend { new_id })));
            }
            if random.random_bool(self.forge) {
                let forgery = Kind::Forgery(Forgery::random(&mut random));
                beside.push((place, message(task, report, forgery)));
            }
        }
        messages.extend(beside);
        if self.shuffle {
            messages.shuffle(&mut random);
        } else {
            messages.sort_by_key(|(place, _)| *place);
        }
        messages.into_iter().map(|(_, message)| message).collect()
    }

    /// The seconds of a task's reports.
    fn times(&self, now: u64, random: &mut StdRng) -> Vec<u64> {
        let last = self.callbacks as u64;
        let mut time = now - SPAN_SECONDS;
        let times = (1..=last).map(|number| {
            if !random.random_bool(SAME_SECOND) {
                time = now - SPAN_SECONDS + SPAN_SECONDS * number / last;
            }
            time
        });
        times.collect()
    }

    /// Random numbers of one purpose's own, so that a task's life can be told again without the rest.
    fn random(&self, number: usize, purpose: u64) -> StdRng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&purpose.to_le_bytes());
        seed[16..24].copy_from_slice(&(number as u64).to_le_bytes());
        StdRng::from_seed(seed)
    }
}
