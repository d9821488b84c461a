//! A history as a table for people.

use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use task_callback::callback::TaskStatus;
use task_callback::snapshot::Snapshot;
use time::OffsetDateTime;
use time::macros::format_description;

const BAR_WIDTH: usize = 10;

/// Draws the snapshots of one or, for a `userTaskID`, several tasks; `now` is Unix seconds.
pub(crate) fn render(history: &[Snapshot], now: u64) -> String {
    let mut tasks: Vec<&str> = history.iter().map(task_id).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let tables = tasks.into_iter().map(|task| {
        let snapshots: Vec<&Snapshot> = history.iter().filter(|s| task_id(s) == task).collect();
        task_table(&snapshots, now)
    });
    tables.collect::<Vec<_>>().join("\n\n")
}

fn task_id(snapshot: &Snapshot) -> &str {
    &snapshot.callback.task_id
}

fn task_table(history: &[&Snapshot], now: u64) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "reported (UTC)",
        "status",
        "lasted",
        "orders finished",
        "answered",
        "calls answered",
    ]);
    for (index, snapshot) in history.iter().enumerate() {
        let stat = &snapshot.callback.stat;
        table.add_row([
            time_of(snapshot.create_ts.seconds),
            snapshot.callback.status.to_string(),
            lasted(history, index, now),
            format!(
                "{} {}",
                bar(stat.finish_order_count, stat.total_order_count),
                share(stat.finish_order_count, stat.total_order_count)
            ),
            stat.answer_order_count.to_string(),
            share(stat.total_answer_call, stat.total_call),
        ]);
    }
    for column in [2, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n{table}", title(history))
}

fn title(history: &[&Snapshot]) -> String {
    let Some(last) = history.last() else {
        return String::new();
    };
    let callback = &last.callback;
    let own_id = match callback.user_task_id.as_str() {
        "" => String::new(),
        id => format!(" ({id})"),
    };
    let count = match history.len() {
        1 => "1 snapshot".to_owned(),
        count => format!("{count} snapshots"),
    };
    format!(
        "task {}{own_id}, created {} UTC: {count}, now {}",
        callback.task_id,
        time_of(callback.create_ts),
        callback.status
    )
}

/// How long a status held, in the row of its first report: until another was reported, or so far.
fn lasted(history: &[&Snapshot], index: usize, now: u64) -> String {
    let status = |snapshot: &Snapshot| snapshot.callback.status;
    let this = status(history[index]);
    if index > 0 && status(history[index - 1]) == this {
        return String::new();
    }
    let since = history[index].create_ts.seconds;
    let seconds = |until: u64| Duration::from_secs(until.saturating_sub(since));
    let next = history[index..].iter().find(|next| status(next) != this);
    match next {
        Some(next) => humantime::format_duration(seconds(next.create_ts.seconds)).to_string(),
        None if matches!(this, TaskStatus::Completed | TaskStatus::Failed) => "–".to_owned(),
        None => format!("{} so far", humantime::format_duration(seconds(now))),
    }
}

fn time_of(unix_seconds: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    i64::try_from(unix_seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(format).ok())
        // The platform's number is no time that a calendar has: as it is, then.
        .unwrap_or_else(|| unix_seconds.to_string())
}

/// How much of the whole there is, drawn.
pub(crate) fn bar(part: u64, whole: u64) -> String {
    let full = (ratio(part, whole) * BAR_WIDTH as f64) as usize;
    let empty = BAR_WIDTH - full;
    format!("{}{}", "█".repeat(full), "░".repeat(empty))
}

/// How much of the whole there is, in figures.
pub(crate) fn share(part: u64, whole: u64) -> String {
    format!("{part} of {whole} ({:.0} %)", ratio(part, whole) * 100.0)
}

/// From 0 to 1, whatever the platform counts.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    (part as f64 / whole as f64).min(1.0)
}
