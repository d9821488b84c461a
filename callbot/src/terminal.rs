//! Output to a terminal: colour, width, and characters safe to print.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use rustix::termios::tcgetwinsize;
use task_callback::contract::callback::TaskStatus;

use crate::Failure;

/// The width of an output that is not a terminal: wider than any line.
const WIDTH_OF_A_FILE: u16 = u16::MAX;

/// The properties of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether it shows colour.
    pub(crate) color: bool,
    /// The number of columns.
    pub(crate) width: u16,
}

impl Terminal {
    /// The standard output. The variables NO_COLOR, CLICOLOR_FORCE and COLUMNS take precedence.
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        let wanted = std::env::var("COLUMNS").ok();
        let wanted = wanted.and_then(|columns| columns.parse().ok());
        let columns = wanted.or_else(|| Some(tcgetwinsize(&stdout).ok()?.ws_col));
        Self {
            color: AutoStream::choice(&stdout) != ColorChoice::Never,
            // A terminal of unknown size reports 0.
            width: columns.filter(|&n| n > 0).unwrap_or(WIDTH_OF_A_FILE),
        }
    }

    /// The text in this style, if the output shows colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    /// A table with columns of these names, which fits into the width.
    pub(crate) fn table<const N: usize>(self, names: [&str; N]) -> Table {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL_CONDENSED)
            .set_header(names.map(|name| self.paint(BOLD, name)))
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width);
        table
    }
}

/// The style of titles.
pub(crate) const BOLD: Style = Style::new().effects(Effects::BOLD);
/// The style of secondary text.
pub(crate) const DIM: Style = Style::new().effects(Effects::DIMMED);

/// The style of a status.
pub(crate) const fn status_style(status: TaskStatus) -> Style {
    let color = match status {
        TaskStatus::Pending => return DIM,
        TaskStatus::InProgress => AnsiColor::Blue,
        TaskStatus::Completed => AnsiColor::Green,
        TaskStatus::Failed => AnsiColor::Red,
        TaskStatus::Paused => AnsiColor::Yellow,
    };
    color.on_default().effects(Effects::BOLD)
}

/// The beginning of an untrusted text from a server.
pub(crate) fn shown_beginning(text: &str) -> String {
    const LONGEST: usize = 200;
    let beginning: String = text.chars().take(LONGEST).collect();
    let cut = if beginning.len() < text.len() {
        " …"
    } else {
        ""
    };
    format!("{}{cut}", shown(&beginning))
}

/// A received text with two kinds of characters escaped: control characters, which could command
/// the terminal, and bidirectional controls, which could make the text read as another.
pub(crate) fn shown(text: &str) -> String {
    let turns = |character| matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = text.chars().map(
        |character| match character.is_control() || turns(character) {
            true => character.escape_unicode().to_string(),
            false => character.to_string(),
        },
    );
    shown.collect()
}

/// Writes a line to the standard error. Its reader may have closed it: no error.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Replaces the text on the standard error's line, if the standard error is a terminal.
pub(crate) fn show_progress(text: &str) {
    const ERASE: &str = "\r\u{1b}[K";
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "{ERASE}{text}");
    }
}

/// Writes a line to the standard output. A reader such as `head` may have closed it: no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write to the standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
