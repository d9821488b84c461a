//! Writes the chart into files.

use std::path::Path;

use task_callback::contract::snapshot::Snapshot;

use super::{chart, png};
use crate::Failure;
use crate::when::Clock;

/// Draws the history into the named files. Their names go to standard error, since standard output has the data.
///
/// # Errors
///
/// There is nothing to draw, or a file cannot be written.
pub(crate) fn write(
    history: &[Snapshot],
    clock: &Clock,
    svg: Option<&Path>,
    png: Option<&Path>,
) -> Result<(), Failure> {
    if svg.is_none() && png.is_none() {
        return Ok(());
    }
    if history.is_empty() {
        return Err("there is nothing to draw, so no picture was written".into());
    }
    let drawn = chart::draw(history, clock)?;
    if let Some(file) = svg {
        put(file, drawn.as_bytes())?;
    }
    if let Some(file) = png {
        put(file, &png::render(&drawn)?)?;
    }
    Ok(())
}

fn put(file: &Path, content: &[u8]) -> Result<(), Failure> {
    let name = file.display();
    std::fs::write(file, content).map_err(|error| format!("{name}: {error}"))?;
    eprintln!("The picture is in {name}.");
    Ok(())
}
