//! The listing as a table.

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;

use super::listing::{Content, INCOMPLETE, Listing, Row};
use crate::terminal::{BOLD, Terminal, shown};
use crate::when::{duration, now};

/// The listing for a terminal.
pub(super) fn render(listing: &Listing, terminal: Terminal) -> String {
    let mut lines = Vec::new();
    if !(listing.parked.is_empty() && listing.dead_letters.is_empty()) {
        lines.push(table(listing, terminal));
    }
    match listing.between_tries {
        0 => {}
        1 => lines.push(
            "1 parked callback is not listed: SQS hides it for up to 5 minutes after each try."
                .to_owned(),
        ),
        count => lines.push(format!(
            "{count} parked callbacks are not listed: SQS hides each for up to 5 minutes after each try."
        )),
    }
    if !listing.dead_letters.is_empty() {
        lines.push(
            "The function does not try dead letters again. --redrive moves them back after the cause is repaired."
                .to_owned(),
        );
    }
    if !listing.complete {
        lines.push(format!("Note: {INCOMPLETE}."));
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
    let now = now();
    for (queue, rows) in [
        ("parked", &listing.parked),
        ("dead letters", &listing.dead_letters),
    ] {
        for row in rows {
            table.add_row(cells(queue, row, now));
        }
    }
    table.to_string()
}

fn cells(queue: &str, row: &Row, now: u64) -> [String; 6] {
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
        Content::Other { error } => (
            none(),
            format!("not a parked callback: {}", shown(error)),
            none(),
        ),
    };
    let age = duration(now.saturating_sub(row.since));
    let tries = row.tries.to_string();
    [queue.to_owned(), age, tries, ret_code, reason, task]
}
