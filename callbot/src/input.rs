//! Files that a command reads.

use std::path::Path;

/// Reads a file, or the standard input if the path is `-`. The error names the path.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let text = match path == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(path),
    };
    text.map_err(|error| format!("{}: {error}", path.display()))
}
