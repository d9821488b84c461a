//! `callbot tasks`: the running, silent and failed tasks.

mod overview;
mod table;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use task_callback::contract::snapshot::Snapshot;

use crate::Failure;
use crate::history::{self, json::Row};
use crate::table::{LastReport, Range, Table, TableArgs, TableError};
use crate::terminal::{Terminal, print};
use crate::when::{Clock, parse_duration, parse_time};
use overview::{Overview, Section};
use table::View;

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
    /// Maximum number of tasks to show in each section; all are counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Print JSON: the number of tasks, and the newest snapshot of each task shown
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

/// The tasks of one section: their number, and the newest snapshots of those shown.
struct Shown {
    section: Section,
    count: usize,
    snapshots: Vec<Snapshot>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let table = args.table.table().await?;
    let clock = Clock::system();
    let since = args.since;
    // A silent task has reported before --since then, so that it cannot be found.
    let silent_is_visible = since.saturating_add(args.silent_for.as_secs()) < clock.now;
    let reports = table.last_reports(since).await?;
    let overview = Overview::new(reports, clock.now, args.silent_for, clock.today());

    let mut shown = Vec::new();
    let sections = Section::ALL.into_iter();
    for section in sections.filter(|section| *section != Section::Silent || silent_is_visible) {
        let tasks = overview.tasks(section);
        shown.push(Shown {
            section,
            count: tasks.len(),
            snapshots: newest(&table, &tasks[..tasks.len().min(args.limit)]).await?,
        });
    }
    if args.json {
        print(&to_json(&overview, &shown)?)?;
    } else {
        let view = View {
            args,
            table_name: table.name(),
            clock: &clock,
            since,
            terminal: Terminal::stdout(),
        };
        print(&view.render(&overview, &shown))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The snapshots of these reports, since the index has keys only.
async fn newest(table: &Table, tasks: &[LastReport]) -> Result<Vec<Snapshot>, TableError> {
    let newest = stream::iter(tasks).map(async |task| {
        let second = task.create_ts.seconds;
        let range = Range {
            since: Some(second),
            ..Range::ALL
        };
        let mut snapshots = table.task_history(&task.task_id, range).await?;
        snapshots.retain(|snapshot| snapshot.create_ts == task.create_ts);
        Ok::<_, TableError>(snapshots)
    });
    let newest: Vec<_> = newest.buffered(CONCURRENCY).try_collect().await?;
    Ok(newest.into_iter().flatten().collect())
}

/// Counts, and the newest snapshots as `callbot history --json` has them.
fn to_json(overview: &Overview, shown: &[Shown]) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct Tasks {
        count: usize,
        newest: Vec<Row>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Json {
        #[serde(flatten)]
        sections: BTreeMap<&'static str, Tasks>,
        others: BTreeMap<&'static str, usize>,
    }

    let sections = shown.iter().map(|shown| {
        let tasks = Tasks {
            count: shown.count,
            newest: history::json::rows(&shown.snapshots),
        };
        (shown.section.name(), tasks)
    });
    let others = overview.others.iter();
    let json = Json {
        sections: sections.collect(),
        others: others
            .map(|(status, count)| (status.name(), *count))
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&json)?)
}
