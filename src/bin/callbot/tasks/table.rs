//! The overview as tables for people.

use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use humantime::format_duration;
use task_callback::snapshot::Snapshot;

use super::overview::{Overview, Section};
use super::{Args, Shown};
use crate::history::{bar, share};

/// Draws a table for each kind of task that there is; `now` is Unix seconds.
pub(super) fn render(overview: &Overview, shown: &[Shown], args: &Args, now: u64) -> String {
    let mut parts: Vec<String> = shown.iter().map(|shown| part(shown, args, now)).collect();
    let others = overview.others.iter();
    let others: Vec<_> = others
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let since = &args.since.text;
    parts.push(
        match (
            others.as_slice(),
            shown.iter().all(|shown| shown.count == 0),
        ) {
            ([], true) => format!(
                "No task has reported in the last {since} to table {}.",
                args.table
            ),
            ([], false) => format!("No other task has reported in the last {since}."),
            _ => format!(
                "The others that have reported in the last {since}: {}.",
                others.join(", ")
            ),
        },
    );
    parts.join("\n\n")
}

fn part(shown: &Shown, args: &Args, now: u64) -> String {
    let silent = &args.silent_for.text;
    let what = match shown.section {
        Section::Running => "in progress".to_owned(),
        Section::Silent => format!("in progress, but silent for more than {silent}"),
        Section::FailedToday => "failed today (UTC)".to_owned(),
    };
    let count = match shown.count {
        0 => return format!("No task {what}."),
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header([
        "task",
        "yours",
        "last report",
        "orders finished",
        "calls answered",
    ]);
    for snapshot in &shown.snapshots {
        table.add_row(row(snapshot, now));
    }
    let mut part = format!("{count} {what}\n{table}");
    let more = shown.count - shown.snapshots.len();
    if more > 0 {
        part += &format!("\nand {more} more: --limit {} shows them", shown.count);
    }
    part
}

fn row(snapshot: &Snapshot, now: u64) -> [String; 5] {
    let stat = &snapshot.callback.stat;
    let age = now.saturating_sub(snapshot.create_ts.seconds);
    [
        snapshot.callback.task_id.clone(),
        snapshot.callback.user_task_id.clone(),
        format!("{} ago", about(age)),
        format!(
            "{} {}",
            bar(stat.finish_order_count, stat.total_order_count),
            share(stat.finish_order_count, stat.total_order_count)
        ),
        share(stat.total_answer_call, stat.total_call),
    ]
}

/// Seconds as a duration of a person's exactness: seconds, minutes, or hours and minutes.
fn about(seconds: u64) -> String {
    let whole = match seconds {
        0..60 => seconds,
        _ => seconds - seconds % 60,
    };
    format_duration(Duration::from_secs(whole)).to_string()
}
