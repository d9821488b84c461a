//! A history as a table.

use std::collections::HashSet;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::Snapshot;

use super::phases::{Phase, by_task, phases};
use super::totals::totals;
use crate::progress::{bar, counted, percent, share};
use crate::terminal::{BOLD, DIM, Terminal, shown, status_style};
use crate::when::{Clock, duration};

/// The contents of a row, depending on the terminal's width.
#[derive(Clone, Copy)]
struct Layout {
    /// Whether the time is followed by its age.
    ago: bool,
    /// Whether every row has the date. Otherwise rows have it only if the history covers several days.
    date: bool,
    /// The columns of a bar.
    bar: usize,
    /// Whether calls are shown as counts and not only in per cent.
    calls: bool,
    /// Whether orders are shown as counts, with the answered ones.
    orders: bool,
}

const WIDER_LAYOUTS: [Layout; 5] = [
    layout(true, true, 10, true, true),
    layout(false, true, 5, true, true),
    layout(false, false, 5, true, true),
    layout(false, false, 5, false, true),
    layout(false, false, 5, false, false),
];
const NARROWEST: Layout = layout(false, false, 0, false, false);

const fn layout(ago: bool, date: bool, bar: usize, calls: bool, orders: bool) -> Layout {
    Layout {
        ago,
        date,
        bar,
        calls,
        orders,
    }
}

/// Draws the snapshots of one or, for a `userTaskID`, several tasks.
pub(crate) fn render(history: &[Snapshot], clock: &Clock, terminal: Terminal) -> String {
    let tasks = by_task(history).into_iter();
    let tasks = tasks.map(|snapshots| {
        let phases = phases(&snapshots);
        let title = title(&snapshots, clock, terminal);
        let table = fitting_table(&snapshots, &phases, clock, terminal);
        let totals = totals(&snapshots, &phases, clock);
        format!("{title}\n{table}\n{totals}")
    });
    tasks.collect::<Vec<_>>().join("\n\n")
}

fn title(history: &[&Snapshot], clock: &Clock, terminal: Terminal) -> String {
    let Some(last) = history.last() else {
        return String::new();
    };
    let callback = &last.callback;
    let count = counted(history.len(), "snapshot");
    let status = callback.status.name();
    let others = format!("task : {status}, {count}").chars().count();
    let id = terminal.cut(&shown(&callback.task_id), others);
    let own_id = match callback.user_task_id.as_str() {
        "" => String::new(),
        id => format!("({})", shown(id)),
    };
    let beside_id = terminal.fits(others + id.chars().count() + own_id.chars().count() + 1);
    let (own_id, own_id_below) = match own_id.as_str() {
        "" => Default::default(),
        own_id if beside_id => (format!(" {own_id}"), String::new()),
        own_id => (String::new(), terminal.cut(own_id, 0) + "\n"),
    };
    let id = terminal.paint(BOLD, &id);
    let status = terminal.paint(status_style(callback.status), status);
    let created = format!("created {}", clock.time(callback.create_ts));
    let reported = last.create_ts.seconds;
    let reported = format!(
        "last reported {} ({}), {}",
        clock.time(reported),
        clock.zone_name(),
        clock.relative(reported)
    );
    let one_line = format!("{created}; {reported}");
    let beside = match terminal.fits(one_line.chars().count()) {
        true => terminal.paint(DIM, &one_line),
        false => [created, reported]
            .map(|line| terminal.paint(DIM, &line))
            .join("\n"),
    };
    format!("task {id}{own_id}: {status}, {count}\n{own_id_below}{beside}")
}

/// The widest layout that fits.
fn fitting_table(
    history: &[&Snapshot],
    phases: &[Phase],
    clock: &Clock,
    terminal: Terminal,
) -> Table {
    let table = |layout| table(history, phases, clock, terminal, layout);
    let fits = |table: &Table| {
        let border = table.lines().next().unwrap_or_default();
        terminal.fits(border.chars().count())
    };
    let fitting = WIDER_LAYOUTS.into_iter().map(table).find(fits);
    fitting.unwrap_or_else(|| table(NARROWEST))
}

fn table(
    history: &[&Snapshot],
    phases: &[Phase],
    clock: &Clock,
    terminal: Terminal,
    layout: Layout,
) -> Table {
    let mut table = Table::new();
    let orders_finished = match layout.bar {
        0 => "finished",
        _ => "orders finished",
    };
    let head = [
        (true, format!("reported ({})", clock.zone_name())),
        (layout.ago, "ago".to_owned()),
        (true, "status".to_owned()),
        (true, "lasted".to_owned()),
        (true, orders_finished.to_owned()),
        (layout.orders, "answered".to_owned()),
        (true, "calls answered".to_owned()),
    ];
    let short = |name: String| match name.split_once(" (") {
        Some((name, _)) if !layout.date => name.to_owned(),
        _ => name,
    };
    let head: Vec<(bool, String)> = head.into_iter().map(|(on, n)| (on, short(n))).collect();
    let right: Vec<usize> = head
        .iter()
        .filter(|(on, _)| *on)
        .enumerate()
        .filter(|(_, (_, name))| ["ago", "lasted", "answered"].contains(&name.as_str()))
        .map(|(place, _)| place)
        .collect();
    let shown: Vec<bool> = head.iter().map(|(shown, _)| *shown).collect();
    let names = head.into_iter().filter(|(shown, _)| *shown);
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(names.map(|(_, name)| terminal.paint(BOLD, &name)));
    let several = |part| {
        let parts = history.iter();
        let parts = parts.map(|snapshot| clock.format(snapshot.create_ts.seconds, part));
        parts.collect::<HashSet<String>>().len() > 1
    };
    let time = match layout.date || several("%Y") {
        true => "%F %T",
        false if several("%F") => "%m-%d %T",
        false => "%T",
    };
    let mut phases = phases.iter().peekable();
    for (place, snapshot) in history.iter().enumerate() {
        let phase = phases.next_if(|phase| phase.first == place);
        let cells = [
            clock.format(snapshot.create_ts.seconds, time),
            terminal.paint(DIM, &distance(snapshot, clock)),
            terminal.paint(
                status_style(snapshot.callback.status),
                snapshot.callback.status.name(),
            ),
            phase.map(|phase| lasted(phase, clock)).unwrap_or_default(),
            orders(snapshot, layout, terminal),
            snapshot.callback.stat.answer_order_count.to_string(),
            calls(snapshot, layout, terminal),
        ];
        let cells = cells.into_iter().zip(&shown).filter(|(_, shown)| **shown);
        table.add_row(cells.map(|(cell, _)| cell));
    }
    for column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The column says that it is ago.
fn distance(snapshot: &Snapshot, clock: &Clock) -> String {
    let relative = clock.relative(snapshot.create_ts.seconds);
    relative.trim_end_matches(" ago").to_owned()
}

/// How long a status held, in the row of its first report: until another was reported, or so far.
fn lasted(phase: &Phase, clock: &Clock) -> String {
    match (phase.seconds(clock.now), phase.until) {
        (None, _) => "–".to_owned(),
        (Some(seconds), Some(_)) => duration(seconds),
        (Some(seconds), None) => format!("{} so far", duration(seconds)),
    }
}

fn orders(snapshot: &Snapshot, layout: Layout, terminal: Terminal) -> String {
    let stat = &snapshot.callback.stat;
    let (part, whole) = (stat.finish_order_count, stat.total_order_count);
    let status = snapshot.callback.status;
    progress(status, part, whole, layout.orders, layout, terminal)
}

fn calls(snapshot: &Snapshot, layout: Layout, terminal: Terminal) -> String {
    let stat = &snapshot.callback.stat;
    let (part, whole) = (stat.total_answer_call, stat.total_call);
    let status = snapshot.callback.status;
    progress(status, part, whole, layout.calls, layout, terminal)
}

fn progress(
    status: TaskStatus,
    part: u64,
    whole: u64,
    counts: bool,
    layout: Layout,
    terminal: Terminal,
) -> String {
    let numbers = match counts {
        true => share(part, whole),
        false => percent(part, whole),
    };
    if layout.bar == 0 {
        return numbers;
    }
    let bar = terminal.paint(status_style(status), &bar(part, whole, layout.bar));
    format!("{bar} {numbers}")
}
