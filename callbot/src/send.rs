//! `callbot send`: sends callbacks as the platform does.

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;

use crate::client::{Sender, http_url};
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};

/// Sign events and send them as the platform does
///
/// The exit code is 1 if a callback was not acknowledged.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot send events/pending.json events/completed.json --url http://127.0.0.1:9000")]
pub(crate) struct Args {
    /// Files with API Gateway events, such as events/pending.json; - is the standard input
    #[arg(required = true)]
    events: Vec<PathBuf>,
    /// URL to send to: the stack's output CallbackUrl. If the URL has no path, each event's own path is appended
    #[arg(long, value_name = "URL", value_parser = http_url)]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = args.credentials.load()?;
    let events = args.events.iter().map(|path| Event::load(path));
    let events: Vec<Event> = events.collect::<Result<_, _>>()?;
    let sender = Sender::new(args.url.clone())?;
    let names = args.events.iter().map(|path| path.display().to_string());
    let names: Vec<String> = names.collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();

    let mut all_taken = true;
    let mut create_ts = now();
    for (name, event) in names.iter().zip(events) {
        if !event.about.resend {
            create_ts = now();
        }
        let reply = sender.send(event, &credentials, create_ts).await?;
        print(&format!("{name:width$}  {reply}"))?;
        all_taken &= reply.is_acknowledged();
    }
    Ok(exit_code(all_taken))
}
