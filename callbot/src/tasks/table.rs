//! The overview as tables.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ColumnConstraint, Row, Table};
use task_callback::contract::snapshot::Snapshot;

use super::overview::{Overview, Section};
use super::{Args, Shown};
use crate::progress::{bar, counted, share};
use crate::terminal::{BOLD, Terminal, shown as printable, status_style};
use crate::when::{Clock, duration};

const BAR_COLUMNS: usize = 10;
/// The minimum width of a table with bars and the customer's ids.
const WIDE: usize = 100;

/// The settings of a rendering.
pub(super) struct View<'a> {
    pub(super) args: &'a Args,
    pub(super) table_name: &'a str,
    pub(super) clock: &'a Clock,
    /// The start of the period read, Unix seconds.
    pub(super) since: u64,
    pub(super) terminal: Terminal,
}

impl View<'_> {
    /// Renders a table for each section that has tasks.
    pub(super) fn render(&self, overview: &Overview, shown: &[Shown]) -> String {
        let mut parts: Vec<String> = shown.iter().map(|shown| self.part(shown)).collect();
        let others = overview.others.iter().map(|(status, count)| {
            let status_name = self.terminal.paint(status_style(*status), status.name());
            format!("{count} {status_name}")
        });
        let others: Vec<String> = others.collect();
        if !shown.iter().any(|shown| shown.section == Section::Silent) {
            let silent_for = duration(self.args.silent_for.as_secs());
            parts.push(format!(
                "Silent tasks are not shown: --since must look further back than --silent-for, {silent_for}."
            ));
        }
        let since = self.clock.time(self.since);
        let none_at_all = others.is_empty() && shown.iter().all(|shown| shown.count == 0);
        parts.push(match others.as_slice() {
            [] if none_at_all => format!(
                "No task has reported to table {} since {since}. To look further back, use --since.",
                self.table_name
            ),
            [] => format!("No other task has reported since {since}."),
            others => format!(
                "Other tasks that have reported since {since}: {}.",
                others.join(", ")
            ),
        });
        parts.join("\n\n")
    }

    fn part(&self, shown: &Shown) -> String {
        let silent = duration(self.args.silent_for.as_secs());
        let what = match shown.section {
            Section::Running => "in progress".to_owned(),
            Section::Silent => format!("in progress without a report for more than {silent}"),
            Section::FailedToday if self.since > self.clock.today() => {
                format!("failed since {}", self.clock.time(self.since))
            }
            Section::FailedToday => format!("failed today ({})", self.clock.zone_name()),
        };
        let title = match shown.count {
            0 => return format!("No task {what}."),
            count => format!("{} {what}", counted(count, "task")),
        };
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_truncation_indicator("…")
            .set_header(match self.wide() {
                true => &[
                    "task",
                    "yours",
                    "last report",
                    "orders finished",
                    "calls answered",
                ][..],
                false => &["task", "last report", "orders finished"],
            });
        self.terminal.fit(&mut table);
        // Only the ids are cut.
        let ids = if self.wide() { 2 } else { 1 };
        for column in table.column_iter_mut().skip(ids) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        for snapshot in &shown.snapshots {
            let mut row = Row::from(self.row(snapshot));
            row.max_height(1);
            table.add_row(row);
        }
        let mut part = format!("{}\n{table}", self.terminal.paint(BOLD, &title));
        let more = shown.count - shown.snapshots.len();
        if more > 0 {
            part += &format!("\nand {more} more: --limit {} shows them", shown.count);
        }
        part
    }

    fn wide(&self) -> bool {
        usize::from(self.terminal.width) >= WIDE
    }

    fn row(&self, snapshot: &Snapshot) -> Vec<String> {
        let stat = &snapshot.callback.stat;
        let (finished, orders) = (stat.finish_order_count, stat.total_order_count);
        let task = printable(&snapshot.callback.task_id);
        let last = self.clock.relative(snapshot.create_ts.seconds);
        if !self.wide() {
            return vec![task, last, share(finished, orders)];
        }
        let bar = bar(finished, orders, BAR_COLUMNS);
        vec![
            task,
            printable(&snapshot.callback.user_task_id),
            last,
            format!("{bar} {}", share(finished, orders)),
            share(stat.total_answer_call, stat.total_call),
        ]
    }
}
