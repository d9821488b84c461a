//! `callbot soak`: a load test that proves that no report is lost.

mod answers;
mod audit;
mod drive;
mod faults;
mod forgery;
mod no_resend;
mod plan;
mod report;
mod stage;
mod tally;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;

use crate::client::Sender;
use crate::credentials::CredentialsArgs;
use crate::process::shutdown_signal;
use crate::table::{Range, Table, TableArgs};
use crate::terminal::print;
use crate::when::parse_duration;
use crate::{Failure, exit_code};
use plan::Plan;
use report::Report;
use stage::Stage;

/// Act as the platform at scale, then read the table back and prove that nothing was lost, doubled or forged
///
/// With --url against a stack that runs: `callbot soak --url CallbackUrl --table TableName`. With --function
/// against one of its own on this machine, in which everything goes wrong: the function's processes are killed
/// in the middle of calls, and the engine behind them fails. Ends with an error where one acknowledged report is
/// not in the table, or is there twice.
///
/// With --no-resend the platform sends every report once, whatever the answer. The stack then has the parked queue,
/// too, and one after the other Secrets Manager fails at cold starts, the secret is wrong, and DynamoDB is down. Ends
/// with an error where one report that was answered, refused or not, is not in the table once the queue is empty.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  callbot soak --url CALLBACK_URL --table TABLE_NAME --tasks 100 --credentials .local/credentials.json
  callbot soak --function target/lambda/task-callback/bootstrap --shuffle --report target/soak.json
  callbot soak --function target/lambda/task-callback/bootstrap --no-resend --moto \"$(make --silent moto)\"")]
pub(crate) struct Args {
    /// The stack's output CallbackUrl
    #[arg(long, value_name = "URL", required_unless_present = "function")]
    url: Option<Url>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    credentials: CredentialsArgs,
    /// Run this program, the function, in a stack of its own
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "endpoint_url"])]
    function: Option<PathBuf>,
    /// How many instances of the function, at the most
    #[arg(long, value_name = "N", default_value_t = 8, requires = "function")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    instances: u16,
    /// How many requests to the engine meet a fault
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = percent, requires = "function")]
    faults: f64,
    /// How many calls have their process killed meanwhile
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent, requires = "function")]
    kills: f64,
    /// Send nothing twice and forge nothing
    #[arg(long, requires = "function", requires = "moto")]
    #[arg(conflicts_with_all = ["concurrency", "duplicates", "forge"])]
    no_resend: bool,
    /// The Python that has moto, for SQS and Secrets Manager: `make moto` prints it
    #[arg(long, value_name = "PYTHON", requires = "no_resend")]
    moto: Option<PathBuf>,
    /// How long DynamoDB is down
    #[arg(
        long,
        value_name = "TIME",
        default_value = "2m30s",
        requires = "no_resend"
    )]
    #[arg(value_parser = parse_duration)]
    outage: Duration,
    /// Add the function's log to this file
    #[arg(long, value_name = "FILE", requires = "function")]
    log: Option<PathBuf>,
    /// The template that defines the table of a stack of its own
    #[arg(long, default_value = "template.yaml", requires = "function")]
    template: PathBuf,
    /// How many tasks
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: u32,
    /// How many reports of each
    #[arg(long, value_name = "M", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    callbacks: u32,
    /// How many callbacks are on their way at once
    #[arg(long, value_name = "C", default_value_t = 32)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// How many reports are sent again, half of them under a new requestID
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    duplicates: f64,
    /// How many forgeries there are, in per cent of the reports
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = percent)]
    forge: f64,
    /// Send the reports out of order
    #[arg(long)]
    shuffle: bool,
    /// What decides all that is random but the time: the same seed, the same tasks
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
}

/// What an interrupted run says that has read nothing back.
const INTERRUPTED: &str = "interrupted before the table was read: the run proves nothing";

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let plan = Plan::new(args);
    // A file that cannot be written is an error now, not after the run.
    args.report.as_deref().map(open).transpose()?;
    print(&plan.to_string())?;
    match (&args.function, &args.moto, &args.url) {
        (Some(function), Some(python), _) => no_resend::run(args, &plan, function, python).await,
        (Some(function), None, _) => {
            let credentials = stage_credentials();
            let environment = vec![("CALLBOT_CREDENTIALS", credentials.clone())];
            let stage = Stage::start(args, function, plan.seed, environment).await?;
            let credentials = credentials.parse()?;
            let url = stage.url().parse()?;
            soak(args, &plan, url, &credentials, &stage.table(), Some(&stage)).await
        }
        (None, _, Some(url)) => {
            let table = args.table.table().await?;
            let credentials = args.credentials.load()?;
            // An unreadable table is an error now, not after an hour of sending.
            table.task_history(&plan.run, Range::LATEST).await?;
            answers(url).await?;
            soak(args, &plan, url.clone(), &credentials, &table, None).await
        }
        (None, _, None) => Err("name the stack with --url".into()),
    }
}

/// Sends, reads back, compares, reports.
async fn soak(
    args: &Args,
    plan: &Plan,
    url: Url,
    credentials: &Credentials,
    table: &Table,
    stage: Option<&Stage>,
) -> Result<ExitCode, Failure> {
    let sender = Sender::new(url)?;
    let (ledger, tally) = drive::drive(plan, &sender, credentials, args.concurrency.into()).await?;
    let findings = tokio::select! {
        findings = audit::audit(plan, &ledger, credentials, table) => findings?,
        stopped = shutdown_signal() => {
            stopped?;
            return Err(INTERRUPTED.into());
        }
    };
    let report = Report {
        plan,
        tally: &tally,
        findings: &findings,
        stage,
    };
    print(&report.to_string())?;
    write_report(args, &report.to_json())?;
    Ok(exit_code(report.holds()))
}

/// Sends a request without headers and without a body, which is refused before anything is looked up or parked.
///
/// # Errors
///
/// There is no answer, or one that is not in the contract's form.
async fn answers(url: &Url) -> Result<(), Failure> {
    let sender = Sender::new(url.clone())?;
    let reply = sender
        .request(Method::POST, CALLBACK_PATH, HeaderMap::new(), Vec::new())
        .await
        .map_err(|error| format!("{url} does not answer: {error}"))?;
    match reply.ret_code() {
        Some(_) => Ok(()),
        None => Err(format!("{url} is not the function's URL: {reply}").into()),
    }
}

/// Opens a file to add to it, and makes it where there is none; the error names it.
fn open(file: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(file);
    opened.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

/// Writes the figures to a file, if there is one.
fn write_report(args: &Args, figures: &Value) -> Result<(), Failure> {
    if let Some(file) = &args.report {
        let json = format!("{figures:#}\n");
        std::fs::write(file, json).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// An account for each algorithm, with random secrets.
fn stage_credentials() -> String {
    let account = |algorithm| {
        let secret = uuid::Uuid::new_v4().simple().to_string();
        json!({"uuid": format!("soak-{algorithm}"), "secretKey": secret, "algorithm": algorithm})
    };
    json!(["MD5", "SHA256", "HMAC-SHA256"].map(account)).to_string()
}

/// Parses a percentage, `10%` or `10`, into a ratio.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>();
    match number {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        _ => Err("it must be from 0% to 100%".to_owned()),
    }
}
