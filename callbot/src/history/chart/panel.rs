//! The panel of one task.

use svg::node::element::Group;
use task_callback::contract::snapshot::Snapshot;

use super::labels::spread;
use super::scale::{Scale, short};
use super::series::{SERIES, marked};
use super::shapes::{FAINT, GREY, INK, line, polyline, text};
use super::{band, notes};
use crate::history::phases::{Phase, phases};
use crate::progress::counted;
use crate::table::is_end;
use crate::terminal::shown;
use crate::when::{Clock, duration};

const LEFT: f64 = 74.0;
const RIGHT: f64 = 756.0;
const TOP: f64 = 100.0;
const BOTTOM: f64 = 344.0;
const BAND: (f64, f64) = (352.0, 380.0);
/// The maximum length of a title.
const TITLE_CHARACTERS: usize = 90;
/// The maximum number of markers on a line.
const MARKED: usize = 40;

/// Draws one task's snapshots, at least one.
pub(super) fn panel(history: &[&Snapshot], clock: &Clock) -> Group {
    let phases = phases(history);
    let times: Vec<f64> = history.iter().map(|snapshot| seconds(snapshot)).collect();
    let first = times.iter().copied().fold(f64::INFINITY, f64::min);
    let last = times.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // The margin after the last report shows its status. Reports of a single second have margins on both sides.
    let time = match last - first {
        span if span < 1.0 => (first - 60.0)..=(last + 60.0),
        span => first..=(last + (span * 0.2).max(1.0)),
    };
    let time = Scale::new(time, (LEFT, RIGHT));
    let stats = history.iter().map(|snapshot| &snapshot.callback.stat);
    let highest = stats.flat_map(|stat| SERIES.iter().map(|series| (series.count)(stat)));
    let highest = highest.max().unwrap_or_default().max(1) as f64;
    let counts = Scale::new(0.0..=highest * 1.04, (BOTTOM, TOP));

    let area = (LEFT, RIGHT);
    let group = Group::new().set("class", "task");
    let group = title(group, history, &phases, clock);
    let group = axes(group, &time, &counts, clock).add(notes::notes(
        &phases,
        &time,
        (TOP, BOTTOM),
        area,
        clock,
    ));
    let group = lines(group, history, &times, &time, &counts);
    group
        .add(text(LEFT - 10.0, BAND.0 + 18.0, "end", "status"))
        .add(band::band(&phases, &time, BAND, RIGHT))
        .add(band::key(&phases, LEFT, BAND.1 + 68.0))
}

fn seconds(snapshot: &Snapshot) -> f64 {
    let key = snapshot.create_ts.to_string();
    key.parse().unwrap_or(snapshot.create_ts.seconds as f64)
}

fn title(group: Group, history: &[&Snapshot], phases: &[Phase], clock: &Clock) -> Group {
    let (Some(first), Some(last), Some(phase)) = (history.first(), history.last(), phases.last())
    else {
        return group;
    };
    let callback = &last.callback;
    let mut title = format!("Task {}", shown(&callback.task_id));
    if !callback.user_task_id.is_empty() {
        title += &format!(" ({})", shown(&callback.user_task_id));
    }
    if title.chars().count() > TITLE_CHARACTERS {
        title = title.chars().take(TITLE_CHARACTERS - 1).collect();
        title.push('…');
    }
    let (from, to) = (first.create_ts.seconds, last.create_ts.seconds);
    let after = match is_end(callback.status) {
        true => format!("{} after {}", callback.status, duration(to - from)),
        false => format!("{} since {}", callback.status, clock.time(phase.since)),
    };
    let count = counted(history.len(), "report");
    let beside = format!(
        "{after}; {count} from {} to {}",
        clock.time(from),
        clock.time(to)
    );
    group
        .add(
            text(LEFT, 30.0, "start", &title)
                .set("font-size", 17)
                .set("font-weight", "bold"),
        )
        .add(text(LEFT, 50.0, "start", &beside).set("fill", GREY))
}

fn axes(mut group: Group, time: &Scale, counts: &Scale, clock: &Clock) -> Group {
    for count in counts.counts() {
        let y = counts.place(count);
        group = group.add(line((LEFT, y), (RIGHT, y), FAINT)).add(text(
            LEFT - 10.0,
            y + 4.0,
            "end",
            &short(count),
        ));
    }
    let middle = (TOP + BOTTOM) / 2.0;
    let name = text(0.0, 0.0, "middle", "orders, calls (number so far)")
        .set("transform", format!("translate(20 {middle}) rotate(-90)"));
    group = group
        .add(name)
        .add(line((LEFT, BOTTOM), (RIGHT, BOTTOM), INK))
        .add(line((LEFT, TOP), (LEFT, BOTTOM), INK));
    let (ticks, format) = time.times(clock);
    let y = BAND.1;
    for &tick in &ticks {
        let x = time.place(tick);
        let words = clock.format(tick.max(0.0) as u64, format);
        group = group
            .add(line((x, y), (x, y + 5.0), INK))
            .add(text(x, y + 18.0, "middle", &words));
    }
    // Ticks with hours alone need the date in the axis title.
    let day = match (format, ticks.first()) {
        ("%T" | "%H:%M", Some(first)) => clock.format(first.max(0.0) as u64, "%F, "),
        _ => String::new(),
    };
    let name = format!("time ({day}{})", clock.zone_name());
    group.add(text((LEFT + RIGHT) / 2.0, y + 38.0, "middle", &name))
}

fn lines(
    mut group: Group,
    history: &[&Snapshot],
    times: &[f64],
    time: &Scale,
    counts: &Scale,
) -> Group {
    let Some(last) = history.last() else {
        return group;
    };
    let ends = SERIES.each_ref().map(|series| {
        let count = (series.count)(&last.callback.stat);
        (count, counts.place(count as f64))
    });
    let labels = spread(&ends.map(|(_, y)| y), 17.0, TOP + 2.0, BOTTOM - 2.0);
    for ((series, (count, y)), label) in SERIES.iter().zip(ends).zip(labels) {
        let points: Vec<(f64, f64)> = history
            .iter()
            .zip(times)
            .map(|(snapshot, at)| {
                let count = (series.count)(&snapshot.callback.stat);
                (time.place(*at), counts.place(count as f64))
            })
            .collect();
        let end = time.place(times.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let mut part = Group::new()
            .set("class", series.name.replace(' ', "-"))
            .add(
                polyline(&points)
                    .set("stroke", series.color)
                    .set(
                        "stroke-width",
                        if series.marker.is_some() { 2.0 } else { 1.5 },
                    )
                    .set("stroke-dasharray", series.dashes),
            )
            // Connects the end of the line with its label.
            .add(
                polyline(&[(end + 5.0, y), (RIGHT, y), (RIGHT + 16.0, label)])
                    .set("stroke", "#aaa")
                    .set("stroke-width", 0.8),
            );
        let every = points.len().div_ceil(MARKED);
        for &point in points.iter().rev().step_by(every) {
            part = marked(part, series, point);
        }
        part = marked(part, series, (RIGHT + 24.0, label));
        let words = format!("{} {}", short(count as f64), series.name);
        let name = text(RIGHT + 34.0, label + 4.0, "start", &words);
        group = group.add(part.add(name.set("fill", series.color)));
    }
    group
}
