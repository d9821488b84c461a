//! `callbot replay`: what was refused, once more.
//!
//! The key of a snapshot is the time of the report, so that is kept: a report of yesterday that is sent as of now
//! would be a task's newest snapshot, and an `IN_PROGRESS` above its `COMPLETED`. The function refuses what is older
//! than its MAX_CALLBACK_AGE_SECONDS, which for the time of a replay can be raised at little risk: a callback that a stranger has
//! overheard and plays back is the same snapshot, stored once. `--as-of-now` is for those who cannot raise it.

mod attempt;
mod log;
mod reading;
mod refused;
mod totals;

use std::path::PathBuf;
use std::process::ExitCode;

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Url;

use crate::Failure;
use crate::aws::Aws;
use crate::aws::error_message;
use crate::client::Sender;
use crate::credentials::CredentialsArgs;
use crate::table::Table;
use crate::terminal::print;
use crate::when::now;
use attempt::Replayer;
use reading::Reading;
use totals::Totals;

/// Send authentic callbacks again that the function has refused, out of its log
///
/// Takes the function's log from files or a pipe, as `sam logs`, `aws logs tail`, `aws logs filter-log-events` and Logs
/// Insights give it: the lines of 4001, 4220, 5000 and 5030 hold the body. Shows what it would send; --send sends it,
/// newly signed, under the time at which it was reported. The same report is sent once, however often it stands
/// there. Ends with an error where one is not stored.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  aws logs tail LOG_GROUP --since 1d > function.log
  callbot replay function.log --table TABLE_NAME
  callbot replay function.log --table TABLE_NAME --send --url CALLBACK_URL --credentials .local/credentials.json")]
pub(crate) struct Args {
    /// Files with the function's log; without one, or as -, standard input
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Send, instead of showing what would be sent
    #[arg(long, requires = "url")]
    send: bool,
    /// Where to: the stack's CallbackUrl
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    #[command(flatten)]
    credentials: CredentialsArgs,
    /// The snapshots table, the stack's output TableName: what is in it already is not sent
    #[arg(long, env = "TABLE_NAME")]
    table: Option<String>,
    /// Read a local engine at this address instead of DynamoDB
    #[arg(long, value_name = "URL", requires = "table")]
    local: Option<String>,
    /// Store what is too old for the function's clock under the time of the replay: a task's newest snapshot may then be
    /// an old report
    #[arg(long, requires = "table")]
    as_of_now: bool,
    /// How many callbacks are on their way at once; with more than one, reports of the same second may change their
    /// order, and with --as-of-now it is always one
    #[arg(long, value_name = "C", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let credentials = match args.send {
        true => Some(args.credentials.load()?),
        false => args.credentials.load_if_given()?,
    };
    let table = match &args.table {
        Some(table) => Some(Table::new(&Aws::at(args.local.as_deref()).await, table)),
        None => None,
    };
    let url = args.url.clone().filter(|_| args.send);
    let replayer = Replayer {
        credentials,
        table,
        sender: url.map(Sender::new).transpose()?,
        as_of_now: args.as_of_now,
    };
    let concurrency = if args.as_of_now { 1 } else { args.concurrency };

    let mut reading = Reading::start(args.logs.clone())?;
    let mut totals = Totals::default();
    let mut stopped = None;
    {
        let refused = stream::poll_fn(|context| reading.refused.poll_recv(context));
        let attempts = refused
            .map(async |refused| {
                let attempt = replayer.replay(&refused, now()).await;
                (refused, attempt)
            })
            .buffered(concurrency.into());
        let mut attempts = std::pin::pin!(attempts);
        while let Some((refused, attempt)) = attempts.next().await {
            match attempt {
                Ok(attempt) => {
                    // Who does not read on wants no more to be shown; what is to be sent is sent.
                    let read = print(&attempt.line(&refused, now()).to_string())?;
                    if !read && !args.send {
                        return Ok(ExitCode::SUCCESS);
                    }
                    totals.count(&refused, &attempt, now());
                }
                Err(error) => {
                    stopped = Some(error);
                    break;
                }
            }
        }
    }
    if let Some(error) = stopped {
        print(&totals.to_string())?;
        let error = error_message(&*error);
        return Err(format!("{error}. Stopped at once; the same again goes on from here").into());
    }
    let counts = reading.counts()?;
    print(&totals.with(counts, &replayer).to_string())?;
    Ok(match totals.all_stored() && counts.broken == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
