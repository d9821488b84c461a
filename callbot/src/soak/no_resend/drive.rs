//! Goes through the timeline: makes things fail, sends each report once, records the answers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use task_callback::contract::account::Credentials;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::super::answers::Answers;
use super::super::drive::{Ledger, Sent, account, request};
use super::super::plan::{Message, Plan};
use super::super::stage::Stage;
use super::services::Services;
use super::timeline::{Change, Phase, Step};
use crate::Failure;
use crate::client::{Reply, Sender};
use crate::deliver::{RetryPolicy, deliver};
use crate::terminal::print;
use crate::when::now;

const ONCE: RetryPolicy = RetryPolicy {
    attempts: 1,
    pause: Duration::ZERO,
    longest_pause: Duration::ZERO,
};
/// How long the parked queue may take to become empty.
pub(super) const DRAIN_LIMIT: Duration = Duration::from_secs(180);
/// How often the parked queue is looked at.
const DRAIN_POLL: Duration = Duration::from_millis(500);

/// The platform, and what it acts on.
pub(super) struct Drive<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sender: &'a Sender,
    pub(super) stage: &'a Stage,
    pub(super) services: &'a Services,
    /// What the platform signs with, and the secret holds as a rule.
    pub(super) credentials: &'a Credentials,
    /// The text of `credentials`.
    pub(super) right_secret: &'a str,
    /// The same accounts with other keys.
    pub(super) wrong_secret: &'a str,
    /// The maximum number of requests at once.
    pub(super) concurrency: usize,
}

/// What the platform was told.
pub(super) struct Record {
    pub(super) ledger: Ledger,
    pub(super) phases: BTreeMap<Phase, PhaseRecord>,
    /// How long each draining of the parked queue took; `None` where the time was too short.
    pub(super) drains: Vec<Option<Duration>>,
}

/// The requests of one phase.
pub(super) struct PhaseRecord {
    /// The answers of the function.
    pub(super) answers: Answers,
    /// How many of the answers refuse the report.
    pub(super) refused: u64,
    /// The number of requests without an answer of the function.
    pub(super) unanswered: u64,
}

/// A request that has come to its end.
struct Done {
    phase: Phase,
    message: Message,
    reply: Result<Reply, Failure>,
    took: Duration,
}

/// The requests on their way.
type Requests<'a> = FuturesUnordered<LocalBoxFuture<'a, Done>>;

impl<'a> Drive<'a> {
    /// Takes all the steps.
    pub(super) async fn run(&self, timeline: &[Step]) -> Result<Record, Failure> {
        let plan = self.plan;
        let mut messages = (0..plan.cohorts()).flat_map(|cohort| plan.cohort(cohort, now()));
        let mut requests = Requests::new();
        let mut record = Record {
            ledger: vec![vec![Sent::default(); plan.callbacks]; plan.tasks],
            phases: BTreeMap::new(),
            drains: Vec::new(),
        };
        for step in timeline {
            match *step {
                Step::Change(change) => self.change(change).await?,
                Step::Drain => {
                    print("waiting until the parked queue is empty")?;
                    let drained = self.drain(&mut requests, &mut record).await?;
                    record.drains.push(drained);
                }
                Step::Send(phase, rate, lasts) => {
                    if let Entry::Vacant(new) = record.phases.entry(phase) {
                        print(&phase.to_string())?;
                        new.insert(PhaseRecord::new());
                    }
                    let messages = messages.by_ref().map(|message| (phase, message));
                    self.send(messages, rate, lasts, &mut requests, &mut record)
                        .await;
                }
            }
        }
        Ok(record)
    }

    async fn change(&self, change: Change) -> Result<(), Failure> {
        match change {
            Change::SecretsManagerDown(down) => self.services.secrets_proxy().set_down(down),
            Change::DynamoDbDown(down) => self.stage.engine_proxy().set_down(down),
            Change::RenewProcesses => self.stage.lambda().renew_processes(),
            Change::SecretIsWrong(true) => self.services.write_secret(self.wrong_secret).await?,
            Change::SecretIsWrong(false) => self.services.write_secret(self.right_secret).await?,
        }
        Ok(())
    }

    /// Sends at this rate for this time, or until there are no more messages.
    async fn send(
        &self,
        mut messages: impl Iterator<Item = (Phase, Message)>,
        rate: u32,
        lasts: Option<Duration>,
        requests: &mut Requests<'a>,
        record: &mut Record,
    ) {
        let end = async {
            match lasts {
                Some(lasts) => sleep(lasts).await,
                None => std::future::pending().await,
            }
        };
        let mut end = std::pin::pin!(end);
        let mut ticks = interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick(), if requests.len() < self.concurrency => {
                    let Some((phase, message)) = messages.next() else {
                        return;
                    };
                    // From here on the report may be in the table.
                    record.ledger[message.task][message.report].create_ts = message.create_ts;
                    requests.push(self.request(phase, message).boxed_local());
                }
                Some(done) = requests.next() => record.done(&done),
                () = &mut end => return,
            }
        }
    }

    /// Sends one report.
    fn request(&self, phase: Phase, message: Message) -> impl Future<Output = Done> + use<'a> {
        let (plan, sender, credentials) = (self.plan, self.sender, self.credentials);
        async move {
            let (headers, body) = request(plan, account(credentials, message.task), &message);
            let mut took = Duration::ZERO;
            let each = |_: &Result<Reply, Failure>, after| took = after;
            let reply = deliver(sender, &headers, body.as_bytes(), ONCE, each).await;
            Done {
                phase,
                message,
                reply,
                took,
            }
        }
    }

    /// Waits until every request is answered and the parked queue is empty: how long that took.
    async fn drain(
        &self,
        requests: &mut Requests<'a>,
        record: &mut Record,
    ) -> Result<Option<Duration>, Failure> {
        let started = Instant::now();
        while let Some(done) = requests.next().await {
            record.done(&done);
        }
        while self.services.parked().await? > 0 {
            if started.elapsed() > DRAIN_LIMIT {
                return Ok(None);
            }
            sleep(DRAIN_POLL).await;
        }
        Ok(Some(started.elapsed()))
    }
}

impl Record {
    fn done(&mut self, done: &Done) {
        let phase = self
            .phases
            .entry(done.phase)
            .or_insert_with(PhaseRecord::new);
        let is_answer = |reply: &&Reply| reply.ret_code().is_some_and(|code| reply.is(code));
        let Some(reply) = done.reply.as_ref().ok().filter(is_answer) else {
            phase.unanswered += 1;
            return;
        };
        phase.answers.record(Some(reply), done.took);
        phase.refused += u64::from(!reply.is_acknowledged());
        // Whatever the answer is: stored, or parked and stored later.
        self.ledger[done.message.task][done.message.report].expected = true;
    }
}

impl PhaseRecord {
    fn new() -> Self {
        Self {
            answers: Answers::new(),
            refused: 0,
            unanswered: 0,
        }
    }
}
