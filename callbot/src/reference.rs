//! `callbot reference`: generates callbot/README.md from the definitions of the arguments.

use std::fmt::Write;
use std::process::ExitCode;

use clap::{Arg, Command, CommandFactory};

use crate::terminal::print;
use crate::{Cli, Failure};

const HEAD: &str = "# callbot

This reference is generated from the tool's definitions. Do not edit it. To regenerate it, run:

    cargo run --locked --package callbot -- reference > callbot/README.md
";

pub(crate) fn run() -> Result<ExitCode, Failure> {
    print(reference()?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn reference() -> Result<String, std::fmt::Error> {
    let mut root = Cli::command();
    root.build();
    let mut text = HEAD.to_owned();
    if let Some(exit_codes) = root.get_after_help() {
        let exit_codes = exit_codes.to_string();
        let lines = exit_codes
            .lines()
            .skip(1)
            .filter_map(|line| line.trim().split_once("  "));
        writeln!(text, "\n## Exit codes\n")?;
        for (code, meaning) in lines {
            writeln!(text, "- `{code}`: {}", sentence(meaning))?;
        }
    }
    for command in root.get_subcommands().filter(|command| is_shown(command)) {
        section(&mut text, command)?;
    }
    Ok(text)
}

fn is_shown(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}

fn section(text: &mut String, command: &Command) -> std::fmt::Result {
    let name = command.get_name();
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let paragraphs: Vec<_> = about.split("\n\n").map(sentence).collect();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    write!(
        text,
        "\n## callbot {name}\n\n{}\n\n    {usage}\n\n",
        paragraphs.join("\n\n")
    )?;
    let arguments = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && arg.get_id() != "help");
    for argument in arguments {
        item(text, argument)?;
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let (title, examples) = examples.split_once('\n').unwrap_or(("", &examples));
        write!(text, "\n{title}\n\n```sh\n")?;
        for example in examples.lines() {
            writeln!(text, "{}", example.trim_start())?;
        }
        writeln!(text, "```")?;
    }
    Ok(())
}

/// One argument: its names, help, default and values.
fn item(text: &mut String, argument: &Arg) -> std::fmt::Result {
    let help = argument.get_long_help().or(argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    write!(text, "- `{argument}`: {}", sentence(&help))?;
    let takes_value = argument.get_action().takes_values();
    if takes_value && !argument.get_default_values().is_empty() {
        let defaults = argument.get_default_values().iter();
        let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
        write!(text, " Default: `{}`.", defaults.join(" "))?;
    }
    if let Some(variable) = argument.get_env() {
        write!(text, " Variable: `{}`.", variable.to_string_lossy())?;
    }
    let values = argument.get_possible_values();
    let (named, explained): (Vec<_>, Vec<_>) = values
        .iter()
        .filter(|_| takes_value)
        .partition(|value| value.get_help().is_none());
    if !named.is_empty() {
        let names: Vec<_> = named
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        write!(text, " Values: {}.", names.join(", "))?;
    }
    writeln!(text)?;
    for value in explained {
        let help = value
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        writeln!(text, "  - `{}`: {}", value.get_name(), sentence(&help))?;
    }
    Ok(())
}

/// Ends a help text with a full stop, which clap's convention omits.
fn sentence(help: &str) -> String {
    match help.ends_with(['.', ':', '!', '?']) || help.is_empty() {
        true => help.to_owned(),
        false => format!("{help}."),
    }
}
