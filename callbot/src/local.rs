//! `callbot local`: a DynamoDB engine to develop against.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitCode, ExitStatus};

use rustix::process::Signal;
use tokio::process::Command;

use crate::engine::LocalEngine;
use crate::process::{Process, shutdown_signal};
use crate::terminal::{print, warn};
use crate::{Failure, TROUBLE};

/// Run a local DynamoDB engine with the snapshots table
///
/// Without a command, the engine runs until Ctrl-C. With a command, it runs until the command ends; callbot then ends
/// with the command's exit code, or with 128 plus the number of the signal that ended the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot local --db .local/snapshots.db
  callbot local -- cargo lambda watch")]
pub(crate) struct Args {
    /// Port of the engine on this machine; 0 chooses a free port
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// File that the data are kept in [default: memory]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Name of the table
    #[arg(long, default_value = "snapshots")]
    table: String,
    /// Command to run; its environment has AWS_ENDPOINT_URL_DYNAMODB, AWS_REGION, credentials and TABLE_NAME for the engine
    #[arg(last = true)]
    command: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let engine = LocalEngine::start(args.port, args.db.as_deref(), &args.table).await?;
    let mut stop = pin!(shutdown_signal());
    let started = format!("DynamoDB engine at {}, table {}", engine.url(), args.table);
    let exit_code = match args.command.split_first() {
        None => {
            print(&started)?;
            print("To use it from another terminal:")?;
            for (name, value) in engine.environment() {
                print(&format!("  export {name}={value}"))?;
            }
            print("Ctrl-C stops it.")?;
            stop.await?;
            ExitCode::SUCCESS
        }
        Some((program, arguments)) => {
            // The standard output is the command's.
            warn(&started);
            let mut command = Command::new(program);
            command.args(arguments).envs(engine.environment());
            let mut process = Process::start(&mut command)?;
            let status = loop {
                tokio::select! {
                    status = process.wait() => break status?,
                    signal = &mut stop => match signal? {
                        // The command has got the Ctrl-C, too, since both are in the terminal's foreground. It may go on.
                        Signal::INT => stop.set(shutdown_signal()),
                        signal => break process.stop(signal).await?,
                    }
                }
            };
            exit_code(status)
        }
    };
    engine.stop().await;
    Ok(exit_code)
}

/// The exit code that a shell gives a command.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(TROUBLE).into()
}
