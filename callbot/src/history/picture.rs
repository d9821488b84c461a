//! Writes the chart into a file.

use std::path::Path;

use task_callback::contract::snapshot::Snapshot;

use super::chart;
use crate::Failure;
use crate::when::Clock;

/// Draws the history, in SVG.
///
/// # Errors
///
/// There is nothing to draw, or there are too many tasks.
pub(super) fn draw(history: &[Snapshot], clock: &Clock) -> Result<String, Failure> {
    if history.is_empty() {
        return Err("there is nothing to draw, so no picture was written".into());
    }
    Ok(chart::draw(history, clock)?)
}

/// Draws the history into this file. Its name goes to standard error, since standard output has the data.
///
/// # Errors
///
/// There is nothing to draw, there are too many tasks, or the file cannot be written.
pub(crate) fn write(history: &[Snapshot], clock: &Clock, file: &Path) -> Result<(), Failure> {
    let name = file.display();
    let drawn = draw(history, clock)?;
    std::fs::write(file, drawn).map_err(|error| format!("{name}: {error}"))?;
    eprintln!("The picture is in {name}.");
    Ok(())
}
