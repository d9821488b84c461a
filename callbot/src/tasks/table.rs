//! The tasks as a table.

use comfy_table::ColumnConstraint;

use super::Tasks;
use crate::progress::percent;
use crate::terminal::{Terminal, shown};
use crate::when::Clock;

/// The ids come first: they alone are wrapped.
const IDS: usize = 2;
const NAMES: [&str; 6] = ["task", "yours", "state", "reported", "finished", "answered"];

/// A row for each task, if there is one.
pub(super) fn render(tasks: &Tasks, clock: &Clock, terminal: Terminal) -> Option<String> {
    let mut table = terminal.table(NAMES);
    let progress = |part, whole| format!("{part}/{whole} {}", percent(part, whole));
    for (state, reports) in [
        ("running", &tasks.running),
        ("silent", &tasks.silent),
        ("failed", &tasks.failed_today),
    ] {
        table.add_rows(reports.iter().map(|report| {
            let stat = &report.stat;
            [
                shown(&report.task_id),
                shown(&report.user_task_id),
                state.to_owned(),
                clock.relative(report.create_ts.seconds),
                progress(stat.finish_order_count, stat.total_order_count),
                progress(stat.total_answer_call, stat.total_call),
            ]
        }));
    }
    for column in table.column_iter_mut().skip(IDS) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    (table.row_count() > 0).then(|| table.to_string())
}
