//! The listing as a table.

use comfy_table::{ColumnConstraint, Width};

use super::listing::{Listing, Row};
use crate::progress::counted;
use crate::terminal::{Terminal, shown};
use crate::when::{duration, now};

/// The listing for a terminal.
pub(super) fn render(listing: &Listing, terminal: Terminal) -> String {
    let parked = listing.parked.iter().map(|row| ("parked", row));
    let dead_letters = listing.dead_letters.iter().map(|row| ("dead", row));
    let rows: Vec<_> = parked.chain(dead_letters).map(cells).collect();
    let mut parts = Vec::new();
    if !rows.is_empty() {
        let names = ["queue", "age", "tries", "retCode", "task", "reason"];
        let mut table = terminal.table(names);
        table.add_rows(rows);
        // An id is never wrapped, so that it can be copied. The reason keeps a readable width.
        let reason = ColumnConstraint::LowerBoundary(Width::Fixed(22));
        let others = [ColumnConstraint::ContentWidth; 5].into_iter();
        table.set_constraints(others.chain([reason]));
        parts.push(table.to_string());
    }
    if !listing.parked.is_empty() {
        parts.push(
            "Each parked callback above has used one of its 100 tries for this list.".to_owned(),
        );
    }
    if listing.between_tries > 0 {
        let count = counted(listing.between_tries, "parked callback");
        parts.push(format!(
            "Not listed: {count}. SQS hides a callback for up to 5 minutes after each try."
        ));
    }
    if !listing.dead_letters.is_empty() {
        let advice = "fix the cause, then --redrive or --delete them.";
        parts.push(format!(
            "The function does not try dead letters again: {advice}"
        ));
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
        row.task_id.as_deref().map_or_else(none, shown),
        shown(&row.reason),
    ]
}
