//! `callbot`, the developer's tool. It sends callbacks (sign, send), reads what is stored (history,
//! tasks, parked), serves a deployment (secret, check) and runs a local stack (local, demo).

#![forbid(unsafe_code)]

mod aws;
mod check;
mod client;
mod credentials;
mod demo;
mod engine;
mod event;
mod history;
mod input;
mod local;
mod number;
mod parked;
mod process;
mod progress;
mod secret;
mod send;
mod sign;
mod table;
mod tasks;
mod terminal;
mod when;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Send signed callbacks as the callbot platform does, read histories, and run everything locally
#[derive(Parser)]
#[command(name = "callbot", version, max_term_width = 100)]
#[command(after_help = "Exit codes:
  0  Done, and the result is as expected
  1  Done, but a callback was refused, a check failed or nothing is stored
  2  Not done: the arguments are wrong, or AWS, a file or a program failed")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    History(history::Args),
    Tasks(tasks::Args),
    Parked(parked::Args),
    Secret(secret::Args),
    Check(check::Args),
    Send(send::Args),
    Sign(sign::Args),
    Local(local::Args),
    Demo(demo::Args),
}

/// The error of any command, printed to the user.
type Failure = Box<dyn std::error::Error>;

/// The exit code of a command that has done its work: 1 if the result is not as expected.
fn exit_code(as_expected: bool) -> ExitCode {
    ExitCode::from(u8::from(!as_expected))
}

/// The exit code of a command that could not do its work. Clap uses it for wrong arguments, too.
const TROUBLE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing else has chosen a TLS provider");
    let result = match Cli::parse().command {
        Command::History(args) => history::run(&args).await,
        Command::Tasks(args) => tasks::run(&args).await,
        Command::Parked(args) => parked::run(&args).await,
        Command::Secret(args) => secret::run(&args).await,
        Command::Check(args) => check::run(&args).await,
        Command::Send(args) => send::run(&args).await,
        Command::Sign(args) => sign::run(&args),
        Command::Local(args) => local::run(&args).await,
        Command::Demo(demo::Args) => demo::run().await,
    };
    result.unwrap_or_else(|error| {
        terminal::warn(&format!("callbot: {error}"));
        ExitCode::from(TROUBLE)
    })
}
