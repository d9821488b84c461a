//! Files that a command reads.

use std::path::Path;

use task_callback::contract::text::without_byte_order_mark;

/// Reads a file, or standard input for `-`, without a byte order mark. The error names the path.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let text = match path == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(path),
    };
    let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(without_byte_order_mark(&text).to_owned())
}
