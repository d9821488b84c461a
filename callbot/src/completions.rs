//! `callbot completions`: completion scripts for shells.

use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Cli, Failure};

/// Print what makes a shell complete callbot's commands and options
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot completions bash > ~/.local/share/bash-completion/completions/callbot
  callbot completions zsh > ~/.zfunc/_callbot        # with ~/.zfunc in fpath
  callbot completions fish > ~/.config/fish/completions/callbot.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    // Not directly to standard output: the generator panics if the output is closed early.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "callbot", &mut script);
    stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
