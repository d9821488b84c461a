//! `make bench`: the cost of a cold start and of a call, compared with the smallest programs that
//! do the same work. All programs take turns, so the ratios stay stable while the times drift.
//!
//! The kernel measures the processor time and the memory of each process alone. This program is
//! therefore built without optimization, like everything else in the developer's target folder.

mod aws;
mod process;

use std::num::NonZeroU32;
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use aws::Aws;
use bytes::Bytes;
use process::{Process, Program};
use serde_json::{Value, json};
use task_callback_test_support::request::{Request, SECRET, UUID};

/// Cold starts in each turn.
const STARTS: usize = 8;
/// Warm calls in each turn.
const CALLS: u32 = 500;

/// A turn's measurements of a program, in the order and in the units of the table.
type Figures = [f64; 4];

const HEADER: &str =
    "| | CPU of a cold start | CPU of a call | peak memory | binary |\n|---|---|---|---|---|";
const UNITS: [&str; 4] = ["ms", "µs", "MiB", "MiB"];

/// The place of the baseline among the programs.
const BASELINE: usize = 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rounds = arguments.next().context("the number of rounds")?;
    let rounds: NonZeroU32 = rounds.parse().context("the number of rounds")?;
    let folder = arguments.next().context("the folder of the programs")?;
    let credentials = json!([{"uuid": UUID, "secretKey": SECRET}]).to_string();
    let aws = Aws::start(&credentials).await?;
    let programs = programs(&aws, &credentials, Path::new(&folder));
    let mut turns: [Vec<Figures>; 5] = Default::default();
    for round in 1..=rounds.get() {
        eprintln!("round {round} of {rounds}");
        for (program, turns) in programs.iter().zip(&mut turns) {
            let turn = turn(program).await;
            turns.push(turn.with_context(|| program.name)?);
        }
    }
    println!(
        "Medians of {rounds} rounds, each with {STARTS} cold starts and {CALLS} calls of every program, and the ratios \
         to \"{}\" in the same round:\n",
        programs[BASELINE].name,
    );
    println!("{HEADER}");
    for (program, own) in programs.iter().zip(&turns) {
        print(program, own, &turns[BASELINE]);
    }
    Ok(())
}

fn programs(aws: &Aws, credentials: &str, folder: &Path) -> [Program; 5] {
    let trust_store = aws.trust_store.path().to_string_lossy();
    let common = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/EXAMPLEKEY"),
        // As long as Lambda's session tokens.
        ("AWS_SESSION_TOKEN", &"EXAMPLE".repeat(100)),
        ("AWS_ENDPOINT_URL_DYNAMODB", &aws.url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &aws.url),
        ("SSL_CERT_FILE", &trust_store),
        ("TABLE_NAME", "snapshots"),
        ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ];
    let program = |name, binary, own: Option<(&str, &str)>| Program {
        name,
        path: folder.join(binary).join("bootstrap"),
        environment: common
            .into_iter()
            .chain(own)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    };
    let variable = ("CALLBOT_CREDENTIALS", credentials);
    let secret = ("CALLBOT_CREDENTIALS_SECRET_ID", "credentials");
    [
        program("answer only", "bare", None),
        program("floor: PutItem, no SDK", "direct", None),
        program("SDK alone, opt-level 3", "sdk", None),
        program("task-callback", "task-callback", Some(variable)),
        // As the template deploys the function.
        program("with its secret", "task-callback", Some(secret)),
    ]
}

/// One turn: some cold starts of a program, and many calls of one process.
async fn turn(program: &Program) -> Result<Figures> {
    let event = event()?;
    let mut cold = Vec::new();
    for _ in 0..STARTS {
        let process = Process::start(program, &event).await?;
        cold.push(process.cpu().await?.as_secs_f64() * 1e3);
        process.end().await?;
    }

    let mut process = Process::start(program, &event).await?;
    let before = process.cpu().await?;
    for _ in 0..CALLS {
        process.call(&event).await?;
    }
    let calls = process.cpu().await? - before;
    let call = calls.as_secs_f64() * 1e6 / f64::from(CALLS);
    let memory = process.peak_memory()?;
    process.end().await?;
    let binary = std::fs::metadata(&program.path)?.len();
    let [memory, binary] = [memory, binary].map(|bytes| bytes as f64 / 1024.0 / 1024.0);
    Ok([median(cold), call, memory, binary])
}

/// The sample event in compact JSON, like Lambda's events, and freshly signed.
fn event() -> Result<Bytes> {
    let mut event: Value = serde_json::from_str(include_str!("../../events/completed.json"))?;
    let body = event["body"].as_str().context("the event has no body")?;
    let request = Request::at(UNIX_EPOCH.elapsed()?.as_secs(), body);
    for (name, value) in request.headers {
        event["headers"][name.to_lowercase()] = value.into();
    }
    Ok(event.to_string().into())
}

/// Prints a program's medians, and the medians of its ratios to the baseline.
fn print(program: &Program, turns: &[Figures], baseline: &[Figures]) {
    let cells = UNITS.iter().enumerate().map(|(column, unit)| {
        let figure = median(turns.iter().map(|turn| turn[column]).collect());
        // A machine that is slow for a while slows both programs of a round.
        let pairs = turns.iter().zip(baseline);
        let ratios = pairs.map(|(turn, one)| turn[column] / one[column]);
        format!("{figure:.2} {unit}, {:.2}×", median(ratios.collect()))
    });
    let cells = Vec::from_iter(cells).join(" | ");
    println!("| {} | {cells} |", program.name);
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
