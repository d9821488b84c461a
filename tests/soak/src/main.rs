//! A load test of the built function that plays the platform, and proves that no report is lost.

#![forbid(unsafe_code)]

mod audit;
mod drive;
mod faults;
mod local;
mod plan;
mod queues;
mod report;
mod table;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use clap::Parser;
use reqwest::Url;
use serde_json::json;
use task_callback::contract::account::Credentials;
use task_callback::error_chain::error_chain;

use drive::Drive;
use plan::Plan;
use report::Summary;

/// The exit code of a run that did not finish, and of wrong arguments.
const NOT_DONE: u8 = 2;
/// The most requests at once to a deployed stack.
const CONCURRENCY: usize = 32;
/// The template's queue delivers at once, and after a failure every five minutes.
const WAIT_LIMIT: Duration = Duration::from_secs(660);

/// Send callbacks, make everything around the function fail, and prove that no report is lost
///
/// With --function, the function runs in a local stack: its processes are killed, and DynamoDB,
/// Secrets Manager and the secret fail. With --url, the callbacks go to a deployed stack without
/// faults. The snapshots then stay in its table, and the forgeries in its parked queue.
#[derive(Parser)]
#[command(name = "soak", max_term_width = 100)]
#[command(after_help = "Exit codes:
  0  Every report is in the table once, unchanged, and nothing else
  1  Something is wrong, or the run proves nothing
  2  Not done: the arguments are wrong, or AWS, a file or a program failed")]
struct Args {
    /// Program of the function, run in a local stack
    #[arg(long, requires = "moto", required_unless_present = "url")]
    function: Option<PathBuf>,
    /// Python with moto, which plays SQS and Secrets Manager: `make moto` prints it
    #[arg(long, value_name = "PYTHON", requires = "function")]
    moto: Option<PathBuf>,
    /// URL of a deployed stack: its output CallbackUrl
    #[arg(long, conflicts_with = "function", requires_all = ["table", "credentials"])]
    url: Option<Url>,
    /// Table of the deployed stack: its output TableName
    #[arg(long, requires = "url")]
    table: Option<String>,
    /// File with the credentials of the deployed stack
    #[arg(long, value_name = "FILE", requires = "url")]
    credentials: Option<PathBuf>,
    /// Number of tasks, each with 10 reports
    #[arg(long, default_value_t = 1_000)]
    tasks: usize,
    /// Seconds for which DynamoDB is down in the local stack
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    outage: u64,
    /// Seed of the random generator: the same seed makes the same tasks
    #[arg(long)]
    seed: Option<u64>,
    /// File that the output of the function in the local stack is added to
    #[arg(long, value_name = "FILE", requires = "function")]
    log: Option<PathBuf>,
    /// File for the figures, as JSON
    #[arg(long, value_name = "FILE.json")]
    report: Option<PathBuf>,
}

/// Why a run did not finish.
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing else has chosen a TLS provider");
    let args = Args::parse();
    let ended = tokio::select! {
        ended = run(&args) => ended,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("soak: {}", error_chain(&*error));
        NOT_DONE.into()
    })
}

async fn run(args: &Args) -> Result<ExitCode, Failure> {
    // A file that cannot be written is an error now, not after the run.
    let file = args.report.as_deref().map(open).transpose()?;
    let started = Instant::now();
    let seed = args.seed.unwrap_or_else(rand::random);
    let mut summary = match (&args.function, &args.moto) {
        (Some(program), Some(python)) => local::run(args, program, python, seed).await?,
        _ => deployed(args, seed).await?,
    };
    summary.0["seed"] = json!(seed);
    summary.0["seconds"] = json!(started.elapsed().as_secs());
    println!("{summary}");
    if let Some(mut file) = file {
        file.set_len(0)?;
        writeln!(file, "{:#}", summary.0)?;
    }
    Ok(u8::from(!summary.wrong().is_empty()).into())
}

/// A run over a deployed stack.
async fn deployed(args: &Args, seed: u64) -> Result<Summary, Failure> {
    let (Some(url), Some(table), Some(file)) = (&args.url, &args.table, &args.credentials) else {
        return Err("--url, --table and --credentials go together".into());
    };
    let text = std::fs::read_to_string(file)?;
    text.parse::<Credentials>()?;
    let plan = Plan::new(args.tasks, &serde_json::from_str::<Vec<_>>(&text)?, seed);
    let tls = Provider::Rustls(CryptoMode::Ring);
    let http = Builder::new().tls_provider(tls).build_https();
    let aws = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http);
    let client = aws_sdk_dynamodb::Client::new(&aws.load().await);
    // An unreadable table and a wrong URL are errors now, not after the run.
    table::read_plan(&client, table, &plan, Duration::ZERO).await?;
    let drive = Drive::new(url.clone(), plan, CONCURRENCY)?;
    drive.send(&drive.plan.messages[..1]).await;
    if drive.tally().unanswered > 0 {
        return Err(format!("no answer: is {url} the output CallbackUrl?").into());
    }
    drive.send(&drive.plan.messages[1..]).await;
    println!("everything is sent; waiting for what is parked. The forgeries stay there");
    let stored = table::read_plan(&client, table, &drive.plan, WAIT_LIMIT).await?;
    Ok(Summary::new(&drive, &stored))
}

/// Opens a file to add to it; the error names it.
fn open(path: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|error| format!("cannot write {}: {error}", path.display()))
}
