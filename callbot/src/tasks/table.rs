//! The tasks as a table.

use comfy_table::{ColumnConstraint, ContentArrangement};

use crate::progress::percent;
use crate::table::Report;
use crate::terminal::{Terminal, shown, status_style};
use crate::when::Clock;

/// The columns that are hidden, in this order, until the others fit.
const DISPENSABLE: [usize; 4] = [5, 4, 1, 3];

/// A row for each task. No id is cut or wrapped, so that each can be copied.
pub(super) fn render(tasks: &[&Report], clock: &Clock, terminal: Terminal) -> String {
    let mut table = terminal.table([
        "task",
        "own id",
        "status",
        "reported",
        "orders finished",
        "calls answered",
    ]);
    let progress = |part, whole| format!("{part}/{whole} {}", percent(part, whole));
    table.add_rows(tasks.iter().map(|report| {
        let (stat, status) = (&report.stat, report.status);
        [
            shown(&report.task_id),
            shown(&report.user_task_id),
            terminal.paint(status_style(status), status.name()),
            clock.relative(report.create_ts.seconds),
            progress(stat.finish_order_count, stat.total_order_count),
            progress(stat.total_answer_call, stat.total_call),
        ]
    }));
    table.set_content_arrangement(ContentArrangement::Disabled);
    let widths = table.column_max_content_widths().into_iter();
    // A cell has two spaces and a border, and the table has one more border.
    let widths: Vec<usize> = widths.map(|width| usize::from(width) + 3).collect();
    let mut width = 1 + widths.iter().sum::<usize>();
    for column in DISPENSABLE {
        if width > terminal.width.into()
            && let Some(dispensable) = table.column_mut(column)
        {
            dispensable.set_constraint(ColumnConstraint::Hidden);
            width -= widths[column];
        }
    }
    table.to_string()
}
