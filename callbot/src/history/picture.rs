//! Writes the chart into a file.

use std::path::Path;

use task_callback::contract::snapshot::Snapshot;

use super::chart;
use crate::Failure;
use crate::terminal::warn;
use crate::when::Clock;

/// Draws the history into this file. Its name goes to standard error, since standard output has the data.
///
/// # Errors
///
/// There are too many tasks, or the file cannot be written.
pub(crate) fn write(history: &[Snapshot], clock: &Clock, file: &Path) -> Result<(), Failure> {
    let name = file.display();
    let drawn = chart::draw(history, clock)?;
    std::fs::write(file, drawn).map_err(|error| format!("{name}: {error}"))?;
    warn(&format!("The picture is in {name}."));
    Ok(())
}
