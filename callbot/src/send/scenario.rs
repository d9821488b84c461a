//! The scenarios of `callbot send --scenario`: the reports and their times.

use std::time::Duration;

use clap::ValueEnum;
use rand::RngExt;
use rand::seq::SliceRandom;
use task_callback::contract::callback::TaskStatus;
use task_callback::contract::callback::TaskStatus::{
    Completed, Failed, InProgress, Paused, Pending,
};

use crate::life::Life;

/// The number of tasks in a storm.
const TASKS: usize = 20;
/// In a storm, one report in ten is resent, and one in seven is overtaken by the next.
const RESENT: usize = 10;
const OVERTAKEN: usize = 7;
const RESENT_AFTER: Duration = Duration::from_secs(5);
const OVERTAKEN_BY: Duration = Duration::from_secs(20);

/// A lifecycle to simulate
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One task that completes within two minutes
    Success,
    /// One task of two hours that is paused twice
    Pauses,
    /// One task that fails after ten minutes, with 18 % of its orders finished
    Failure,
    /// 20 tasks within a minute, with reports of the same second, resends and reports out of order
    Storm,
}

/// A report: its time in seconds, its status, and the finished orders in per cent.
type Step = (u64, TaskStatus, u64);

const SUCCESS: &[Step] = &[
    (0, Pending, 0),
    (20, InProgress, 5),
    (60, InProgress, 55),
    (110, Completed, 100),
];
const PAUSES: &[Step] = &[
    (0, Pending, 0),
    (300, InProgress, 2),
    (1_200, InProgress, 21),
    (1_800, Paused, 33),
    (3_600, InProgress, 33),
    (4_200, InProgress, 47),
    (4_800, Paused, 60),
    (5_400, InProgress, 60),
    (6_000, InProgress, 78),
    (6_900, InProgress, 96),
    (7_200, Completed, 100),
];
const FAILURE: &[Step] = &[
    (0, Pending, 0),
    (120, InProgress, 4),
    (420, InProgress, 18),
    (600, Failed, 18),
];
/// Two reports of each task are made in the same second.
const STORM: &[Step] = &[
    (0, Pending, 0),
    (15, InProgress, 20),
    (15, InProgress, 40),
    (30, InProgress, 70),
    (45, Completed, 100),
];

/// One callback to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) task: usize,
    /// The index of the task's report.
    pub(crate) report: usize,
    /// The time of the report, in the scenario's time.
    pub(crate) made: Duration,
    /// The time of sending, in the scenario's time: later for a resent or overtaken report.
    pub(crate) sent: Duration,
    pub(crate) resend: bool,
}

impl Scenario {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Pauses => "pauses",
            Self::Failure => "failure",
            Self::Storm => "storm",
        }
    }

    fn steps(self) -> &'static [Step] {
        match self {
            Self::Success => SUCCESS,
            Self::Pauses => PAUSES,
            Self::Failure => FAILURE,
            Self::Storm => STORM,
        }
    }

    /// The maximum number of concurrent callbacks.
    pub(crate) fn concurrency(self) -> usize {
        match self {
            Self::Storm => TASKS,
            _ => 1,
        }
    }

    /// The tasks of a run, created at this time.
    pub(crate) fn lives(self, run: &str, created: u64, random: &mut impl RngExt) -> Vec<Life> {
        let tasks = if self == Self::Storm { TASKS } else { 1 };
        let lives = (0..tasks).map(|task| {
            let task_id = match tasks {
                1 => run.to_owned(),
                _ => format!("{run}-{task:02}"),
            };
            let course = self
                .steps()
                .iter()
                .map(|(_, status, share)| (*status, *share));
            Life::scripted(task_id, run.to_owned(), created, course, random)
        });
        lives.collect()
    }

    /// The callbacks, in the order of sending.
    pub(crate) fn messages(self, random: &mut impl RngExt) -> Vec<Message> {
        let made = |report: usize| Duration::from_secs(self.steps()[report].0);
        let message = |task, report| Message {
            task,
            report,
            made: made(report),
            sent: made(report),
            resend: false,
        };
        let reports = 0..self.steps().len();
        if self != Self::Storm {
            return reports.map(|report| message(0, report)).collect();
        }
        let all = reports.flat_map(|report| (0..TASKS).map(move |task| message(task, report)));
        let mut messages: Vec<Message> = all.collect();
        for (number, message) in messages.iter_mut().enumerate() {
            if number % OVERTAKEN == 0 {
                message.sent += OVERTAKEN_BY;
            }
        }
        let resent = messages.iter().step_by(RESENT).map(|message| Message {
            sent: message.sent + RESENT_AFTER,
            resend: true,
            ..*message
        });
        let resent: Vec<Message> = resent.collect();
        messages.extend(resent);
        messages.shuffle(random);
        messages.sort_by_key(|message| message.sent);
        messages
    }
}
