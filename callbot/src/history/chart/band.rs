//! The status over time as a band, and its legend.

use svg::node::element::{Circle, Definitions, Group, Path, Pattern, Rectangle};
use task_callback::contract::callback::TaskStatus;

use super::scale::Scale;
use super::shapes::{INK, px, text, text_width};
use crate::history::phases::Phase;

/// The pattern of each status, defined once per picture.
pub(super) fn patterns() -> Definitions {
    let mut definitions = Definitions::new();
    for status in TaskStatus::ALL {
        let (ground, lines) = match status {
            TaskStatus::Pending => ("#fff", ""),
            TaskStatus::InProgress => ("#b9d5f0", ""),
            TaskStatus::Completed => ("#2b7a4b", ""),
            TaskStatus::Failed => ("#f4c4bd", "M0 0L8 8M8 0L0 8"),
            TaskStatus::Paused => ("#fbe3a6", "M-2 2L2 -2M0 8L8 0M6 10L10 6"),
        };
        let mut pattern = Pattern::new()
            .set("id", status.name())
            .set("width", 8)
            .set("height", 8)
            .set("patternUnits", "userSpaceOnUse")
            .add(
                Rectangle::new()
                    .set("width", 8)
                    .set("height", 8)
                    .set("fill", ground),
            );
        if status == TaskStatus::Pending {
            let dot = Circle::new().set("cx", 4).set("cy", 4).set("r", 0.9);
            pattern = pattern.add(dot.set("fill", "#555"));
        }
        if !lines.is_empty() {
            let lines = Path::new().set("d", lines).set("stroke", "#555");
            pattern = pattern.add(lines.set("stroke-width", 1.2));
        }
        definitions = definitions.add(pattern);
    }
    definitions
}

fn area(status: TaskStatus, x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    Rectangle::new()
        .set("x", px(x))
        .set("y", px(y))
        .set("width", px(width))
        .set("height", px(height))
        .set("fill", format!("url(#{})", status.name()))
        .set("stroke", INK)
        .set("stroke-width", 0.8)
}

/// The name of the status in its area, on white if the area has a pattern.
fn name(status: TaskStatus, middle: f64, y: f64) -> Group {
    let words = status.name();
    let name = text(middle, y + 4.0, "middle", words);
    match status {
        TaskStatus::InProgress => Group::new().add(name),
        TaskStatus::Completed => Group::new().add(name.set("fill", "#fff")),
        _ => {
            let width = text_width(words) + 14.0;
            let ground = Rectangle::new()
                .set("x", px(middle - width / 2.0))
                .set("y", px(y - 8.0))
                .set("width", px(width))
                .set("height", 16)
                .set("rx", 3)
                .set("fill", "#fff");
            Group::new().add(ground).add(name)
        }
    }
}

/// The band from `top`, each phase with its name if that fits. The last phase extends to the right edge.
pub(super) fn band(phases: &[Phase], time: &Scale, (top, bottom): (f64, f64), right: f64) -> Group {
    let mut group = Group::new().set("class", "status");
    for phase in phases {
        let from = time.place(phase.since as f64);
        let to = phase.until.map_or(right, |until| time.place(until as f64));
        let width = (to - from).max(0.0);
        group = group.add(area(phase.status, from, top, width, bottom - top));
        if width >= text_width(phase.status.name()) + 22.0 {
            let (middle, y) = ((from + to) / 2.0, (top + bottom) / 2.0);
            group = group.add(name(phase.status, middle, y));
        }
    }
    group
}

/// The legend of the patterns used, in one line from `left`.
pub(super) fn key(phases: &[Phase], left: f64, y: f64) -> Group {
    let mut group = Group::new().set("class", "key");
    let mut x = left;
    for status in TaskStatus::ALL {
        if phases.iter().any(|phase| phase.status == status) {
            group = group.add(area(status, x, y - 11.0, 24.0, 14.0)).add(text(
                x + 30.0,
                y,
                "start",
                status.name(),
            ));
            x += 30.0 + text_width(status.name()) + 26.0;
        }
    }
    group
}
