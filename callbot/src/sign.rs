//! `callbot sign`: signs a stored event anew.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Failure;
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::platform;
use crate::terminal::print;
use crate::when::now;

/// Print an event with a fresh createTs, requestID and sign, ready for `cargo lambda invoke --data-file` or
/// `sam local invoke -e`
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot sign events/completed.json > .local/event.json")]
pub(crate) struct Args {
    /// An API Gateway event, such as events/completed.json
    event: PathBuf,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut event = Event::load(&args.event)?;
    platform::sign(&mut event, &args.credentials.load()?, now())?;
    print(&event.to_json())?;
    Ok(ExitCode::SUCCESS)
}
