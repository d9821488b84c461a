//! What the person's terminal can show: colour, and how many columns.

use std::io::{self, ErrorKind, IsTerminal, Write};

use anstyle::{AnsiColor, Effects, Style};
use clap::ColorChoice;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use task_callback::contract::callback::TaskStatus;

use crate::Failure;

/// How a command writes for people.
#[derive(clap::Args)]
pub(crate) struct TerminalArgs {
    /// Colour: with auto in a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
    /// Write for so many columns; otherwise for as many as the terminal has, and in full where there is none
    #[arg(long, value_name = "COLUMNS")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
}

impl TerminalArgs {
    /// Looks at the standard output, where the arguments leave it open.
    pub(crate) fn stdout(&self) -> Terminal {
        let stdout = io::stdout();
        let color = match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never
            }
        };
        // A terminal that does not know its size says 0.
        let columns = || {
            let size = stdout.is_terminal().then(|| tcgetwinsize(&stdout).ok());
            size.flatten().map(|size| size.ws_col).filter(|&n| n > 0)
        };
        Terminal {
            color,
            width: self.width.or_else(columns).map(usize::from),
        }
    }
}

/// What a text is written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether it shows colour.
    pub(crate) color: bool,
    /// Its columns; `None`: as many as it takes.
    pub(crate) width: Option<usize>,
}

impl Terminal {
    /// The text in this style, where there is colour.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        match self.color && !text.is_empty() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }

    /// Whether a line of so many columns fits.
    pub(crate) fn fits(self, columns: usize) -> bool {
        self.width.is_none_or(|width| columns <= width)
    }
}

/// For what a table is about.
pub(crate) const BOLD: Style = Style::new().effects(Effects::BOLD);
/// For what is said beside.
pub(crate) const DIM: Style = Style::new().effects(Effects::DIMMED);

/// A status' colour: what goes on is blue, what went well green, what did not red, and what waits yellow.
pub(crate) const fn style_of(status: TaskStatus) -> Style {
    let color = match status {
        TaskStatus::Pending => return DIM,
        TaskStatus::InProgress => AnsiColor::Blue,
        TaskStatus::Completed => AnsiColor::Green,
        TaskStatus::Failed => AnsiColor::Red,
        TaskStatus::Paused => AnsiColor::Yellow,
    };
    color.on_default().effects(Effects::BOLD)
}

/// A text from elsewhere as a line may show it: what would move the cursor, or more, is written as its code.
pub(crate) fn shown(text: &str) -> String {
    let shown = text.chars().map(|character| match character.is_control() {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    });
    shown.collect()
}

/// Whether nobody reads the standard output any more: who has nothing to write would not learn of it otherwise.
pub(crate) fn reader_is_gone() -> bool {
    let stdout = io::stdout();
    let mut stdout = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let gone = PollFlags::ERR | PollFlags::HUP;
    poll(&mut stdout, Some(&at_once)).is_ok() && stdout[0].revents().intersects(gone)
}

/// Writes a line to the standard output at once. That nobody reads on, as `head` does not, is the reader's wish and
/// no failure: it returns whether anybody does.
pub(crate) fn print(text: &str) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(format!("cannot write to the standard output: {error}").into()),
    }
}
