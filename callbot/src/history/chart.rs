//! A history as a picture, in SVG: the counters over time, and the status as a band below them.

use svg::Document;
use svg::node::element::{Circle, Group, Line, Polyline, Rectangle, Text, Title};
use task_callback::contract::callback::{TaskStat, TaskStatus};
use task_callback::contract::snapshot::Snapshot;

use super::task::Task;
use crate::progress::counted;
use crate::table::is_end;
use crate::when::{Clock, duration};

const WIDTH: f64 = 830.0;
/// The height of one task's panel, and the places in it.
const HEIGHT: f64 = 384.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 650.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 290.0;
const BAND: f64 = 298.0;
const BAND_HEIGHT: f64 = 26.0;

const INK: &str = "#222";
const GREY: &str = "#666";
const FAINT: &str = "#d9d9d9";
const ORDERS: &str = "#14568f";
const CALLS: &str = "#a34700";

/// A line has a dot for each report, unless they are more.
const MOST_DOTS: usize = 40;

/// A counter's name, the colour and the dashes of its line, and the counter.
type Series = (
    &'static str,
    &'static str,
    &'static str,
    fn(&TaskStat) -> u64,
);

const SERIES: [Series; 5] = [
    ("orders in all", GREY, "1 3", |stat| stat.total_order_count),
    ("orders finished", ORDERS, "none", |stat| {
        stat.finish_order_count
    }),
    ("orders answered", ORDERS, "7 4", |stat| {
        stat.answer_order_count
    }),
    ("calls", CALLS, "none", |stat| stat.total_call),
    ("calls answered", CALLS, "7 4", |stat| {
        stat.total_answer_call
    }),
];

/// Draws a panel for each task, one below the other.
pub(super) fn draw(history: &[Snapshot], clock: &Clock) -> String {
    let tasks = Task::all(history);
    let height = HEIGHT * tasks.len() as f64;
    let ids: Vec<String> = tasks.iter().map(Task::id).collect();
    let mut document = Document::new()
        .set("width", WIDTH)
        .set("height", height)
        .set("viewBox", (0, 0, WIDTH, height))
        .set("role", "img")
        .set("font-family", "Ubuntu, 'DejaVu Sans', Arial, sans-serif")
        .set("font-size", 12)
        .add(Title::new(format!("History of task {}", ids.join(", "))))
        .add(area((0.0, 0.0), (WIDTH, height), "#fff"));
    for (place, task) in tasks.iter().enumerate() {
        let down = format!("translate(0 {})", HEIGHT * place as f64);
        document = document.add(Panel::new(task, clock).draw().set("transform", down));
    }
    format!("{document}\n")
}

/// The picture of one task, and the scales of its axes.
struct Panel<'a> {
    task: &'a Task<'a>,
    clock: &'a Clock,
    /// The times of the first and of the last report, Unix seconds.
    times: (u64, u64),
    /// The highest count.
    highest: u64,
}

impl<'a> Panel<'a> {
    fn new(task: &'a Task<'a>, clock: &'a Clock) -> Self {
        let stats = task.reports.iter().map(|report| &report.callback.stat);
        let counts = stats.flat_map(|stat| SERIES.map(|(_, _, _, count)| count(stat)));
        Self {
            task,
            clock,
            times: (task.first.create_ts.seconds, task.last.create_ts.seconds),
            highest: counts.max().unwrap_or_default().max(1),
        }
    }

    /// The place of a time. A sixth of the width is after the last report and shows its status.
    fn x(&self, seconds: u64) -> f64 {
        let (first, last) = self.times;
        let whole = (last - first).max(1) as f64 * 1.2;
        px(LEFT + (RIGHT - LEFT) * (seconds - first) as f64 / whole)
    }

    fn y(&self, count: u64) -> f64 {
        px(BOTTOM - (BOTTOM - TOP) * count as f64 / self.highest as f64)
    }

    fn draw(&self) -> Group {
        let group = self.axes(self.title(Group::new().set("class", "task")));
        self.key(self.band(self.lines(group)))
    }

    fn title(&self, group: Group) -> Group {
        let (first, last) = self.times;
        let status = self.task.status();
        let after = match is_end(status) {
            true => format!("{status} after {}", duration(last - first)),
            false => format!("{status} at the last report"),
        };
        let beside = format!(
            "{after}; {} from {} to {} ({})",
            counted(self.task.reports.len(), "report"),
            self.clock.time(first),
            self.clock.time(last),
            self.clock.zone_name()
        );
        let name = text((LEFT, 28.0), "start", &format!("Task {}", self.task.name()));
        group
            .add(name.set("font-size", 16).set("font-weight", "bold"))
            .add(text((LEFT, 48.0), "start", &beside).set("fill", GREY))
    }

    /// The grid with its counts, and five times from the first to the last report.
    fn axes(&self, mut group: Group) -> Group {
        let step = step(self.highest);
        for count in (0..=self.highest / step).map(|number| number * step) {
            let y = self.y(count);
            let name = text((LEFT - 8.0, y + 4.0), "end", &count.to_string());
            group = group.add(line((LEFT, y), (RIGHT, y), FAINT)).add(name);
        }
        let (first, last) = self.times;
        let day = |seconds| self.clock.format(seconds, "%F");
        let format = match day(first) == day(last) {
            true => "%T",
            false => "%F %H:%M",
        };
        let mut times: Vec<u64> = (0..5).map(|n| first + (last - first) * n / 4).collect();
        times.dedup();
        let below = BAND + BAND_HEIGHT;
        for time in times {
            let x = self.x(time);
            let name = self.clock.format(time, format);
            group = group.add(line((x, below), (x, below + 5.0), INK)).add(text(
                (x, below + 18.0),
                "middle",
                &name,
            ));
        }
        group
    }

    /// The counters. Each has its name beside the end of its line.
    fn lines(&self, mut group: Group) -> Group {
        let stat = &self.task.last.callback.stat;
        let end = self.x(self.times.1);
        let mut ends = SERIES.map(|series| (self.y(series.3(stat)), series));
        ends.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut label = TOP;
        for (y, (name, color, dashes, count)) in ends {
            let points: Vec<(f64, f64)> = self
                .task
                .reports
                .iter()
                .map(|report| {
                    let x = self.x(report.create_ts.seconds);
                    (x, self.y(count(&report.callback.stat)))
                })
                .collect();
            // The names must not overlap.
            label = y.max(label);
            group = group
                .add(line((end, y), (RIGHT + 6.0, label), FAINT))
                .add(polyline(&points, color).set("stroke-dasharray", dashes));
            if points.len() <= MOST_DOTS {
                for (x, y) in points {
                    let dot = Circle::new().set("cx", x).set("cy", y).set("r", 3);
                    group = group.add(dot.set("fill", color));
                }
            }
            let name = format!("{} {name}", count(stat));
            let name = text((RIGHT + 12.0, label + 4.0), "start", &name);
            group = group.add(name.set("fill", color));
            label += 17.0;
        }
        group
    }

    /// The phases, each with its name and duration if there is room. The last one extends to the right edge.
    fn band(&self, mut group: Group) -> Group {
        let middle = BAND + BAND_HEIGHT / 2.0 + 4.0;
        for phase in &self.task.phases {
            let from = self.x(phase.since);
            let to = phase.until.map_or(RIGHT, |until| self.x(until));
            let size = (to - from, BAND_HEIGHT);
            group = group.add(area((from, BAND), size, fill(phase.status)));
            let status = phase.status.name().to_owned();
            let names = match phase.until {
                Some(until) => vec![
                    format!("{status} {}", duration(until - phase.since)),
                    status,
                ],
                None => vec![status],
            };
            if let Some(name) = names.iter().find(|name| width(name) < size.0) {
                group = group.add(text(((from + to) / 2.0, middle), "middle", name));
            }
        }
        group.add(text((LEFT - 8.0, middle), "end", "status"))
    }

    /// The colours of the band.
    fn key(&self, mut group: Group) -> Group {
        let mut x = LEFT;
        for status in TaskStatus::ALL {
            if self.task.phases.iter().any(|phase| phase.status == status) {
                let y = BAND + BAND_HEIGHT + 32.0;
                group = group
                    .add(area((x, y), (20.0, 12.0), fill(status)))
                    .add(text((x + 26.0, y + 10.0), "start", status.name()));
                x += 40.0 + width(status.name());
            }
        }
        group
    }
}

fn fill(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Pending => "#eee",
        TaskStatus::InProgress => "#b9d5f0",
        TaskStatus::Completed => "#b5dfc0",
        TaskStatus::Failed => "#f2b3a9",
        TaskStatus::Paused => "#fbe3a6",
    }
}

/// A round step, which divides a count into two to five parts or a few more.
fn step(count: u64) -> u64 {
    let size = 10_u64.pow((count / 5).max(1).ilog10());
    let round = [size, size * 2, size * 5];
    let step = round.into_iter().find(|step| count / step <= 5);
    step.unwrap_or(size * 10)
}

/// A coordinate with one decimal.
fn px(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

/// An upper estimate of a text's width in any font.
fn width(words: &str) -> f64 {
    7.8 * words.chars().count() as f64
}

/// A text with this anchor (`start`, `middle`, `end`) at a point.
fn text((x, y): (f64, f64), anchor: &str, words: &str) -> Text {
    Text::new(words)
        .set("x", px(x))
        .set("y", px(y))
        .set("text-anchor", anchor)
        .set("fill", INK)
}

fn line(from: (f64, f64), to: (f64, f64), color: &str) -> Line {
    Line::new()
        .set("x1", px(from.0))
        .set("y1", px(from.1))
        .set("x2", px(to.0))
        .set("y2", px(to.1))
        .set("stroke", color)
}

fn polyline(points: &[(f64, f64)], color: &str) -> Polyline {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    Polyline::new()
        .set("points", points.join(" "))
        .set("fill", "none")
        .set("stroke", color)
        .set("stroke-width", 2)
}

fn area((x, y): (f64, f64), (width, height): (f64, f64), fill: &str) -> Rectangle {
    Rectangle::new()
        .set("x", px(x))
        .set("y", px(y))
        .set("width", px(width))
        .set("height", px(height))
        .set("fill", fill)
}
