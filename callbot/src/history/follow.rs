//! `callbot history --follow`: the history, and then what comes in.
//!
//! A snapshot does not always come in under a newer key than the last one. Reports overtake each other on their way,
//! another report of a second takes a place within it (`1726200060.001`), and the index that --user-task reads
//! follows the table later. But the function takes no report whose createTs is further from its clock than
//! `MAX_CLOCK_SKEW_SECONDS`. So each look goes back [`LATE`] before the newest key, or before the look before if that
//! was earlier (a key may lie ahead of the clock), and whatever was not seen yet is shown, in the order of the keys,
//! as it is found: a late one after newer ones, and marked so. What comes later still, as only a function with a
//! longer skew would take it, is in the table, and in the history the next time.

use std::collections::BTreeSet;
use std::process::ExitCode;

use task_callback::contract::snapshot::{ReportTime, Snapshot};
use tokio::time::sleep;

use super::{Source, csv, json, table};
use crate::Failure;
use crate::process::shutdown_signal;
use crate::progress::{bar, share};
use crate::table::Range;
use crate::terminal::{DIM, Terminal, print, reader_is_gone, style_of};
use crate::when::Clock;
use crate::when::now;

/// Twice the default skew, in seconds: clocks differ, and the function takes its time.
const LATE: u64 = 600;
const BAR_WIDTH: usize = 10;

pub(super) async fn follow(source: &Source<'_>, range: Range) -> Result<ExitCode, Failure> {
    tokio::select! {
        watched = watch(source, range) => watched?,
        stop = shutdown_signal() => stop?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Until nobody reads on.
async fn watch(source: &Source<'_>, range: Range) -> Result<(), Failure> {
    let args = source.args;
    let terminal = args.terminal.stdout();
    let mut follower = Follower::new(range);
    let mut looked = now();
    let mut history = source.read(range).await?;
    follower.fresh(&history);
    if range.latest && !history.is_empty() {
        // What is older was not asked for; seen, it will not be taken for new.
        history = source.read(follower.next_range(looked)).await?;
        follower.fresh(&history);
        history.drain(..history.len().saturating_sub(1));
    }
    let mut open = if args.json {
        print_lines(&history, json::line)?
    } else if args.csv {
        print(&csv::render(&history, true)?)?
    } else {
        let clock = args.zone.clock(looked);
        let text = match history.is_empty() {
            true => args.nothing(range, &clock),
            false => table::render(&history, &clock, terminal),
        };
        let until = "\nWaiting for more, until Ctrl-C.";
        print(&(text + &terminal.paint(DIM, until)))?
    };
    let mut trouble = None;
    while open {
        sleep(args.every).await;
        if reader_is_gone() {
            break;
        }
        let now = now();
        // What may pass is no reason to stop watching; it is said once.
        let history = match source.read(follower.next_range(looked)).await {
            Ok(history) => history,
            Err(error) => {
                let error = error.to_string();
                if trouble.as_ref() != Some(&error) {
                    eprintln!("callbot: {error}; trying again every {:?}", args.every);
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
                let clock = args.zone.clock(now);
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

/// What has been seen.
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

    /// What a look has to cover, the one before being `looked`.
    fn next_range(&self, looked: u64) -> Range {
        let newest = self.newest.map(|newest| newest.seconds.min(looked));
        let since = newest.map(|time| time.saturating_sub(LATE));
        Range {
            since: since.max(self.since),
            ..Range::ALL
        }
    }

    /// Of what was read, what was not seen before. It is now.
    fn fresh(&mut self, history: &[Snapshot]) -> Vec<Snapshot> {
        let fresh = history.iter().filter(|snapshot| {
            let id = snapshot.callback.task_id.clone();
            self.newest = self.newest.max(Some(snapshot.create_ts));
            self.seen.insert((id, snapshot.create_ts))
        });
        fresh.cloned().collect()
    }
}

/// One snapshot in one line.
fn line(snapshot: &Snapshot, late: bool, task: bool, clock: &Clock, terminal: Terminal) -> String {
    let callback = &snapshot.callback;
    let (stat, status) = (&callback.stat, callback.status);
    let (part, whole) = (stat.finish_order_count, stat.total_order_count);
    let bar = bar(part, whole, BAR_WIDTH);
    let time = clock.time(snapshot.create_ts.seconds);
    let named = format!("{status:<11}", status = status.name());
    let named = terminal.paint(style_of(status), &named);
    let bar = terminal.paint(style_of(status), &bar);
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
