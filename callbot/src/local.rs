//! `callbot local`: a DynamoDB engine to develop against.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::process::Command;

use crate::Failure;
use crate::process::{Process, shutdown_signal};
use crate::stack::{environment, start_engine};

/// Run a local DynamoDB engine with the template's table, until interrupted or, given a command, until that
/// ends
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot local --db .local/snapshots.db
  callbot local -- cargo lambda watch")]
pub(crate) struct Args {
    /// The engine's port on this machine; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Keep the data in this file; without it they are in memory
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// The table's name
    #[arg(long, default_value = "snapshots")]
    table: String,
    /// The template that defines the table
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
    /// A command to run against the engine, which gets it as its AWS environment
    #[arg(last = true)]
    command: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let engine = start_engine(args.port, args.db.as_deref(), &args.template, &args.table).await?;
    let environment = environment(&engine, &args.table);
    let url = engine.endpoint_url();
    println!("DynamoDB engine at {url}, table {}", args.table);
    let exit_code = match args.command.split_first() {
        None => {
            println!("To use it from another terminal:");
            for (name, value) in &environment {
                println!("  export {name}={value}");
            }
            println!("Ctrl-C stops it.");
            shutdown_signal().await?;
            ExitCode::SUCCESS
        }
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            let mut process = Process::start(command.args(arguments).envs(environment))?;
            tokio::select! {
                status = process.wait() => match status?.code() {
                    Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
                    None => ExitCode::FAILURE,
                },
                stop = shutdown_signal() => {
                    process.stop().await;
                    stop?;
                    ExitCode::SUCCESS
                }
            }
        }
    };
    engine.stop().await;
    Ok(exit_code)
}
