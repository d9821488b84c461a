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

use clap::ArgGroup;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;

use crate::client::{Sender, http_url};
use crate::credentials::CredentialsArgs;
use crate::process::shutdown_signal;
use crate::table::{Range, Table, TableArgs};
use crate::terminal::print;
use crate::when::parse_duration;
use crate::{Failure, exit_code};
use plan::Plan;
use report::Report;
use stage::Stage;

/// Run a load test as the platform, then read the table and prove that no report was lost, duplicated or forged
///
/// With --url it tests a running stack. With --function it tests a local stack with faults: processes of the function
/// are killed during calls, and requests to DynamoDB fail. The exit code is 1 if a report that was acknowledged is not in
/// the table exactly once, if a forgery was accepted, or if the run was interrupted.
///
/// With --no-resend it sends each report once, whatever the answer. The local stack then also has the parked queue.
/// Secrets Manager is down at cold starts, then the secret is wrong, then DynamoDB is down. The exit code is 1 if a report
/// that was answered, even with a refusal, is not in the table exactly once after the queue has become empty.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("stack").required(true))]
#[command(after_help = "Examples:
  callbot soak --url CALLBACK_URL --table TABLE_NAME --tasks 100 --credentials .local/credentials.json
  callbot soak --function target/lambda/task-callback/bootstrap --shuffle --report target/soak.json
  callbot soak --function target/lambda/task-callback/bootstrap --no-resend --moto \"$(make --silent moto)\"")]
pub(crate) struct Args {
    /// URL that the callbacks are sent to: the stack's output CallbackUrl
    #[arg(long, value_name = "URL", value_parser = http_url, group = "stack")]
    #[arg(conflicts_with_all = ["instances", "faults", "kills", "no_resend", "moto", "outage", "log"])]
    url: Option<Url>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    credentials: CredentialsArgs,
    /// Program of the function, run in a local stack with a table and credentials of its own
    #[arg(long, value_name = "FILE", group = "stack", conflicts_with_all = ["endpoint_url", "credentials"])]
    function: Option<PathBuf>,
    /// Maximum number of concurrent processes of the function
    #[arg(long, value_name = "N", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    instances: u16,
    /// Percentage of the function's requests to DynamoDB and Secrets Manager that fail
    #[arg(long, value_name = "PERCENT", default_value = "3%", value_parser = percent)]
    faults: f64,
    /// Percentage of calls during which the function's process is killed
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent)]
    kills: f64,
    /// Send each report once, whatever the answer, and no forgeries
    #[arg(long, requires = "moto", conflicts_with_all = ["concurrency", "duplicates", "forge"])]
    no_resend: bool,
    /// Python with moto, which plays SQS and Secrets Manager: `make moto` installs it and prints its path
    #[arg(long, value_name = "PYTHON", requires = "no_resend")]
    moto: Option<PathBuf>,
    /// Time for which DynamoDB is down, such as 2m30s
    #[arg(long, value_name = "TIME", default_value = "2m30s", value_parser = parse_duration)]
    #[arg(requires = "no_resend")]
    outage: Duration,
    /// File that the function's output is added to
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Number of tasks
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tasks: u32,
    /// Number of reports of each task
    #[arg(long, value_name = "M", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    callbacks: u32,
    /// Maximum number of callbacks in flight
    #[arg(long, value_name = "C", default_value_t = 32)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Percentage of reports that are sent twice, half of them with a new requestID
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = percent)]
    duplicates: f64,
    /// Number of forgeries, as a percentage of the number of reports
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = percent)]
    forge: f64,
    /// Send the reports in random order
    #[arg(long)]
    shuffle: bool,
    /// Seed of the random generator: the same seed makes the same tasks
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// File for the figures, as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
}

/// Ends an interrupted run that has read nothing back.
fn interrupted() -> Result<ExitCode, Failure> {
    print("Interrupted before the table was read: the run proves nothing.")?;
    Ok(exit_code(false))
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    // Not refused by clap, which makes no difference between the option and the variable TABLE_NAME.
    if args.function.is_some() && args.table.is_argument() {
        return Err(
            "--table cannot be used with --function, whose stack has a table of its own".into(),
        );
    }
    let plan = Plan::new(args);
    // A file that cannot be written is an error now, not after the run.
    args.report.as_deref().map(open).transpose()?;
    print(&plan.to_string())?;
    match (&args.function, &args.moto) {
        (Some(function), Some(python)) => no_resend::run(args, &plan, function, python).await,
        (Some(function), None) => {
            let credentials = stage_credentials();
            let environment = vec![("CALLBOT_CREDENTIALS", credentials.clone())];
            let stage = tokio::select! {
                stage = Stage::start(args, function, plan.seed, environment) => stage?,
                stopped = shutdown_signal() => {
                    stopped?;
                    return interrupted();
                }
            };
            let credentials = credentials.parse()?;
            let url = stage.url().parse()?;
            soak(args, &plan, url, &credentials, &stage.table(), Some(&stage)).await
        }
        (None, _) => {
            let url = args.url.clone().ok_or("name the stack with --url")?;
            let table = args.table.table().await?;
            let credentials = args.credentials.load()?;
            // An unreadable table is an error now, not after an hour of sending.
            table
                .task_history(
                    &plan.run,
                    Range {
                        last: Some(1),
                        ..Range::ALL
                    },
                )
                .await?;
            probe(&url).await?;
            soak(args, &plan, url, &credentials, &table, None).await
        }
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
            return interrupted();
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
    Ok(exit_code(report.holds() && !tally.interrupted))
}

/// What to do about an address that is not the function's.
const CHECK_URL: &str = "is --url the stack's output CallbackUrl?";

/// Sends a request without headers and without a body, which is refused before anything is looked up or parked.
///
/// # Errors
///
/// There is no answer, or one that is not in the contract's form.
async fn probe(url: &Url) -> Result<(), Failure> {
    let sender = Sender::new(url.clone())?;
    let reply = sender
        .request(Method::POST, CALLBACK_PATH, std::iter::empty(), Vec::new())
        .await
        .map_err(|error| format!("{error}; {CHECK_URL}"))?;
    match reply.ret_code() {
        Some(_) => Ok(()),
        None => Err(format!("{url} is not the function: {reply}; {CHECK_URL}").into()),
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
