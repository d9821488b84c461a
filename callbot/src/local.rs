//! `callbot local`: a DynamoDB engine to develop against.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::engine::LocalEngine;
use crate::number::number;
use crate::process::shutdown_signal;
use crate::terminal::{print, warn};
use crate::{Failure, TROUBLE};

/// Run a local DynamoDB engine with the snapshots table
///
/// The data are in memory. The engine runs until Ctrl-C or, with a command, until the command ends.
/// The exit code is then the command's, or 128 plus the number of the signal that ended it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot local --port 8001
  callbot local -- cargo lambda watch")]
pub(crate) struct Args {
    /// Port of the engine on this machine; 0 chooses a free port
    #[arg(long, default_value_t = 8000, value_parser = number(0..=u16::MAX))]
    port: u16,
    /// Name of the table
    #[arg(long, default_value = "snapshots")]
    table: String,
    /// Command to run, with variables for the engine: endpoint, Region, credentials and TABLE_NAME
    #[arg(last = true)]
    command: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let engine = LocalEngine::start(args.port, &args.table).await?;
    let started = format!("DynamoDB engine at {}, table {}", engine.url(), args.table);
    match args.command.split_first() {
        None => {
            let stopped = shutdown_signal();
            print(&started)?;
            print("To use it from another terminal:")?;
            for (name, value) in engine.environment() {
                print(&format!("  export {name}={value}"))?;
            }
            print("Ctrl-C stops it.")?;
            stopped.await?;
            Ok(ExitCode::SUCCESS)
        }
        Some((program, arguments)) => {
            // Standard output belongs to the command.
            warn(&started);
            let mut command = Command::new(program);
            command.args(arguments).envs(engine.environment());
            Ok(exit_code(run_to_end(&mut command).await?))
        }
    }
}

/// Runs a command until it ends. The terminal also sends Ctrl-C to the command, which decides
/// whether to end. SIGTERM is passed on.
async fn run_to_end(command: &mut Command) -> Result<ExitStatus, Failure> {
    // While this exists, Ctrl-C does not end this process.
    let _interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = command.kill_on_drop(true).spawn().map_err(|error| {
        let program = command.as_std().get_program().display();
        format!("cannot run {program}: {error}")
    })?;
    tokio::select! {
        status = child.wait() => return Ok(status?),
        _ = terminate.recv() => {}
    }
    // SIGTERM and not SIGKILL, so that the command can end its children.
    let id = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    if let Some(id) = id {
        kill_process(id, Signal::TERM)?;
    }
    Ok(child.wait().await?)
}

/// The exit code that a shell gives a command.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    let code = code.and_then(|code| u8::try_from(code).ok());
    code.unwrap_or(TROUBLE).into()
}
