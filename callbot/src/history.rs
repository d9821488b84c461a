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

use crate::table::{Range, Table, TableArgs};
use crate::terminal::{TerminalArgs, print, warn};
use crate::when::{Clock, TimeArg, ZoneArgs, parse_duration};
use crate::{Failure, exit_code};
pub(crate) use picture::write as write_picture;
pub(crate) use table::render;

/// Print a task's history, or draw it as a picture
#[derive(clap::Args)]
#[command(mut_arg("table", |table| table.required(true)))]
#[command(after_help = "Examples:
  callbot history t-20260913-0007 --table TABLE_NAME
  callbot history autumn-renewals --user-task --table snapshots --endpoint-url http://127.0.0.1:8000")]
pub(crate) struct Args {
    /// The task's id: the vendor's taskID or, with --user-task, your own userTaskID
    task_id: String,
    /// Look for TASK_ID in userTaskID; this index lags about a second behind the table
    #[arg(long)]
    user_task: bool,
    /// Show only the newest N snapshots
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    last: Option<u32>,
    /// Show only snapshots reported at TIME or later: 2h or 3d (before now), 2026-09-13, 2026-09-13T14:00, RFC 3339, or
    /// Unix seconds
    #[arg(long, value_name = "TIME")]
    since: Option<TimeArg>,
    /// Show only snapshots reported before TIME, in the forms of --since
    #[arg(long, value_name = "TIME")]
    until: Option<TimeArg>,
    /// Keep printing new snapshots until Ctrl-C
    #[arg(short, long, conflicts_with_all = ["until", "svg"])]
    follow: bool,
    /// Time between two reads of the table with --follow, such as 500ms or 2s
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = interval, requires = "follow")]
    every: Duration,
    /// Print a JSON array of snapshots, with the table's attribute names; with --follow, one object per line
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV, with the table's attribute names
    #[arg(long)]
    csv: bool,
    /// Also draw the history as an SVG picture into FILE; with -, print only the picture
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
    let clock = args.zone.clock();
    let range = args.range(&clock)?;
    let source = Source {
        table: args.table.table().await?,
        args,
    };
    if args.follow {
        return follow::follow(&source, range).await;
    }
    let history = source.read(range).await?;
    let is_empty = history.is_empty();
    let alone = args
        .svg
        .as_ref()
        .is_some_and(|file| file.as_os_str() == "-");
    if !alone || is_empty {
        print(&source.render(&history, range, &clock)?)?;
    }
    match &args.svg {
        Some(_) if is_empty => warn("There is nothing to draw, so no picture was written."),
        Some(_) if alone => drop(print(chart::draw(&history, &clock)?.trim_end())?),
        Some(file) => picture::write(&history, &clock, file)?,
        None => {}
    }
    Ok(exit_code(!is_empty))
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

    fn render(&self, history: &[Snapshot], range: Range, clock: &Clock) -> Result<String, Failure> {
        Ok(match self.args {
            Args { json: true, .. } => json::render(history)?,
            Args { csv: true, .. } => csv::render(history, true)?,
            _ if history.is_empty() => self.nothing(range, clock),
            args => table::render(history, clock, args.terminal.stdout()),
        })
    }

    /// The message for an empty history.
    fn nothing(&self, range: Range, clock: &Clock) -> String {
        let id = crate::terminal::shown(&self.args.task_id);
        let (which, other) = match self.args.user_task {
            true => (
                "userTaskID",
                "If this is the vendor's taskID, leave out --user-task",
            ),
            false => ("taskID", "If this is your own userTaskID, add --user-task"),
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
            "{which} {id}: nothing stored in table {}{between}. {other}. Check the table's name, the AWS account and the \
             region. The function's log has a line for each callback, with its taskID.",
            self.table.name()
        )
    }
}

impl Args {
    fn range(&self, clock: &Clock) -> Result<Range, Failure> {
        let range = Range {
            since: self.since.map(|time| clock.resolve(time)),
            until: self.until.map(|time| clock.resolve(time)),
            last: self.last.map(|last| last as usize),
        };
        if let (Some(since), Some(until)) = (range.since, range.until)
            && since >= until
        {
            let (since, until) = (clock.time(since), clock.time(until));
            return Err(format!("--since ({since}) must be before --until ({until})").into());
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
