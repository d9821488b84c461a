//! A history as a picture, in SVG: the counters over time, and the status as a band below them.

use std::cmp::Reverse;

use svg::node::element::{Circle, Group, Polyline, Rectangle, Text, Title};
use svg::{Document, Node};
use task_callback::contract::callback::TaskStatus;

use super::task::Task;
use crate::progress::counted;
use crate::table::{Report, Stat};
use crate::when::{Clock, duration};

/// The size of one task's panel, and the edges of the lines and of the band in it.
const WIDTH: f64 = 830.0;
const HEIGHT: f64 = 376.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 650.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 290.0;
const BAND: f64 = 298.0;
const BAND_HEIGHT: f64 = 26.0;

const INK: &str = "#222";
const GREY: &str = "#666";
const FAINT: &str = "#d9d9d9";
const BLUE: &str = "#14568f";
const BROWN: &str = "#a34700";

/// A counter, with the name, colour and dashes of its line.
type Series = (&'static str, &'static str, &'static str, fn(&Stat) -> u64);

const SERIES: [Series; 5] = [
    ("orders in all", GREY, "1 3", |s| s.total_order_count),
    ("orders finished", BLUE, "none", |s| s.finish_order_count),
    ("orders answered", BLUE, "7 4", |s| s.answer_order_count),
    ("calls", BROWN, "none", |s| s.total_call),
    ("calls answered", BROWN, "7 4", |s| s.total_answer_call),
];

/// Draws a panel for each task, one below the other.
pub(super) fn draw(history: &[Report], clock: &Clock) -> String {
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
        .add(area(0.0, 0.0, WIDTH, height, "#fff"));
    for (place, task) in tasks.iter().enumerate() {
        let down = format!("translate(0 {})", HEIGHT * place as f64);
        document.append(Panel::new(task).draw(clock).set("transform", down));
    }
    format!("{document}\n")
}

/// The picture of one task, with the scales of its axes.
struct Panel<'a> {
    task: &'a Task<'a>,
    /// The times of the first and of the last report, Unix seconds.
    first: u64,
    last: u64,
    highest: u64,
}

impl<'a> Panel<'a> {
    fn new(task: &'a Task<'a>) -> Self {
        let stats = task.reports.iter().map(|report| &report.stat);
        let counts = stats.flat_map(|stat| SERIES.map(|(.., count)| count(stat)));
        Self {
            task,
            first: task.first.create_ts.seconds,
            last: task.last.create_ts.seconds,
            highest: counts.max().unwrap_or_default().max(1),
        }
    }

    /// The place of a time. The last sixth of the width shows the newest status.
    fn x(&self, seconds: u64) -> f64 {
        let whole = (self.last - self.first).max(1) as f64 * 1.2;
        LEFT + (RIGHT - LEFT) * (seconds - self.first) as f64 / whole
    }

    fn y(&self, count: u64) -> f64 {
        BOTTOM - (BOTTOM - TOP) * count as f64 / self.highest as f64
    }

    fn draw(&self, clock: &Clock) -> Group {
        let mut group = Group::new();
        self.title(&mut group, clock);
        self.axes(&mut group, clock);
        self.lines(&mut group);
        self.band(&mut group);
        group
    }

    fn title(&self, group: &mut Group, clock: &Clock) {
        let name = format!("Task {}", self.task.name());
        let reports = format!(
            "{}; {} from {} to {}",
            self.task.last.status.name(),
            counted(self.task.reports.len(), "report"),
            clock.time(self.first),
            clock.format(self.last, "%F %T (%:Q)")
        );
        let name = text(LEFT, 28.0, "start", &name, INK).set("font-size", 16);
        group.append(name.set("font-weight", "bold"));
        group.append(text(LEFT, 48.0, "start", &reports, GREY));
    }

    /// The grid with its counts, and five times from the first to the last report.
    fn axes(&self, group: &mut Group, clock: &Clock) {
        let step = step(self.highest);
        for count in (0..=self.highest / step).map(|number| number * step) {
            let y = self.y(count);
            group.append(line(&[(LEFT, y), (RIGHT, y)], FAINT));
            group.append(text(LEFT - 8.0, y + 4.0, "end", &count.to_string(), INK));
        }
        let format = match self.task.is_of_one_day(clock) {
            true => "%T",
            false => "%F %H:%M",
        };
        let y = BAND + BAND_HEIGHT;
        for number in 0..5 {
            let time = self.first + (self.last - self.first) * number / 4;
            let (x, name) = (self.x(time), clock.format(time, format));
            group.append(line(&[(x, y), (x, y + 5.0)], INK));
            group.append(text(x, y + 18.0, "middle", &name, INK));
        }
    }

    /// The counters over time. Each has its name beside the end of its line.
    fn lines(&self, group: &mut Group) {
        let newest = &self.task.last.stat;
        let mut series = SERIES;
        series.sort_by_key(|(.., count)| Reverse(count(newest)));
        let mut name_y = TOP;
        for (name, color, dashes, count) in series {
            let reports = self.task.reports.iter().map(|report| {
                let y = self.y(count(&report.stat));
                (self.x(report.create_ts.seconds), y)
            });
            let points: Vec<(f64, f64)> = reports.collect();
            let end = (self.x(self.last), self.y(count(newest)));
            // The names must not overlap.
            name_y = end.1.max(name_y);
            group.append(line(&[end, (RIGHT + 6.0, name_y)], FAINT));
            let curve = line(&points, color).set("stroke-width", 2);
            group.append(curve.set("stroke-dasharray", dashes));
            for (x, y) in points {
                let dot = Circle::new().set("cx", px(x)).set("cy", px(y));
                group.append(dot.set("r", 2.5).set("fill", color));
            }
            let name = format!("{} {name}", count(newest));
            group.append(text(RIGHT + 12.0, name_y + 4.0, "start", &name, color));
            name_y += 17.0;
        }
    }

    /// The phases, with name and duration if there is room, and the key of their colours. The last
    /// phase extends to the right edge.
    fn band(&self, group: &mut Group) {
        let y = BAND + BAND_HEIGHT / 2.0 + 4.0;
        group.append(text(LEFT - 8.0, y, "end", "status", INK));
        let phases = self.task.phases();
        for phase in &phases {
            let x = self.x(phase.since);
            let width = phase.until.map_or(RIGHT, |until| self.x(until)) - x;
            group.append(area(x, BAND, width, BAND_HEIGHT, fill(phase.status)));
            let lasted = phase.until.map(|until| duration(until - phase.since));
            let name = format!("{} {}", phase.status.name(), lasted.unwrap_or_default());
            if text_width(&name) < width {
                group.append(text(x + width / 2.0, y, "middle", name.trim_end(), INK));
            }
        }
        let (mut x, y) = (LEFT, BAND + BAND_HEIGHT + 30.0);
        for status in TaskStatus::ALL {
            if phases.iter().any(|phase| phase.status == status) {
                group.append(area(x, y, 20.0, 12.0, fill(status)));
                group.append(text(x + 26.0, y + 10.0, "start", status.name(), INK));
                x += 40.0 + text_width(status.name());
            }
        }
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

/// A round step that divides the count into at most five parts.
fn step(count: u64) -> u64 {
    let size = 10_u64.pow((count / 5).max(1).ilog10());
    let mut round = [size, size * 2, size * 5].into_iter();
    round.find(|step| count / step <= 5).unwrap_or(size * 10)
}

/// A coordinate with one decimal.
fn px(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

/// An upper estimate of a text's width in any font.
fn text_width(words: &str) -> f64 {
    7.8 * words.chars().count() as f64
}

/// A text with this anchor (`start`, `middle`, `end`) at a point.
fn text(x: f64, y: f64, anchor: &str, words: &str, color: &str) -> Text {
    Text::new(words)
        .set("x", px(x))
        .set("y", px(y))
        .set("text-anchor", anchor)
        .set("fill", color)
}

fn line(points: &[(f64, f64)], color: &str) -> Polyline {
    let points = points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y)));
    Polyline::new()
        .set("points", points.collect::<Vec<_>>().join(" "))
        .set("fill", "none")
        .set("stroke", color)
}

fn area(x: f64, y: f64, width: f64, height: f64, fill: &str) -> Rectangle {
    Rectangle::new()
        .set("x", px(x))
        .set("y", px(y))
        .set("width", px(width))
        .set("height", px(height))
        .set("fill", fill)
}
