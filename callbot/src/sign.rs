//! `callbot sign`: signs a stored event anew.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::credentials::CredentialsArgs;
use crate::event::{Event, queue_event, read_json};
use crate::terminal::print;
use crate::when::now;

/// Print an event with a new createTs, requestID and sign
///
/// The output is an event for `cargo lambda invoke --data-file` or `sam local invoke -e`. The event
/// of a queue is printed unchanged: the function verifies a parked callback as of its receipt.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot sign events/completed.json > .local/event.json")]
pub(crate) struct Args {
    /// File with the event, such as events/completed.json; - is the standard input
    event: PathBuf,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let json = read_json(&args.event)?;
    let signed = match queue_event(&json) {
        Some(event) => event,
        None => {
            let mut event = Event::of_file(&args.event, json)?;
            event.sign(&args.credentials.load()?, now())?;
            event.to_json()
        }
    };
    print(&signed)?;
    Ok(ExitCode::SUCCESS)
}
