//! `callbot tasks`: the running, silent and failed tasks.

mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

use crate::Failure;
use crate::history::json;
use crate::progress::counted;
use crate::table::{LastReport, Range, Table, TableArgs, TableError};
use crate::terminal::{Terminal, print};
use crate::when::{Clock, duration, parse_duration, parse_time};

/// The number of histories read concurrently.
const CONCURRENCY: usize = 16;

/// Show the tasks in progress, those that have stopped reporting, and those that failed today
///
/// Reads the keys of every report since --since from the index status-createTs-index, and then the newest snapshot of
/// each task shown.
#[derive(clap::Args)]
#[command(mut_arg("table", |table| table.required(true)))]
#[command(after_help = "Example:\n  callbot tasks --table TABLE_NAME --silent-for 30m")]
pub(crate) struct Args {
    /// Show only tasks that have reported at TIME or later: 5m, 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00,
    /// RFC 3339, or Unix seconds
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = parse_time)]
    since: u64,
    /// Time without a report after which a task in progress counts as silent, such as 30m or 1h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    silent_for: Duration,
    /// Print JSON: the state and the newest snapshot of each task shown, and the number of the other tasks by status
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

/// The state of a task that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// In progress, with a recent report.
    Running,
    /// In progress, without a recent report.
    Silent,
    /// Failed today.
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Silent => "silent",
            Self::Failed => "failed",
        }
    }
}

/// The number of the tasks that are not shown, by the name of their status.
type Others = BTreeMap<&'static str, usize>;

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let table = args.table.table().await?;
    let clock = Clock::system();
    let since = args.since;
    let silent_since = clock.now.saturating_sub(args.silent_for.as_secs());
    let failed_since = since.max(clock.today());

    let mut shown = Vec::new();
    let mut others = Others::new();
    for report in table.last_reports(since).await? {
        let seconds = report.create_ts.seconds;
        match report.status {
            TaskStatus::InProgress if seconds >= silent_since => {
                shown.push((State::Running, report));
            }
            TaskStatus::InProgress => shown.push((State::Silent, report)),
            TaskStatus::Failed if seconds >= failed_since => shown.push((State::Failed, report)),
            status => *others.entry(status.name()).or_default() += 1,
        }
    }
    // The newest stay first in each state.
    shown.sort_by_key(|(state, _)| *state);
    let tasks = stream::iter(shown).map(|(state, report)| newest(&table, state, report));
    let tasks: Vec<_> = tasks.buffered(CONCURRENCY).try_collect().await?;
    let tasks: Vec<_> = tasks.into_iter().flatten().collect();
    if args.json {
        print(&to_json(tasks, &others)?)?;
        return Ok(ExitCode::SUCCESS);
    }

    let count = |wanted| tasks.iter().filter(|(state, _)| *state == wanted).count();
    let silent_for = duration(args.silent_for.as_secs());
    print(&format!(
        "{} in progress, {} silent for more than {silent_for}, {} failed since {}",
        counted(count(State::Running), "task"),
        count(State::Silent),
        count(State::Failed),
        clock.time(failed_since)
    ))?;
    if !tasks.is_empty() {
        print(&table::render(&tasks, &clock, Terminal::stdout()))?;
    }
    if since >= silent_since {
        print(&format!(
            "Silent tasks are not shown: --since must look further back than --silent-for, {silent_for}."
        ))?;
    }
    print(&rest(&others, table.name(), since, &clock))?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the snapshot of a report, since the index has keys only. There is none if it has expired in the meantime.
async fn newest(
    table: &Table,
    state: State,
    report: LastReport,
) -> Result<Option<(State, Snapshot)>, TableError> {
    let range = Range {
        since: Some(report.create_ts.seconds),
        ..Range::ALL
    };
    let mut snapshots = table
        .task_history(&report.task_id, range)
        .await?
        .into_iter();
    let newest = snapshots.find(|snapshot| snapshot.create_ts == report.create_ts);
    Ok(newest.map(|newest| (state, newest)))
}

/// The tasks with their newest snapshots as `callbot history --json` has them.
fn to_json(tasks: Vec<(State, Snapshot)>, others: &Others) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Task<T> {
        state: &'static str,
        newest: T,
    }

    #[derive(Serialize)]
    struct Tasks<'a, T> {
        tasks: Vec<Task<T>>,
        others: &'a Others,
    }

    let (states, snapshots): (Vec<_>, Vec<_>) = tasks.into_iter().unzip();
    let tasks = states.into_iter().zip(json::rows(&snapshots));
    let tasks = tasks.map(|(state, newest)| Task {
        state: state.name(),
        newest,
    });
    let tasks = tasks.collect();
    serde_json::to_string_pretty(&Tasks { tasks, others })
}

/// A sentence about the tasks that are not shown.
fn rest(others: &Others, table_name: &str, since: u64, clock: &Clock) -> String {
    let since = clock.time(since);
    let others = others
        .iter()
        .map(|(status, count)| format!("{count} {status}"));
    match others.collect::<Vec<_>>().join(", ").as_str() {
        "" => format!("No other task has reported to table {table_name} since {since}."),
        others => format!("Other tasks that have reported since {since}: {others}."),
    }
}
