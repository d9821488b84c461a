//! `callbot send`: sends callbacks as the platform does.

mod rehearsal;
mod scenario;

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;

use crate::client::{Sender, http_url};
use crate::credentials::CredentialsArgs;
use crate::event::Event;
use crate::table::TableArgs;
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};
use scenario::Scenario;

/// Sign events and send them as the platform does, or simulate a task's whole lifecycle
///
/// The exit code is 1 if a callback was not acknowledged.
#[derive(clap::Args)]
#[command(mut_arg("table", |arg| arg.help("Table in the callbot history command that --scenario prints")))]
#[command(mut_arg("endpoint_url", |arg| arg.help("Endpoint URL in the callbot history command that --scenario prints")))]
#[command(after_help = "Examples:
  callbot send events/pending.json events/completed.json --url http://127.0.0.1:9000
  callbot send --scenario pauses --speed 600x --url CALLBACK_URL --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// Files with API Gateway events, such as events/pending.json; - is the standard input
    #[arg(required_unless_present = "scenario", conflicts_with = "scenario")]
    events: Vec<PathBuf>,
    /// Lifecycle to simulate, with new tasks whose ids begin with rehearsal-
    #[arg(long, value_name = "NAME")]
    scenario: Option<Scenario>,
    /// Speed of the scenario as a multiple of real time, from 1x to 100000x; the table has the real times of the reports
    #[arg(long, default_value = "60x", value_parser = rehearsal::speed)]
    #[arg(requires = "scenario", conflicts_with = "events")]
    speed: f64,
    /// URL to send to: the stack's output CallbackUrl. If the URL has no path, each event's own path is appended
    #[arg(long, value_name = "URL", value_parser = http_url)]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
    #[command(flatten)]
    table: TableArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = args.credentials.load()?;
    if let Some(scenario) = args.scenario {
        return rehearsal::play(scenario, args, &credentials).await;
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
