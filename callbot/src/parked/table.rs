//! The listing as a table.

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use super::listing::{Content, Listing, Row};
use crate::progress::counted;
use crate::terminal::{BOLD, Terminal, shown};
use crate::when::{duration, now};

/// The listing for a terminal.
pub(super) fn render(listing: &Listing, terminal: Terminal) -> String {
    let mut lines = Vec::new();
    if !(listing.parked.is_empty() && listing.dead_letters.is_empty()) {
        lines.push(table(listing, terminal));
    }
    if listing.between_tries > 0 {
        let count = counted(listing.between_tries as usize, "parked callback");
        lines.push(format!(
            "Not listed: {count}. SQS hides each one for up to 5 minutes after each try."
        ));
    }
    if !listing.dead_letters.is_empty() {
        lines.push(
            "The function does not try dead letters again. --redrive moves them back after the cause is repaired."
                .to_owned(),
        );
    }
    match lines.is_empty() {
        true => "Nothing is parked.".to_owned(),
        false => lines.join("\n"),
    }
}

fn table(listing: &Listing, terminal: Terminal) -> String {
    let mut table = Table::new();
    let names = ["queue", "age", "tries", "retCode", "reason", "task"];
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_header(names.map(|name| terminal.paint(BOLD, name)));
    terminal.fit(&mut table);
    let parked = listing.parked.iter().map(|row| ("parked", row));
    let dead_letters = listing.dead_letters.iter().map(|row| ("dead letters", row));
    table.add_rows(parked.chain(dead_letters).map(cells));
    table.to_string()
}

fn cells((queue, row): (&str, &Row)) -> [String; 6] {
    let none = || "–".to_owned();
    let (ret_code, reason, task) = match &row.content {
        Content::Callback {
            ret_code,
            reason,
            task_id,
            ..
        } => (
            ret_code.to_string(),
            shown(reason),
            task_id.as_deref().map_or_else(none, shown),
        ),
        Content::Other { error } => (none(), format!("not a parked callback: {error}"), none()),
    };
    let age = duration(now().saturating_sub(row.since));
    let tries = row.tries.to_string();
    [queue.to_owned(), age, tries, ret_code, reason, task]
}
