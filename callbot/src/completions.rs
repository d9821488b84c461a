//! `callbot completions`: completion scripts for shells.

use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::terminal::print;
use crate::{Cli, Failure};

/// Print a script that makes a shell complete callbot's commands and options
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot completions bash > ~/.local/share/bash-completion/completions/callbot
  callbot completions zsh > ~/.zfunc/_callbot        # with ~/.zfunc in fpath
  callbot completions fish > ~/.config/fish/completions/callbot.fish")]
pub(crate) struct Args {
    /// Shell that the script is for
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let cli = Cli::command();
    // clap_complete would write the hidden commands, too.
    let shown = cli
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut shown = Command::new("callbot")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(shown);
    // Not directly to standard output: the generator panics if the output is closed early.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut shown, "callbot", &mut script);
    print(String::from_utf8(script)?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
