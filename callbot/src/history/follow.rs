//! `callbot history --follow`: the history, then new snapshots.
//!
//! A new snapshot can have an older key than the newest one: reports overtake each other, and the index behind
//! --user-task lags behind the table. So each poll reads from [`LATE`] seconds before the newest key, or before the
//! previous poll if that was earlier (a key may be ahead of the clock), and prints the snapshots not seen yet. A late
//! one is marked. Reports that are later than that, after an outage for instance, are in the next history.

use std::collections::BTreeSet;
use std::process::ExitCode;

use task_callback::contract::snapshot::{ReportTime, Snapshot};
use tokio::time::sleep;

use super::{Source, csv, json, table};
use crate::Failure;
use crate::aws::is_transient;
use crate::process::shutdown_signal;
use crate::progress::{bar, share};
use crate::table::Range;
use crate::terminal::{DIM, Terminal, print, status_style, stdout_is_closed, warn};
use crate::when::Clock;
use crate::when::now;

/// Seconds: longer than reports overtake each other and the index lags behind.
const LATE: u64 = 600;
const BAR_WIDTH: usize = 10;

pub(super) async fn follow(source: &Source<'_>, range: Range) -> Result<ExitCode, Failure> {
    tokio::select! {
        watched = watch(source, range) => watched?,
        stop = shutdown_signal() => { stop?; }
    }
    Ok(ExitCode::SUCCESS)
}

/// Polls until the standard output is closed.
async fn watch(source: &Source<'_>, range: Range) -> Result<(), Failure> {
    let args = source.args;
    let terminal = args.terminal.stdout();
    let mut follower = Follower::new(range);
    let mut looked = now();
    let mut history = source.read(range).await?;
    follower.fresh(&history);
    if let Some(oldest) = history.first().filter(|_| range.last.is_some()) {
        // Older snapshots are not printed, but recorded as seen, so that no poll takes them for new.
        let oldest = oldest.create_ts;
        let others = follower.fresh(&source.read(follower.next_range(looked)).await?);
        let newer = others.into_iter().filter(|other| other.create_ts > oldest);
        history.extend(newer);
    }
    let mut open = if args.json {
        print_lines(&history, json::line)?
    } else if args.csv {
        print(&csv::render(&history, true)?)?
    } else {
        let clock = args.zone.clock();
        let text = match history.is_empty() {
            true => source.nothing(range, &clock),
            false => table::render(&history, &clock, terminal),
        };
        let until = "\nWaiting for new snapshots until Ctrl-C.";
        print(&(text + &terminal.paint(DIM, until)))?
    };
    let mut trouble = None;
    while open {
        sleep(args.every).await;
        if stdout_is_closed() {
            break;
        }
        let now = now();
        let history = match source.read(follower.next_range(looked)).await {
            Ok(history) => history,
            // Waiting cannot help.
            Err(error) if !is_transient(&*error) => return Err(error),
            Err(error) => {
                // Each message is printed once.
                let error = error.to_string();
                if trouble.as_ref() != Some(&error) {
                    warn(&format!(
                        "callbot: {error}; trying again every {:?}",
                        args.every
                    ));
                    trouble = Some(error);
                }
                continue;
            }
        };
        trouble = None;
        looked = now;
        let newest = follower.newest;
        let fresh = follower.fresh(&history);
        open = match fresh.is_empty() {
            true => true,
            false if args.json => print_lines(&fresh, json::line)?,
            false if args.csv => print(&csv::render(&fresh, false)?)?,
            false => {
                let clock = args.zone.clock();
                print_lines(&fresh, |snapshot| {
                    let late = newest.is_some_and(|newest| snapshot.create_ts < newest);
                    Ok(line(snapshot, late, args.user_task, &clock, terminal))
                })?
            }
        };
    }
    Ok(())
}

fn print_lines(
    fresh: &[Snapshot],
    line: impl Fn(&Snapshot) -> Result<String, Failure>,
) -> Result<bool, Failure> {
    for snapshot in fresh {
        if !print(&line(snapshot)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The snapshots seen so far.
struct Follower {
    since: Option<u64>,
    newest: Option<ReportTime>,
    seen: BTreeSet<(String, ReportTime)>,
}

impl Follower {
    fn new(range: Range) -> Self {
        Self {
            since: range.since,
            newest: None,
            seen: BTreeSet::new(),
        }
    }

    /// The range of the next poll; the previous one was at `looked`.
    fn next_range(&self, looked: u64) -> Range {
        let newest = self.newest.map(|newest| newest.seconds.min(looked));
        let since = newest.map(|time| time.saturating_sub(LATE));
        Range {
            since: since.max(self.since),
            ..Range::ALL
        }
    }

    /// The snapshots not seen before, recorded as seen now.
    fn fresh(&mut self, history: &[Snapshot]) -> Vec<Snapshot> {
        let fresh = history.iter().filter(|snapshot| {
            let id = snapshot.callback.task_id.clone();
            self.newest = self.newest.max(Some(snapshot.create_ts));
            self.seen.insert((id, snapshot.create_ts))
        });
        fresh.cloned().collect()
    }
}

/// The line of a snapshot.
fn line(snapshot: &Snapshot, late: bool, task: bool, clock: &Clock, terminal: Terminal) -> String {
    let callback = &snapshot.callback;
    let (stat, status) = (&callback.stat, callback.status);
    let (part, whole) = (stat.finish_order_count, stat.total_order_count);
    let bar = bar(part, whole, BAR_WIDTH);
    let time = clock.time(snapshot.create_ts.seconds);
    let named = format!("{status:<11}", status = status.name());
    let named = terminal.paint(status_style(status), &named);
    let bar = terminal.paint(status_style(status), &bar);
    let mut line = format!(
        "{time}  {named}  {bar} {} finished, {} answered; calls: {} answered",
        share(part, whole),
        stat.answer_order_count,
        share(stat.total_answer_call, stat.total_call)
    );
    if task {
        line += &format!("  {}", crate::terminal::shown(&callback.task_id));
    }
    if late {
        line += &terminal.paint(DIM, "  (came late)");
    }
    line
}
