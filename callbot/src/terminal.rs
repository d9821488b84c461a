//! Output to a terminal: colour, width, and characters safe to print.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Effects, Style};
use clap::ColorChoice;
use comfy_table::{ContentArrangement, Table};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use task_callback::contract::callback::TaskStatus;

use crate::Failure;

/// The arguments for text output.
#[derive(clap::Args)]
pub(crate) struct TerminalArgs {
    /// When to use colour; auto means in a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    /// Maximum width of the output, in columns [default: the terminal's width, or no limit without a terminal]
    #[arg(long, value_name = "COLUMNS")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
}

impl TerminalArgs {
    /// The properties of standard output, unless the arguments set them.
    pub(crate) fn stdout(&self) -> Terminal {
        let stdout = io::stdout();
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never
            }
        };
        // A terminal of unknown size reports 0.
        let columns = || {
            let size = stdout.is_terminal().then(|| tcgetwinsize(&stdout).ok());
            size.flatten().map(|size| size.ws_col).filter(|&n| n > 0)
        };
        Terminal {
            color,
            width: self.width.or_else(columns),
        }
    }
}

/// The properties of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether it shows colour.
    pub(crate) color: bool,
    /// The number of columns; `None` for no limit.
    pub(crate) width: Option<u16>,
}

impl Terminal {
    /// The text in this style, if the output shows colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    /// Fits a table into the width.
    pub(crate) fn fit(self, table: &mut Table) {
        if let Some(width) = self.width {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
    }

    /// The text, cut where a line would not hold it beside so many other characters.
    pub(crate) fn cut(self, text: &str, others: usize) -> String {
        const LEAST: usize = 8;
        let room = self
            .width
            .map(|width| usize::from(width).saturating_sub(others).max(LEAST));
        match room {
            Some(room) if text.chars().count() > room => {
                let beginning: String = text.chars().take(room - 1).collect();
                beginning + "…"
            }
            _ => text.to_owned(),
        }
    }

    /// Whether a line of this length fits.
    pub(crate) fn fits(self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width.into())
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

/// The beginning of a text that a server has sent, which may be anything.
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

/// A received text with its control characters escaped, since they could command the terminal, and those that change
/// the direction of writing, since they could make it read as another text.
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

/// Whether the reader has closed the standard output, which a process without output would not notice otherwise.
pub(crate) fn stdout_is_closed() -> bool {
    let stdout = io::stdout();
    let mut stdout = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let gone = PollFlags::ERR | PollFlags::HUP;
    poll(&mut stdout, Some(&at_once)).is_ok() && stdout[0].revents().intersects(gone)
}

/// Writes a line to the standard error. Its reader may have closed it, which is no error.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes a line to the standard output and flushes it. Returns whether the output is still open: a reader such as
/// `head` may close it, which is no error.
pub(crate) fn print(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("cannot write to the standard output: {error}").into()),
    }
}
