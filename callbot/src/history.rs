//! `callbot history`: the snapshots of a task.

mod chart;
mod table;
mod task;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::number::number;
use crate::table::{Range, Report, Table, TableArgs};
use crate::terminal::{Terminal, print, shown, warn};
use crate::when::{Clock, parse_time};
use crate::{Failure, exit_code};
pub(crate) use table::render;

/// Print a task's history, or draw it as a picture
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot history t-20260913-0007 --stack task-callback
  callbot history autumn-renewals --user-task --stack task-callback
  callbot history t-1 --table snapshots --endpoint-url http://127.0.0.1:8000")]
pub(crate) struct Args {
    /// The task's id: the vendor's taskID or, with --user-task, your userTaskID
    #[arg(value_parser = id)]
    task_id: String,
    /// Look for TASK_ID in userTaskID; this index lags about a second behind the table
    #[arg(long)]
    user_task: bool,
    /// Show only the newest N snapshots
    #[arg(long, value_name = "N", value_parser = number(1..=u32::MAX))]
    last: Option<u32>,
    /// Show only snapshots reported at TIME or later: 2h or 3d (before now), 2026-09-13,
    /// 2026-09-13T14:00, RFC 3339, or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<u64>,
    /// Print a JSON array of snapshots, with the table's attribute names
    #[arg(long)]
    json: bool,
    /// Also draw the history as an SVG picture into FILE; with -, print only the picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    table: TableArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let table = args.table.table().await?;
    let range = Range {
        since: args.since,
        last: args.last,
    };
    let history = table.history(&args.task_id, args.user_task, range).await?;
    let clock = Clock::system();
    let is_stored = !history.is_empty();
    match &args.svg {
        Some(file) if is_stored && file.as_os_str() == "-" => {
            print(chart::draw(&history, &clock).trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(file) if is_stored => write_picture(&history, &clock, file)?,
        _ => {}
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&history)?,
        false if is_stored => render(&history, &clock, Terminal::stdout()),
        false => nothing(args, &table, &clock),
    };
    print(&text)?;
    Ok(exit_code(is_stored))
}

/// Parses the id of a task.
fn id(text: &str) -> Result<String, &'static str> {
    let id = Some(text).filter(|text| !text.is_empty());
    id.map(str::to_owned).ok_or("the id must not be empty")
}

/// Draws the history into a file, and names it on standard error: standard output has the data.
///
/// # Errors
///
/// The file cannot be written.
pub(crate) fn write_picture(history: &[Report], clock: &Clock, file: &Path) -> Result<(), Failure> {
    let name = file.display();
    let picture = chart::draw(history, clock);
    std::fs::write(file, picture).map_err(|error| format!("cannot write {name}: {error}"))?;
    warn(&format!("The picture is in {name}."));
    Ok(())
}

/// The message for an empty history.
fn nothing(args: &Args, table: &Table, clock: &Clock) -> String {
    let id = shown(&args.task_id);
    let (id, other) = match args.user_task {
        true => (format!("userTaskID {id}"), "the vendor's taskID, leave out"),
        false => (format!("taskID {id}"), "your userTaskID, add"),
    };
    let since = args.since;
    let since = since.map(|since| clock.format(since, " since %F %T (%:Q)"));
    format!(
        "{id}: nothing stored in {}{}. If this is {other} --user-task. The function's log has a \
         line for each callback, with its taskID.",
        table.target,
        since.unwrap_or_default()
    )
}
