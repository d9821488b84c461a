//! The notes above the lines: pauses and a failure.

use svg::node::element::{Group, Rectangle};
use task_callback::contract::callback::TaskStatus;

use super::scale::Scale;
use super::shapes::{GREY, line, px, text, text_width};
use crate::history::phases::Phase;
use crate::when::{Clock, duration};

/// The lines for notes. Further notes are marks without text.
const ROWS: usize = 2;
const ROW_HEIGHT: f64 = 15.0;

/// Marks each pause and failure from `top` to `bottom`, with a note above if there is room.
pub(super) fn notes(
    phases: &[Phase],
    time: &Scale,
    (top, bottom): (f64, f64),
    (left, right): (f64, f64),
    clock: &Clock,
) -> Group {
    let mut group = Group::new().set("class", "notes");
    let mut rows = [left; ROWS];
    let mut days = phases.iter().map(|phase| clock.format(phase.since, "%F"));
    let one_day = days.next().is_none_or(|first| days.all(|day| day == first));
    let moment = if one_day { "%T" } else { "%F %T" };
    for phase in phases {
        let from = time.place(phase.since as f64);
        let to = phase
            .until
            .map_or(right, |until| time.place(until as f64))
            .max(from);
        let (words, middle) = match (phase.status, phase.until) {
            (TaskStatus::Paused, Some(until)) => {
                let words = format!("paused {}", duration(until - phase.since));
                (words, (from + to) / 2.0)
            }
            (TaskStatus::Paused, None) => {
                let since = clock.format(phase.since, moment);
                (format!("paused since {since}"), from)
            }
            (TaskStatus::Failed, _) => {
                let at = clock.format(phase.since, moment);
                (format!("failed {at}"), from)
            }
            _ => continue,
        };
        if phase.status == TaskStatus::Paused {
            group = group.add(
                Rectangle::new()
                    .set("x", px(from))
                    .set("y", px(top))
                    .set("width", px(to - from))
                    .set("height", px(bottom - top))
                    .set("fill", "#000")
                    .set("fill-opacity", 0.06),
            );
        }
        for x in [from, to] {
            // A failure has no duration.
            if phase.status == TaskStatus::Paused || x == from {
                let mark = line((x, top), (x, bottom), GREY).set("stroke-dasharray", "2 3");
                group = group.add(mark);
            }
        }
        let half = text_width(&words) / 2.0;
        let middle = middle.min(right - half).max(left + half);
        let Some(row) = rows.iter().position(|end| *end <= middle - half) else {
            continue;
        };
        rows[row] = middle + half + 6.0;
        let y = top - 6.0 - ROW_HEIGHT * row as f64;
        group = group.add(text(middle, y, "middle", &words));
    }
    group
}
