//! `callbot tasks`: the running, silent and failed tasks.

mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use task_callback::contract::callback::TaskStatus;

use crate::Failure;
use crate::progress::counted;
use crate::table::{LastReport, Range, Report, Table, TableArgs, TableError};
use crate::terminal::{Terminal, print};
use crate::when::{Clock, duration, parse_duration, parse_time};

/// The number of histories read concurrently.
const CONCURRENCY: usize = 16;

/// Show the tasks in progress, those that have stopped reporting, and those that failed today
///
/// Reads the keys of every report since --since from the index status-createTs-index, and then the newest snapshot of
/// each task shown.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  callbot tasks --table TABLE_NAME --silent-for 30m")]
pub(crate) struct Args {
    /// Show only tasks that have reported at TIME or later: 5m, 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00,
    /// RFC 3339, or Unix seconds
    #[arg(long, value_name = "TIME", default_value = "3d", value_parser = parse_time)]
    since: u64,
    /// Time without a report after which a task in progress counts as silent, such as 30m or 1h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_duration)]
    silent_for: Duration,
    /// Print JSON: the newest snapshot of each task shown, and the number of the other tasks by status
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

/// The tasks that have reported, the newest report first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tasks {
    /// In progress, with a recent report.
    running: Vec<Report>,
    /// In progress, without a recent report.
    silent: Vec<Report>,
    failed_today: Vec<Report>,
    /// The number of the others, by the name of their status.
    others: BTreeMap<&'static str, usize>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let table = args.table.table().await;
    let clock = Clock::system();
    let silent_since = clock.now.saturating_sub(args.silent_for.as_secs());
    let failed_since = args.since.max(clock.today());

    let (mut running, mut silent, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let mut others = BTreeMap::new();
    for report in table.last_reports(args.since).await? {
        let seconds = report.create_ts.seconds;
        match report.status {
            TaskStatus::InProgress if seconds >= silent_since => running.push(report),
            TaskStatus::InProgress => silent.push(report),
            TaskStatus::Failed if seconds >= failed_since => failed.push(report),
            status => *others.entry(status.name()).or_default() += 1,
        }
    }
    let tasks = Tasks {
        running: newest(&table, &running).await?,
        silent: newest(&table, &silent).await?,
        failed_today: newest(&table, &failed).await?,
        others,
    };
    if args.json {
        print(&serde_json::to_string_pretty(&tasks)?)?;
        return Ok(ExitCode::SUCCESS);
    }

    let silent_for = duration(args.silent_for.as_secs());
    print(&format!(
        "{} in progress, {} silent for more than {silent_for}, {} failed since {}",
        counted(tasks.running.len(), "task"),
        tasks.silent.len(),
        tasks.failed_today.len(),
        clock.time(failed_since)
    ))?;
    if let Some(table) = table::render(&tasks, &clock, Terminal::stdout()) {
        print(&table)?;
    }
    if args.since >= silent_since {
        print(&format!(
            "Silent tasks are not shown: --since must look further back than --silent-for, {silent_for}."
        ))?;
    }
    let (name, since) = (table.name(), clock.time(args.since));
    let others = tasks.others.iter();
    let others: Vec<String> = others
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    print(&match others.is_empty() {
        true => format!("No other task has reported to table {name} since {since}."),
        false => format!(
            "Other tasks that have reported since {since}: {}.",
            others.join(", ")
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads these reports from the table, since the index has keys only.
async fn newest(table: &Table, reports: &[LastReport]) -> Result<Vec<Report>, TableError> {
    let newest = stream::iter(reports).map(async |report| {
        let range = Range {
            since: Some(report.create_ts.seconds),
            ..Range::ALL
        };
        let mut reports = table.task_history(&report.task_id, range).await?;
        reports.retain(|read| read.create_ts == report.create_ts);
        Ok::<_, TableError>(reports)
    });
    let newest: Vec<_> = newest.buffered(CONCURRENCY).try_collect().await?;
    Ok(newest.concat())
}
