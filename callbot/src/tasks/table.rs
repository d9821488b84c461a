//! The tasks as a table.

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use task_callback::contract::snapshot::Snapshot;

use super::State;
use crate::progress::share;
use crate::terminal::{BOLD, Terminal, shown};
use crate::when::Clock;

const NAMES: [&str; 6] = [
    "state",
    "task",
    "yours",
    "last report",
    "orders finished",
    "calls answered",
];

/// A row for each task.
pub(super) fn render(tasks: &[(State, Snapshot)], clock: &Clock, terminal: Terminal) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(NAMES.map(|name| terminal.paint(BOLD, name)));
    for (state, snapshot) in tasks {
        let state = match state {
            State::Running => "in progress",
            State::Silent => "silent",
            State::Failed => "failed",
        };
        let callback = &snapshot.callback;
        let stat = &callback.stat;
        table.add_row([
            state.to_owned(),
            shown(&callback.task_id),
            shown(&callback.user_task_id),
            clock.relative(snapshot.create_ts.seconds),
            share(stat.finish_order_count, stat.total_order_count),
            share(stat.total_answer_call, stat.total_call),
        ]);
    }
    terminal.fit(&mut table);
    table.to_string()
}
