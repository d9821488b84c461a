//! A history as a table, with the totals below it.

use comfy_table::{CellAlignment, ColumnConstraint, Table};
use task_callback::contract::callback::TaskStatus;

use super::task::Task;
use crate::progress::{bar, counted, percent, share};
use crate::table::{Report, is_end};
use crate::terminal::{BOLD, DIM, Terminal, status_style};
use crate::when::{Clock, duration};

/// The length of a bar, and the least width with room for bars and for the answered orders.
const BAR: usize = 5;
const WIDE: u16 = 110;

/// Draws the snapshots of one or, for a `userTaskID`, several tasks.
pub(crate) fn render(history: &[Report], clock: &Clock, terminal: Terminal) -> String {
    let tasks = Task::all(history).into_iter().map(|task| {
        let title = title(&task, clock, terminal);
        let table = table(&task, clock, terminal);
        format!("{title}\n{table}\n{}", totals(&task, clock))
    });
    tasks.collect::<Vec<_>>().join("\n\n")
}

fn title(task: &Task<'_>, clock: &Clock, terminal: Terminal) -> String {
    let status = task.last.status;
    let reported = task.last.create_ts.seconds;
    let mut times = format!(
        "created {}; last reported {}",
        clock.time(task.last.task_create_ts),
        clock.format(reported, "%F %T (%:Q)")
    );
    // A task that has ended gets no further report.
    if !is_end(status) {
        times += &format!(", {}", clock.relative(reported));
    }
    format!(
        "task {}: {}, {}\n{}",
        terminal.paint(BOLD, &task.name()),
        terminal.paint(status_style(status), status.name()),
        counted(task.reports.len(), "snapshot"),
        terminal.paint(DIM, &times)
    )
}

fn table(task: &Task<'_>, clock: &Clock, terminal: Terminal) -> Table {
    let mut table = terminal.table([
        "reported",
        "status",
        "lasted",
        "orders finished",
        "answered",
        "calls answered",
    ]);
    // The title has the date.
    let time = match task.is_of_one_day(clock) {
        true => "%T",
        false => "%m-%d %T",
    };
    for phase in task.phases() {
        let style = status_style(phase.status);
        let progress = |part, whole| {
            let numbers = format!("{part}/{whole} {:>5}", percent(part, whole));
            match terminal.width {
                WIDE.. => format!(
                    "{numbers} {}",
                    terminal.paint(style, &bar(part, whole, BAR))
                ),
                _ => numbers,
            }
        };
        // The duration is in the row of the first report.
        let lasted = phase.seconds(clock).map(duration);
        let mut lasted = lasted.unwrap_or_else(|| "–".to_owned());
        for report in phase.reports {
            let stat = &report.stat;
            table.add_row([
                clock.format(report.create_ts.seconds, time),
                terminal.paint(style, phase.status.name()),
                std::mem::take(&mut lasted),
                progress(stat.finish_order_count, stat.total_order_count),
                stat.answer_order_count.to_string(),
                progress(stat.total_answer_call, stat.total_call),
            ]);
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    if let Some(answered) = table.column_mut(4).filter(|_| terminal.width < WIDE) {
        answered.set_constraint(ColumnConstraint::Hidden);
    }
    table
}

/// The time in each status, and the newest counts.
fn totals(task: &Task<'_>, clock: &Clock) -> String {
    let so_far = match is_end(task.last.status) {
        true => "",
        false => " so far",
    };
    let phases = task.phases();
    let whole = phases.iter().filter_map(|phase| phase.seconds(clock)).sum();
    let mut time = format!("{} in all{so_far}", duration(whole));
    let mut separator = ": ";
    for status in TaskStatus::ALL {
        let of_status = phases.iter().filter(|phase| phase.status == status);
        let times: Vec<u64> = of_status.filter_map(|phase| phase.seconds(clock)).collect();
        if !times.is_empty() {
            let total = duration(times.iter().sum());
            time += &format!("{separator}{} {total}", status.name());
            separator = ", ";
        }
    }
    let stat = &task.last.stat;
    format!(
        "time    {time}\norders  {} finished, {} answered\ncalls   {} answered",
        share(stat.finish_order_count, stat.total_order_count),
        stat.answer_order_count,
        share(stat.total_answer_call, stat.total_call)
    )
}
