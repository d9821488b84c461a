//! `callbot parked`: the callbacks that were refused and wait on a queue.

mod listing;
mod queue;
mod table;

use std::process::ExitCode;

use reqwest::Url;

use crate::Failure;
use crate::aws::{Aws, AwsError, EndpointArgs};
use crate::progress::counted;
use crate::terminal::{Terminal, print};
use listing::Listing;
use queue::Queue;

/// List the refused callbacks that wait in the parked queue, or move the dead letters back to it
///
/// SQS hides a parked callback between two tries; such callbacks are only counted, and their reasons are in the function's
/// log. The function tries each parked callback again every 5 minutes. After 100 tries the callback is a dead letter. Every
/// message stays in its queue when it is listed, but SQS counts the listing as one of the 100 tries.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot parked --queue PARKED_QUEUE_URL
  callbot parked --queue PARKED_QUEUE_URL --redrive")]
pub(crate) struct Args {
    /// URL of the parked queue: the stack's output ParkedQueueUrl
    #[arg(long, value_name = "URL", env = "PARKED_QUEUE_URL")]
    queue: String,
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// Move the dead letters back to the parked queue, where the function tries each of them at once
    #[arg(long, conflicts_with = "json")]
    redrive: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let aws = aws(args).await;
    let parked = Queue::new(&aws, &args.queue);
    let dead_letters = parked.dead_letter_queue(&aws).await?;
    let text = if args.redrive {
        let moved = redrive(&dead_letters, &parked).await.map_err(|error| {
            format!("{error}. No dead letter is lost; --redrive moves the rest")
        })?;
        let moved = counted(moved, "dead letter");
        format!("{moved} moved back. `callbot parked` shows those that the function refuses again.")
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

/// Moves the dead letters back until there are no more, and counts them.
///
/// By hand rather than with SQS's StartMessageMoveTask, which emulators lack.
async fn redrive(dead_letters: &Queue, parked: &Queue) -> Result<usize, AwsError> {
    let mut count = 0;
    loop {
        let messages = dead_letters.receive().await?;
        if messages.is_empty() {
            return Ok(count);
        }
        for message in &messages {
            dead_letters.move_to(parked, message).await?;
        }
        count += messages.len();
    }
}

/// The configuration, in the region of the queue's URL if it is one of AWS's.
async fn aws(args: &Args) -> Aws {
    let aws = args.endpoint.aws().await;
    let url = args.queue.parse::<Url>().ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    match host.split('.').collect::<Vec<_>>()[..] {
        ["sqs", region, "amazonaws", ..] => aws.in_region(region),
        _ => aws,
    }
}
