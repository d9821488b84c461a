//! The callbacks of a run: reports, resends and forgeries, determined by the seed.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::Args;
use super::forgery::Forgery;
use crate::life::Life;
use crate::progress::counted;
use crate::when::now;

/// The reports in a cohort. Tasks are sent in cohorts so that no report is stale when it is sent.
const COHORT: usize = 1_000;
/// The period in which the reports of a cohort are made.
const SPAN_SECONDS: u64 = 60;
/// The share of a task's reports made in the same second as the one before.
const SAME_SECOND: f64 = 0.25;
/// The maximum distance of a resend, in messages, without shuffling. The first is often still in flight then.
const RESENT_WITHIN: usize = 50;

/// The whole run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The prefix of every task id.
    pub(super) run: String,
    pub(super) seed: u64,
    pub(super) tasks: usize,
    /// Reports of each task.
    pub(super) callbacks: usize,
    /// The share of the reports that are resent, 0 to 1.
    pub(super) duplicates: f64,
    /// The number of forgeries per report, 0 to 1.
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
    /// The header `createTs`, Unix seconds.
    pub(super) create_ts: u64,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// The report itself.
    Report,
    /// The report again.
    Resend {
        /// Whether the `requestID` changes.
        new_id: bool,
    },
    /// A callback that the platform never made.
    Forgery(Forgery),
}

impl Plan {
    /// The run that the arguments ask for, from now on.
    pub(super) fn new(args: &Args) -> Self {
        let started = now();
        let seed = args.seed.unwrap_or_else(rand::random);
        Self {
            run: format!("soak-{started}-{}", seed % 10_000),
            seed,
            tasks: args.tasks as usize,
            callbacks: args.callbacks as usize,
            duplicates: if args.no_resend { 0.0 } else { args.duplicates },
            forge: if args.no_resend { 0.0 } else { args.forge },
            shuffle: args.shuffle,
            started,
        }
    }

    /// The number of reports of all tasks.
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

    /// The `requestID` of a message.
    pub(super) fn request_id(&self, message: &Message) -> String {
        let Message { task, report, .. } = message;
        let id = format!("{}-{task}-{report}", self.run);
        match message.kind {
            Kind::Resend { new_id: true } => id + "-again",
            _ => id,
        }
    }

    /// The number of cohorts.
    pub(super) fn cohorts(&self) -> usize {
        self.tasks.div_ceil(self.tasks_a_cohort())
    }

    fn tasks_a_cohort(&self) -> usize {
        (COHORT / self.callbacks).max(1)
    }

    /// The messages of a cohort that starts `now`, in the order of sending.
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

    /// A generator for one purpose, so that a task's life can be reproduced alone.
    fn random(&self, number: usize, purpose: u64) -> StdRng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&purpose.to_le_bytes());
        seed[16..24].copy_from_slice(&(number as u64).to_le_bytes());
        StdRng::from_seed(seed)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tasks, reports) = (
            counted(self.tasks, "task"),
            counted(self.callbacks, "report"),
        );
        let Self { run, seed, .. } = self;
        write!(
            f,
            "{tasks} with {reports} each, task ids from {run}-000000, seed {seed}"
        )
    }
}
