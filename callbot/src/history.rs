//! `callbot history`: the snapshots of a task.

mod chart;
mod csv;
mod follow;
pub(crate) mod json;
mod phases;
mod picture;
mod table;
mod totals;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use task_callback::contract::snapshot::Snapshot;

use crate::Failure;
use crate::table::{Range, Table, TableArgs};
use crate::terminal::{TerminalArgs, print};
use crate::when::{Clock, ZoneArgs, now, parse_duration};
pub(crate) use picture::write as write_picture;
pub(crate) use table::render;

/// Print a task's history from the table, or draw it
#[derive(clap::Args)]
#[command(mut_arg("table", |table| table.required(true)))]
#[command(after_help = "Examples:
  callbot history t-20260913-0007 --table TABLE_NAME
  callbot history autumn-renewals --user-task --table snapshots --endpoint-url http://127.0.0.1:8000")]
pub(crate) struct Args {
    /// The vendor's task id
    task_id: String,
    /// Take the id as the customer's own, userTaskID
    #[arg(long)]
    user_task: bool,
    /// Only the newest snapshot
    #[arg(long)]
    latest: bool,
    /// Only what was reported then or later: 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00, RFC 3339, or Unix
    /// seconds
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only what was reported before then, written likewise
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Go on with what comes in, until Ctrl-C
    #[arg(short, long, conflicts_with_all = ["until", "svg"])]
    follow: bool,
    /// How often to look for it
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = interval, requires = "follow")]
    every: Duration,
    /// Print JSON, attributes named as in the table; with --follow an object a line
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, attributes named as in the table
    #[arg(long)]
    csv: bool,
    /// Draw the task's life into this file, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    terminal: TerminalArgs,
    #[command(flatten)]
    zone: ZoneArgs,
    #[command(flatten)]
    table: TableArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let clock = args.zone.clock(now());
    let range = args.range(&clock)?;
    let source = Source {
        table: args.table.table().await?,
        args,
    };
    if args.follow {
        return follow::follow(&source, range).await;
    }
    let history = source.read(range).await?;
    let text = if args.json {
        json::render(&history)?
    } else if args.csv {
        csv::render(&history, true)?
    } else if history.is_empty() {
        source.nothing(range, &clock)
    } else {
        table::render(&history, &clock, args.terminal.stdout())
    };
    print(&text)?;
    if let Some(file) = &args.svg {
        picture::write(&history, &clock, file)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The source of the history.
struct Source<'a> {
    table: Table,
    args: &'a Args,
}

impl Source<'_> {
    async fn read(&self, range: Range) -> Result<Vec<Snapshot>, Failure> {
        let args = self.args;
        let history = if args.user_task {
            self.table.user_task_history(&args.task_id, range).await
        } else {
            self.table.task_history(&args.task_id, range).await
        };
        Ok(history?)
    }

    /// The message for an empty history.
    fn nothing(&self, range: Range, clock: &Clock) -> String {
        let id = crate::terminal::shown(&self.args.task_id);
        let (which, other) = match self.args.user_task {
            true => ("userTaskID", "the vendor's taskID? Leave out --user-task"),
            false => ("taskID", "the customer's own id? Add --user-task"),
        };
        let mut between = String::new();
        if let Some(since) = range.since {
            between += &format!(" since {}", clock.time(since));
        }
        if let Some(until) = range.until {
            between += &format!(" until {}", clock.time(until));
        }
        if !between.is_empty() {
            between += &format!(" ({})", clock.zone_name());
        }
        format!(
            "{which} {id}: nothing stored in table {}{between}. Is it {other}. Is it the right table, account and \
             region? The function's log has each callback, by taskID.",
            self.table.name()
        )
    }
}

impl Args {
    fn range(&self, clock: &Clock) -> Result<Range, Failure> {
        let bound = |name, text: &Option<String>| -> Result<Option<u64>, Failure> {
            let time = text.as_ref().map(|text| clock.parse(text)).transpose();
            time.map_err(|error| format!("{name}: {error}").into())
        };
        let range = Range {
            since: bound("--since", &self.since)?,
            until: bound("--until", &self.until)?,
            latest: self.latest,
        };
        if let (Some(since), Some(until)) = (range.since, range.until)
            && since >= until
        {
            let (since, until) = (clock.time(since), clock.time(until));
            return Err(format!(
                "--since, {since}, is not before --until, {until}: nothing can lie between"
            )
            .into());
        }
        Ok(range)
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("it must be a time such as 2s or 500ms".to_owned()),
    }
}
