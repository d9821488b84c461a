//! The tool, as it is run from a shell.

mod aws_trouble;
mod history_command;
mod reference;
mod replay;
mod replayed_logs;
mod scenario;
mod soak;
mod tasks;
mod tool;
