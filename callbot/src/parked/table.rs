//! The listing as a table.

use super::listing::{Listing, Row};
use crate::progress::counted;
use crate::terminal::{Terminal, shown};
use crate::when::{duration, now};

/// The listing for a terminal.
pub(super) fn render(listing: &Listing, terminal: Terminal) -> String {
    let parked = listing.parked.iter().map(|row| ("parked", row));
    let dead_letters = listing.dead_letters.iter().map(|row| ("dead letters", row));
    let rows: Vec<_> = parked.chain(dead_letters).map(cells).collect();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        let names = ["queue", "age", "tries", "retCode", "reason", "task"];
        parts.push(terminal.table(names).add_rows(rows).to_string());
    }
    if !listing.parked.is_empty() {
        parts
            .push("This list has cost each parked callback in it one of its 100 tries.".to_owned());
    }
    if listing.between_tries > 0 {
        let count = counted(listing.between_tries, "parked callback");
        parts.push(format!(
            "Not listed: {count}. SQS hides each one for up to 5 minutes after each try."
        ));
    }
    if !listing.dead_letters.is_empty() {
        parts.push("The function does not try dead letters again. After the repair, --redrive moves them back; --delete removes them.".to_owned());
    }
    match parts.is_empty() {
        true => "Nothing is parked.".to_owned(),
        false => parts.join("\n"),
    }
}

fn cells((queue, row): (&str, &Row)) -> [String; 6] {
    let none = || "–".to_owned();
    [
        queue.to_owned(),
        duration(now().saturating_sub(row.since)),
        row.tries.to_string(),
        row.ret_code.map_or_else(none, |code| code.to_string()),
        shown(&row.reason),
        row.task_id.as_deref().map_or_else(none, shown),
    ]
}
