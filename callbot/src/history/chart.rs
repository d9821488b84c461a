//! A task's life as a chart, in SVG: the counters over time, the status as a band below them.
//!
//! The chart is readable in black and white: lines differ in dashes and markers and are labelled, and each status has
//! a pattern as well as a colour.

mod band;
mod labels;
mod notes;
mod panel;
mod scale;
mod series;
mod shapes;

use svg::Document;
use svg::node::element::{Rectangle, Title};
use task_callback::contract::snapshot::Snapshot;

use super::phases::by_task;
use crate::terminal::shown;
use crate::when::Clock;

const WIDTH: f64 = 960.0;
/// The size of one task's panel.
const HEIGHT: f64 = 460.0;
/// The maximum number of tasks in a chart.
const MAX_TASKS: usize = 20;

/// Draws a panel for each task, one below the other.
///
/// # Errors
///
/// There are too many tasks.
pub(super) fn draw(history: &[Snapshot], clock: &Clock) -> Result<String, String> {
    let tasks = by_task(history);
    if tasks.len() > MAX_TASKS {
        return Err(format!(
            "there are {} tasks with this userTaskID, more than the {MAX_TASKS} that fit into a picture; draw one by \
             its taskID, or fewer with --since and --until",
            tasks.len()
        ));
    }
    let height = HEIGHT * tasks.len() as f64;
    let ids: Vec<String> = tasks
        .iter()
        .filter_map(|task| task.first())
        .map(|first| shown(&first.callback.task_id))
        .collect();
    let mut document = Document::new()
        .set("width", WIDTH)
        .set("height", height)
        .set("viewBox", (0, 0, WIDTH as i64, height as i64))
        .set("role", "img")
        .set("font-family", "Ubuntu, 'DejaVu Sans', Arial, sans-serif")
        .set("font-size", 12)
        .add(Title::new(format!("History of task {}", ids.join(", "))))
        .add(band::patterns())
        .add(
            Rectangle::new()
                .set("width", WIDTH)
                .set("height", height)
                .set("fill", "#fff"),
        );
    for (place, task) in tasks.iter().enumerate() {
        let panel = panel::panel(task, clock);
        document = document.add(panel.set(
            "transform",
            format!("translate(0 {})", HEIGHT * place as f64),
        ));
    }
    Ok(format!("{document}\n"))
}
