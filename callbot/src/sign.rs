//! `callbot sign`: signs a stored event anew.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::credentials::CredentialsArgs;
use crate::event::{Event, queue_event};
use crate::terminal::print;
use crate::when::now;

/// Print an event with a fresh createTs, requestID and sign, ready for `cargo lambda invoke --data-file` or
/// `sam local invoke -e`
///
/// A queue's event is printed as it is: a parked callback is judged by the time at which it was received.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot sign events/completed.json > .local/event.json")]
pub(crate) struct Args {
    /// An event, such as events/completed.json
    event: PathBuf,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(event) = queue_event(&args.event)? {
        print(&event)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut event = Event::load(&args.event)?;
    event.sign(&args.credentials.load()?, now())?;
    print(&event.to_json())?;
    Ok(ExitCode::SUCCESS)
}
