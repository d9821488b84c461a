//! Sends the plan's callbacks concurrently, with retries.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use task_callback::contract::account::{Credential, Credentials};

use super::forgery::forged;
use super::plan::{Kind, Message, Plan};
use super::tally::Tally;
use crate::Failure;
use crate::client::{Reply, Sender};
use crate::deliver::{RetryPolicy, deliver};
use crate::headers::Headers;
use crate::process::shutdown_signal;
use crate::terminal::print;
use crate::when::now;

/// Half a minute in all, longer than any fault of the local stack lasts.
const RETRY_POLICY: RetryPolicy = RetryPolicy {
    attempts: 12,
    pause: Duration::from_millis(100),
    longest_pause: Duration::from_secs(5),
};
/// How often the progress is printed where no terminal shows a bar.
const LINE_EVERY: Duration = Duration::from_secs(15);

/// The state of one report.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// The header's `createTs`, or 0 if the report was never sent.
    pub(super) create_ts: u64,
    /// Whether the report must be in the table.
    pub(super) expected: bool,
}

/// The state of every report, by task.
pub(super) type Ledger = Vec<Vec<Sent>>;

/// Sends the plan until its end or an interrupt.
pub(super) async fn drive(
    plan: &Plan,
    sender: &Sender,
    credentials: &Credentials,
    concurrency: usize,
) -> Result<(Ledger, Tally), Failure> {
    let tally = RefCell::new(Tally::new());
    let ledger = RefCell::new(vec![vec![Sent::default(); plan.callbacks]; plan.tasks]);
    let messages = (0..plan.cohorts()).flat_map(|cohort| plan.cohort(cohort, now()));
    let messages = messages.inspect(|message| {
        // From here on the report may be in the table.
        if !matches!(message.kind, Kind::Forgery(_)) {
            ledger.borrow_mut()[message.task][message.report].create_ts = message.create_ts;
        }
    });
    let sent = stream::iter(messages).map(async |message| {
        let reply = deliver_message(plan, sender, credentials, &message, &tally).await;
        (message, reply)
    });
    let mut sent = std::pin::pin!(sent.buffer_unordered(concurrency));

    let bar = progress_bar(plan)?;
    let mut last_line = Instant::now();
    let mut stop = std::pin::pin!(shutdown_signal());
    loop {
        let (message, reply) = tokio::select! {
            next = sent.next() => match next {
                Some(sent) => sent,
                None => break,
            },
            stopped = &mut stop => {
                stopped?;
                tally.borrow_mut().interrupted = true;
                break;
            }
        };
        let mut tally = tally.borrow_mut();
        tally.done(message.kind, reply.as_ref());
        if !matches!(message.kind, Kind::Forgery(_)) {
            let sent = &mut ledger.borrow_mut()[message.task][message.report];
            sent.expected |= reply.as_ref().is_some_and(Reply::is_acknowledged);
        }
        if let Kind::Report = message.kind {
            bar.inc(1);
            bar.set_message(progress(&tally));
            if bar.is_hidden() && last_line.elapsed() > LINE_EVERY {
                last_line = Instant::now();
                let (position, all) = (bar.position(), plan.reports());
                print(&format!("{position} of {all}  {}", progress(&tally)))?;
            }
        }
        if tally.acknowledges_nothing(concurrency) {
            break;
        }
    }
    bar.finish_and_clear();
    let _ = sent;
    tally.borrow_mut().finish();
    Ok((ledger.take(), tally.replace(Tally::new())))
}

fn progress_bar(plan: &Plan) -> Result<ProgressBar, Failure> {
    let style = "{bar:30} {pos}/{len} reports  {msg}  {eta} left";
    let bar = ProgressBar::new(plan.reports() as u64);
    bar.set_style(ProgressStyle::with_template(style)?);
    Ok(bar)
}

/// The progress line: rate, latency and outcomes.
fn progress(tally: &Tally) -> String {
    format!(
        "{:.0}/s  p50 {:.1?}  p99 {:.1?}  acknowledged {}  forgeries refused {}  sent again {}",
        tally.rate(),
        tally.answers.percentile(50.0),
        tally.answers.percentile(99.0),
        tally.acknowledged(),
        tally.forgeries_refused,
        tally.retries,
    )
}

/// Sends one message until the answer is final. Returns that answer.
async fn deliver_message(
    plan: &Plan,
    sender: &Sender,
    credentials: &Credentials,
    message: &Message,
    tally: &RefCell<Tally>,
) -> Option<Reply> {
    let (headers, body) = request(plan, account(credentials, message.task), message);
    let mut attempts = 0;
    let each = |reply: &Result<Reply, Failure>, took: Duration| {
        let mut tally = tally.borrow_mut();
        tally.retries += u64::from(attempts > 0);
        attempts += 1;
        tally.answers.record(reply.as_ref().ok(), took);
    };
    let reply = deliver(sender, &headers, body.as_bytes(), RETRY_POLICY, each).await;
    reply.ok().filter(Reply::is_final)
}

/// The account of a task: accounts are assigned in turn.
pub(super) fn account(credentials: &Credentials, task: usize) -> &Credential {
    let count = credentials.iter().count();
    credentials
        .iter()
        .nth(task % count)
        .unwrap_or_else(|| credentials.first())
}

/// The headers and the body of a message.
pub(super) fn request(
    plan: &Plan,
    credential: &Credential,
    message: &Message,
) -> (Headers, String) {
    let life = plan.life(message.task);
    let report = life.reports[message.report];
    let genuine = life.body(&report);
    let request_id = plan.request_id(message);
    let create_ts = message.create_ts;
    match message.kind {
        Kind::Report | Kind::Resend { .. } => {
            let (uuid, create_ts) = (&credential.uuid, create_ts.to_string());
            let headers = Headers::sign(
                credential,
                uuid,
                &request_id,
                &create_ts,
                genuine.as_bytes(),
            );
            (headers, genuine)
        }
        Kind::Forgery(forgery) => {
            let forged = life.body(&forged(report));
            let headers = forgery.headers(credential, &request_id, create_ts, &forged, &genuine);
            (headers, forged)
        }
    }
}
