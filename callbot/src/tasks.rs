//! `callbot tasks`: every task with its last status.

mod table;

use std::process::ExitCode;
use std::time::Duration;

use task_callback::contract::callback::TaskStatus;

use crate::Failure;
use crate::progress::counted;
use crate::table::{Report, Scan, TableArgs};
use crate::terminal::{Terminal, print, show_progress, shown as escaped, warn};
use crate::when::{Clock, parse_duration, parse_time};

/// The price of a million read request units in us-east-1, as of 2026-11-27:
/// https://aws.amazon.com/dynamodb/pricing/on-demand/
const DOLLARS_PER_MILLION_UNITS: f64 = 0.125;

/// List the tasks with their last status, the newest report first
///
/// Reads the whole table, and prints the cost: about $0.02 in us-east-1 for a million snapshots of
/// 1 KB. If the table is too large to read, run the saved query "list tasks" in CloudWatch Logs
/// Insights: it lists the tasks from the function's log.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot tasks --stack task-callback --status FAILED,PAUSED --since 1d
  callbot tasks --stack task-callback --silent-for 30m")]
pub(crate) struct Args {
    /// Show only tasks with one of these last statuses
    #[arg(long, value_delimiter = ',', ignore_case = true)]
    #[arg(value_parser = TaskStatus::ALL.map(TaskStatus::name))]
    status: Vec<String>,
    /// Show only tasks whose last report is of TIME or later: 5m, 2h or 3d (before now),
    /// 2026-09-13, 2026-09-13T14:00, RFC 3339, or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<u64>,
    /// Show only tasks IN_PROGRESS whose last report is at least this old, such as 30m or 1h
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "status")]
    silent_for: Option<Duration>,
    /// Print a JSON array of each task's newest snapshot, with the table's attribute names
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    table: TableArgs,
}

impl Args {
    /// Whether to show the task with this last report.
    fn include(&self, report: &Report, now: u64) -> bool {
        let name = report.status.name();
        let is_named = |status: &String| status.eq_ignore_ascii_case(name);
        let reported = report.create_ts.seconds;
        let is_silent = |time: Duration| {
            report.status == TaskStatus::InProgress
                && reported.saturating_add(time.as_secs()) <= now
        };
        (self.status.is_empty() || self.status.iter().any(is_named))
            && self.since.is_none_or(|since| reported >= since)
            && self.silent_for.is_none_or(is_silent)
    }
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let table = args.table.table().await?;
    let counts = |scan: &Scan| {
        let snapshots = counted(scan.snapshots, "snapshot");
        (snapshots, counted(scan.newest.len(), "task"))
    };
    let scan = table.scan(|scan| {
        let (snapshots, tasks) = counts(scan);
        show_progress(&format!("Reading: {snapshots}, {tasks}"));
    });
    let scan = scan.await;
    show_progress("");
    let scan = scan?;
    let clock = Clock::system();
    let included = |report: &&Report| args.include(report, clock.now);
    let mut shown: Vec<&Report> = scan.newest.values().filter(included).collect();
    // The task id makes the order deterministic.
    shown.sort_by(|a, b| (b.create_ts, &a.task_id).cmp(&(a.create_ts, &b.task_id)));
    if args.json {
        print(&serde_json::to_string_pretty(&shown)?)?;
    } else if !shown.is_empty() {
        print(&table::render(&shown, &clock, Terminal::stdout()))?;
    }
    // On standard error, since standard output has the data.
    let (snapshots, tasks) = counts(&scan);
    let (table, cost, count) = (&table.target, cost(scan.units), shown.len());
    warn(&format!(
        "{table}: {count} of {tasks} shown. {snapshots} read{cost}."
    ));
    if let Some(report) = shown.first() {
        let history = ["callbot", "history", &report.task_id];
        let command = history.into_iter().chain(args.table.given());
        let command = shlex::try_join(command)?;
        warn(&format!("The reports of a task: {}", escaped(&command)));
    }
    Ok(ExitCode::SUCCESS)
}

/// What this many read units cost, if the engine has counted them.
fn cost(units: f64) -> String {
    let dollars = match units / 1e6 * DOLLARS_PER_MILLION_UNITS {
        0.0 => return String::new(),
        ..0.01 => "less than $0.01".to_owned(),
        dollars => format!("about ${dollars:.2}"),
    };
    format!(" with {units} read units, {dollars} in us-east-1")
}
