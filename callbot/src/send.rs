//! `callbot send`: sends callbacks as the platform does.

mod rehearsal;
mod scenario;

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;

use crate::client::Sender;
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};
use scenario::Scenario;

/// Sign events now and send them, or rehearse a life, as the platform does
///
/// Ends with an error where one is not acknowledged.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot send events/pending.json events/completed.json --url http://127.0.0.1:9000
  callbot send --scenario pauses --speed 600x --url CALLBACK_URL --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// API Gateway events, such as events/pending.json events/completed.json
    #[arg(required_unless_present = "scenario", conflicts_with = "scenario")]
    events: Vec<PathBuf>,
    /// Rehearse this instead: new tasks, whose ids begin with rehearsal-
    #[arg(long, value_name = "NAME")]
    scenario: Option<Scenario>,
    /// How many times as fast the scenario goes; the table has the times at which the reports were really made
    #[arg(long, default_value = "60x", value_parser = rehearsal::speed)]
    #[arg(requires = "scenario", conflicts_with = "events")]
    speed: f64,
    /// Where to: the stack's CallbackUrl; to an address without a path, each event's own path is added
    #[arg(long, value_name = "URL")]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = args.credentials.load()?;
    if let Some(scenario) = args.scenario {
        return rehearsal::play(scenario, args.speed, &args.url, &credentials).await;
    }
    let events: Vec<Event> = args
        .events
        .iter()
        .map(|path| Event::load(path))
        .collect::<Result<_, _>>()?;
    let sender = Sender::new(args.url.clone())?;
    let width = args.events.iter().map(|p| p.as_os_str().len()).max();
    let width = width.unwrap_or_default();

    let mut all_taken = true;
    let mut create_ts = now();
    for event in events {
        if !event.about.resend {
            create_ts = now();
        }
        let name = event.path.display().to_string();
        let reply = sender.send(event, &credentials, create_ts).await?;
        print(&format!("{name:width$}  {reply}"))?;
        all_taken &= reply.is_acknowledged();
    }
    Ok(exit_code(all_taken))
}
