//! `make bench`: the cost of a cold start and of a call of the function, compared with the smallest programs that do
//! the same work. All programs take turns within the same minutes, which keeps the ratios stable while the times drift.

mod aws;
mod event;
mod memory;
mod process;
mod report;
mod runtime_api;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use aws::Aws;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use local_stack::runtime_api::RuntimeApi;
use process::Program;
use report::{Figures, Row};

const CREDENTIALS: &str = r#"[{"uuid":"local-account","secretKey":"local-secret"}]"#;

/// Measures the release binary of the function against the programs of this package.
#[derive(Parser)]
struct Arguments {
    /// The function's binary.
    #[arg(long)]
    function: PathBuf,
    /// Another build of the function, for comparison.
    #[arg(long)]
    other: Option<PathBuf>,
    /// The folder with the other programs' binaries.
    #[arg(long)]
    programs: PathBuf,
    /// Number of turns for each program.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Cold starts per turn.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
    /// Warm calls per turn.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
    /// Run only the programs whose name contains this text, and the baseline program.
    #[arg(long, default_value = "")]
    only: String,
    /// The folder for report.json and memory.svg.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let mut api = RuntimeApi::start().await?;
    let aws = Aws::start(CREDENTIALS).await?;
    let programs = programs(&arguments, &aws)?;
    let mut turns: Vec<Vec<Figures>> = vec![Vec::new(); programs.len()];

    let steps = arguments.rounds * (arguments.starts + arguments.calls);
    let progress = ProgressBar::new(u64::from(steps) * programs.len() as u64);
    let style = "{msg:>24} {wide_bar} {percent} %, {eta} left";
    progress.set_style(ProgressStyle::with_template(style)?);
    for _ in 0..arguments.rounds {
        for (program, turns) in programs.iter().zip(&mut turns) {
            progress.set_message(program.name);
            let turn = turn(program, &mut api, &arguments, &progress).await;
            turns.push(turn.with_context(|| program.name)?);
        }
    }
    progress.finish_and_clear();

    let one = programs.iter().position(|program| program.name == DIRECT);
    let one = &turns[one.context("there is nothing to compare with")?];
    let rows = programs.iter().zip(&turns);
    let rows: Vec<Row> = rows
        .map(|(program, turns)| Row::new(program.name, turns, one))
        .collect();
    let Arguments {
        rounds,
        starts,
        calls,
        ..
    } = arguments;
    let machine = machine();
    println!(
        "{machine}: {rounds} rounds, in each {starts} cold starts and {calls} calls of every program. The store answers at \
         once, over TLS; the trust store has {} certificates. Medians:\n",
        aws.certificates,
    );
    println!("{}\n", report::figures_table(&rows));
    println!("Beside \"{}\", round by round:\n", DIRECT);
    println!("{}\n", report::ratios_table(&rows));

    std::fs::create_dir_all(&arguments.out)?;
    let json = serde_json::json!({
        "machine": machine,
        "rounds": rounds,
        "starts": starts,
        "calls": calls,
        "certificates": aws.certificates,
        "programs": rows,
    });
    let path = arguments.out.join("report.json");
    std::fs::write(&path, format!("{json:#}\n")).with_context(|| path.display().to_string())?;

    if let Some(deployed) = rows.iter().find(|row| row.program == DEPLOYED) {
        let settings = memory::settings(&deployed.figures);
        println!(
            "What the function's memory setting makes of it (the assumptions stand in benches/src/memory.rs):\n"
        );
        println!("{}\n", memory::table(&settings));
        memory::plot(&settings, &arguments.out.join("memory.svg"))?;
    }
    println!("{0}/report.json, {0}/memory.svg", arguments.out.display());
    Ok(())
}

/// One turn: some cold starts of a program, and many calls of one process.
async fn turn(
    program: &Program,
    api: &mut RuntimeApi,
    arguments: &Arguments,
    progress: &ProgressBar,
) -> Result<Figures> {
    let event = event::signed(Path::new("events/completed.json"), CREDENTIALS)?;
    let mut starts = Vec::new();
    for _ in 0..arguments.starts {
        let (start, warm) = program.start(api, event.clone()).await?;
        warm.end().await?;
        starts.push(start);
        progress.inc(1);
    }
    let (_, warm) = program.start(api, event.clone()).await?;
    let calls = warm
        .call(api, &event, arguments.calls, || progress.inc(1))
        .await?;
    let binary = std::fs::metadata(&program.path)?.len();
    Ok(Figures::of_turn(&starts, &calls, binary))
}

/// The machine's processor.
fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, |cpus| cpus.get());
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("an unknown processor", |model| {
        model.trim_start_matches([' ', '\t', ':'])
    });
    format!("{cpus} cores of {model}")
}

/// The baseline, with which the other programs are compared: 1×.
const DIRECT: &str = "signed PutItem, no SDK";
/// The function with its credentials in a variable.
const FUNCTION: &str = "task-callback";
/// The function as the template deploys it, with its credentials in a secret.
const DEPLOYED: &str = "with its secret";

fn programs(arguments: &Arguments, aws: &Aws) -> Result<Vec<Program>> {
    let common = [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.url.as_str()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.url.as_str()),
        (
            "SSL_CERT_FILE",
            aws.trust_store
                .path()
                .to_str()
                .context("a path that is no text")?,
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        (
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "/callbot/task-callback/function",
        ),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/09/13/[$LATEST]0123456789abcdef",
        ),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("TABLE_NAME", "snapshots"),
    ];
    let program = |name, path: PathBuf, own: &[(&str, &str)]| {
        let environment = common.iter().chain(own);
        Program {
            name,
            path,
            environment: environment
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        }
    };
    let beside =
        |name, binary| program(name, arguments.programs.join(binary).join("bootstrap"), &[]);
    let function = |name, path: &Path, own| program(name, path.to_owned(), own);
    let variable = &[("CALLBOT_CREDENTIALS", CREDENTIALS)];
    let secret = &[("CALLBOT_CREDENTIALS_SECRET_ID", "credentials")];
    let mut all = vec![
        beside("answer only", "bare"),
        beside(DIRECT, "direct"),
        beside("PutItem by the SDK", "sdk"),
        function(FUNCTION, &arguments.function, variable),
        function(DEPLOYED, &arguments.function, secret),
    ];
    if let Some(other) = &arguments.other {
        all.push(function("another build", other, variable));
    }
    Ok(all
        .into_iter()
        .filter(|program| program.name == DIRECT || program.name.contains(&arguments.only))
        .collect())
}

/// A placeholder with the length of Lambda's session tokens.
const SESSION_TOKEN: &str = concat!(
    "IQoJb3JpZ2luX2VjEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE",
    "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEX",
    "AMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAM",
    "PLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPL",
    "EEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEE",
    "XAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXA",
    "MPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMP",
);
