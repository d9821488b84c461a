//! `callbot demo`: callbacks from the request to the stored history, on this machine.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use serde::Deserialize;
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::aws::Aws;
use crate::client::Sender;
use crate::event::Event;
use crate::process::{Process, shutdown_signal};
use crate::stack::{environment, start_engine};
use crate::table::{Range, Table};
use crate::terminal::TerminalArgs;
use crate::when::ZoneArgs;
use crate::when::now;
use crate::{Failure, exit_code};

const TABLE_NAME: &str = "task-callback-demo";
const BUILD_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The reports of one task, a minute apart; then the other callbacks.
const REPORTS: [&str; 5] = ["pending", "in-progress", "paused", "resumed", "completed"];
const AFTERWARDS: [&str; 3] = ["resend", "forged", "bad-body"];
const SECONDS_BETWEEN_REPORTS: u64 = 60;

/// Send the sample events through the real function into a local DynamoDB engine, and show the task's
/// history
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot demo")]
pub(crate) struct Args {
    /// The project's folder
    #[arg(long, default_value = ".")]
    project: PathBuf,
    #[command(flatten)]
    terminal: TerminalArgs,
    #[command(flatten)]
    zone: ZoneArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let project = &args.project;
    println!("Building the function; the first time takes a minute or two.");
    build(project).await?;

    let template = project.join("template.yaml");
    let engine = start_engine(0, None, &template, TABLE_NAME).await?;
    println!(
        "DynamoDB engine  {}, with the table of template.yaml",
        engine.endpoint_url()
    );

    let secret = uuid::Uuid::new_v4().simple();
    let credentials = format!(r#"[{{"uuid":"demo-account","secretKey":"{secret}"}}]"#);
    let log = project.join("target/callbot-demo.log");
    let port = free_port()?;
    let mut watch = Command::new("cargo");
    watch
        .args([
            "lambda",
            "watch",
            "--ignore-changes",
            "--invoke-address",
            "127.0.0.1",
        ])
        .args(["--invoke-port", &port.to_string()])
        .current_dir(project)
        .envs(environment(&engine, TABLE_NAME))
        .env("CALLBOT_CREDENTIALS", &credentials)
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut function = Process::start(&mut watch)?;

    let url = format!("http://127.0.0.1:{port}");
    let engine_url = engine.endpoint_url();
    let credentials = credentials.parse()?;
    let played = tokio::select! {
        played = play(args, &url, &engine_url, &credentials) => played,
        status = function.wait() => Err(format!("cargo lambda watch ended: {}", status?).into()),
        _ = shutdown_signal() => Err("interrupted".into()),
    };
    function.stop().await;
    engine.stop().await;
    println!("\nThe function's own log is in {}.", log.display());
    played
}

/// Builds the function with cargo's progress bar, which cargo-lambda does not show.
async fn build(project: &Path) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--bin", "task-callback"])
        .current_dir(project);
    let mut build = Process::start(&mut command)?;
    let status = timeout(BUILD_TIMEOUT, build.wait())
        .await
        .map_err(|_| "the build takes too long")??;
    if !status.success() {
        return Err("the function does not build".into());
    }
    let version = Command::new("cargo")
        .args(["lambda", "--version"])
        .stdin(Stdio::null())
        .output()
        .await?;
    if !version.status.success() {
        return Err("cargo-lambda is not installed; `make demo` installs it for you".into());
    }
    Ok(())
}

/// Sends the events, prints the answers and the history, and checks both.
async fn play(
    args: &Args,
    url: &str,
    engine_url: &str,
    credentials: &Credentials,
) -> Result<ExitCode, Failure> {
    let project = &args.project;
    wait_for_function(url).await?;
    println!("Lambda function  {url}{CALLBACK_PATH}, under cargo lambda watch\n");

    let sender = Sender::new(url.parse()?)?;
    let mut as_expected = true;
    let last = now();
    let first = last - SECONDS_BETWEEN_REPORTS * (REPORTS.len() as u64 - 1);
    let mut create_ts = first;
    let mut sent = Vec::new();
    for name in REPORTS.into_iter().chain(AFTERWARDS) {
        let file = project.join(format!("events/{name}.json"));
        let event = Event::load(&file)?;
        let about = event.about.clone();
        sent.push(Report::of(&event)?);
        let reply = sender.send(event, credentials, create_ts).await?;
        let expected = reply.is(about.ret_code);
        as_expected &= expected;
        println!("{name:<12} {}", about.about);
        println!("{:12} {} {reply}", "", if expected { "✓" } else { "✗" });
        create_ts = last.min(create_ts + SECONDS_BETWEEN_REPORTS);
    }

    let reported = &sent[..REPORTS.len()];
    let table = Table::new(&Aws::local(engine_url), TABLE_NAME);
    let history = table.task_history(&reported[0].task_id, Range::ALL).await?;
    let clock = args.zone.clock(now());
    let table = crate::history::render(&history, &clock, args.terminal.stdout());
    println!("\n{table}\n");
    let picture = project.join("target/callbot-demo.svg");
    crate::history::write_picture(&history, &clock, &picture)?;

    let stored = history
        .iter()
        .map(|snapshot| snapshot.callback.status.number());
    as_expected &= stored.eq(reported.iter().map(|report| report.task_status));
    if as_expected {
        println!(
            "\nAll as it should be: {} reports stored, each once.",
            history.len()
        );
    } else {
        println!(
            "\nNot as it should be: see the marks above, and whether each report is in the history once."
        );
    }
    Ok(exit_code(as_expected))
}

/// The fields of a sample's body that the demo checks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(rename = "taskID")]
    task_id: String,
    task_status: u64,
}

impl Report {
    fn of(event: &Event) -> Result<Self, Failure> {
        Ok(serde_json::from_slice(&event.body()?)?)
    }
}

/// Waits until the function itself refuses a GET. The emulator already listens before the function runs.
async fn wait_for_function(url: &str) -> Result<(), Failure> {
    let client = reqwest::Client::builder().timeout(START_TIMEOUT).build()?;
    let deadline = Instant::now() + START_TIMEOUT;
    while Instant::now() < deadline {
        if let Ok(answer) = client.get(format!("{url}{CALLBACK_PATH}")).send().await
            && answer.status() == reqwest::StatusCode::METHOD_NOT_ALLOWED
        {
            return Ok(());
        }
        sleep(Duration::from_millis(200)).await;
    }
    Err(format!("the function did not answer within {START_TIMEOUT:?}").into())
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
