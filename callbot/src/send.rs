//! `callbot send`: sends callbacks as the platform does.

use std::path::PathBuf;
use std::process::ExitCode;

use reqwest::Url;

use crate::client::{Sender, http_url};
use crate::credentials::CredentialsArgs;
use crate::event::{Event, SAMPLES};
use crate::terminal::print;
use crate::when::now;
use crate::{Failure, exit_code};

/// Sign events and send them as the platform does
///
/// The exit code is 1 if an answer does not have the expected retCode: 0, or that of the sample.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot send events/pending.json --url http://127.0.0.1:9000
  callbot send --status COMPLETED --task my-task --url http://127.0.0.1:9000")]
pub(crate) struct Args {
    /// Files with API Gateway events, such as events/pending.json; - is the standard input
    #[arg(required_unless_present = "status", conflicts_with = "status")]
    events: Vec<PathBuf>,
    /// Send a sample of this status, about a task created now, instead of files
    #[arg(long, ignore_case = true, requires = "task")]
    #[arg(value_parser = SAMPLES.map(|(status, _)| status))]
    status: Option<String>,
    /// Task id of the sample
    #[arg(long, value_name = "ID", requires = "status")]
    task: Option<String>,
    /// URL: the stack's output CallbackUrl. A URL without a path gets the path of each event
    #[arg(long, value_name = "URL", value_parser = http_url)]
    url: Url,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

impl Args {
    /// The events with their names.
    fn events(&self) -> Result<Vec<(String, Event)>, Failure> {
        let Some(status) = &self.status else {
            let files = self.events.iter();
            let files = files.map(|path| Ok((path.display().to_string(), Event::load(path)?)));
            return files.collect();
        };
        let task = self.task.as_deref().unwrap_or_default();
        let is_named = |(name, _): &(&str, _)| name.eq_ignore_ascii_case(status);
        let samples = SAMPLES.into_iter().filter(is_named);
        let samples =
            samples.map(|(name, json)| Ok((name.to_owned(), Event::sample(json, task, now())?)));
        samples.collect()
    }
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = args.credentials.load()?;
    let events = args.events()?;
    let sender = Sender::new(args.url.clone())?;
    let width = events.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or_default();

    let mut all_right = true;
    let mut create_ts = now();
    for (name, event) in events {
        if !event.about.resend {
            create_ts = now();
        }
        let expected = event.about.ret_code;
        let reply = sender.send(event, &credentials, create_ts).await?;
        let is_right = reply.is(expected);
        let (codes, details) = (reply.codes(), reply.details());
        let answer = match (is_right, reply.is(0)) {
            (true, true) => reply.to_string(),
            (true, false) => format!("{codes}  (as expected){details}"),
            (false, _) => format!("{codes}  (retCode {expected} expected){details}"),
        };
        print(&format!("{name:width$}  {answer}"))?;
        all_right &= is_right;
    }
    Ok(exit_code(all_right))
}
