//! `callbot parked`: the refused callbacks that wait in a queue.

mod listing;
mod queue;
mod table;

use std::process::ExitCode;

use aws_sdk_sqs::types::Message;
use reqwest::Url;
use task_callback::contract::parked::ParkedCallback;

use crate::Failure;
use crate::aws::{AwsArgs, Resource};
use crate::client::http_url;
use crate::number::number;
use crate::progress::counted;
use crate::terminal::{Terminal, print, show_progress, warn};
use listing::{Listing, receive_all};
use queue::Queue;

/// List the refused callbacks in the parked queue, move dead letters back to it, or delete them
///
/// The function tries each parked callback every 5 minutes. After 100 tries, SQS moves the callback
/// to the dead-letter queue. A listing takes no message out of a queue, but counts as one try.
/// Callbacks that SQS hides between two tries are only counted; their reasons are in the log.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot parked --stack task-callback
  callbot parked --stack task-callback --delete --ret-code 4010,4220
  callbot parked --stack task-callback --redrive")]
pub(crate) struct Args {
    /// URL of the parked queue, instead of the one of --stack [env: PARKED_QUEUE_URL]
    #[arg(long, value_name = "URL", conflicts_with = "stack")]
    queue: Option<String>,
    /// Move the dead letters back to the parked queue, where the function tries them at once
    #[arg(long, group = "action", conflicts_with = "json")]
    redrive: bool,
    /// Delete dead letters that can never be stored; this cannot be undone
    #[arg(long, group = "action", conflicts_with = "json", requires = "ret_code")]
    delete: bool,
    /// Move or delete only dead letters with one of these retCodes
    #[arg(long, value_name = "CODE", value_delimiter = ',', requires = "action")]
    #[arg(value_parser = number(1_000..=9_999_u16))]
    ret_code: Vec<u16>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

const QUEUE: Resource = Resource {
    option: "--queue (PARKED_QUEUE_URL)",
    variable: Some("PARKED_QUEUE_URL"),
    output: "ParkedQueueUrl",
};

/// Parses the URL of a queue.
fn queue_url(text: &str) -> Result<Url, String> {
    let url = http_url(text).ok().filter(|url| !url.path().ends_with('/'));
    let example = "https://sqs.eu-central-1.amazonaws.com/123456789012/NAME";
    url.ok_or_else(|| format!("{text} is not a queue URL such as {example}"))
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (aws, url) = args.aws.find(QUEUE, args.queue.as_deref()).await?;
    let url = queue_url(&url)?;
    let parked = Queue::new(&aws, url.as_str());
    let dead_letters = parked.dead_letter_queue(&aws).await?;
    let text = if args.redrive || args.delete {
        args.empty(&dead_letters, &parked).await?
    } else {
        let listing = Listing::read(&parked, &dead_letters).await?;
        match args.json {
            true => serde_json::to_string_pretty(&listing)?,
            false => table::render(&listing, Terminal::stdout()),
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Moves the chosen dead letters back, or deletes them.
    ///
    /// SQS's StartMessageMoveTask cannot choose among messages, and emulators lack it.
    async fn empty(&self, dead_letters: &Queue, parked: &Queue) -> Result<String, Failure> {
        let mut messages = Vec::new();
        let received = receive_all(dead_letters, &mut messages).await;
        let is_chosen = |message: &Message| {
            let parked = ParkedCallback::from_json(message.body().unwrap_or_default());
            self.ret_code.is_empty() || parked.is_ok_and(|it| self.ret_code.contains(&it.ret_code))
        };
        let (chosen, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_chosen);
        let all = counted(chosen.len() + others.len(), "dead letter");
        let (doing, done) = match self.delete {
            true => ("Deleting", "deleted"),
            false => ("Moving back", "moved back"),
        };
        let count = chosen.len();
        warn(&format!("{doing} {count} of {all}."));
        for (number, message) in chosen.iter().enumerate() {
            show_progress(&format!("{doing}: {number} of {count}"));
            let result = match self.delete {
                true => dead_letters.delete(message).await.map_err(Failure::from),
                false => dead_letters.move_to(parked, message).await,
            };
            show_progress("");
            if let Err(error) = result {
                let left = [&chosen[number..], &others].concat();
                dead_letters.give_back(&left).await.ok();
                return Err(
                    format!("{error}. No dead letter is lost: run this command again").into(),
                );
            }
        }
        // Otherwise they stay hidden until the visibility timeout ends.
        dead_letters.give_back(&others).await?;
        let advice = match received? {
            true => "`callbot parked` shows what waits now",
            false => "There are more dead letters: run this command again",
        };
        let count = counted(count, "dead letter");
        Ok(format!("{count} {done}. {advice}."))
    }
}
