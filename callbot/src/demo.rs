//! `callbot demo`: callbacks from the request to the stored history, on this machine.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde::Deserialize;
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::client::Sender;
use crate::engine::LocalEngine;
use crate::event::Event;
use crate::process::{Process, shutdown_signal};
use crate::table::{Range, Table};
use crate::terminal::{TerminalArgs, print};
use crate::when::{ZoneArgs, now};
use crate::{Failure, exit_code};

const BUILD_TIMEOUT: Duration = Duration::from_secs(30 * 60);
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// The reports of one task, a minute apart; then the other callbacks.
const REPORTS: [&str; 5] = ["pending", "in-progress", "paused", "resumed", "completed"];
const AFTERWARDS: [&str; 3] = ["resend", "forged", "bad-body"];
const SECONDS_BETWEEN_REPORTS: u64 = 60;

/// Send sample events to the function on this machine and show the task's history
///
/// The demo builds the function and runs it over a local DynamoDB engine of its own. The exit code is 1 if an answer or
/// the history is not as expected.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot demo")]
pub(crate) struct Args {
    /// Folder of the project
    #[arg(long, default_value = ".")]
    project: PathBuf,
    #[command(flatten)]
    terminal: TerminalArgs,
    #[command(flatten)]
    zone: ZoneArgs,
}

pub(crate) async fn run(args: &Args) -> Result<ExitCode, Failure> {
    let project = &args.project;
    print("Building the function. The first build takes a minute or two.")?;
    build(project).await?;

    let engine = LocalEngine::start(0, None, "task-callback-demo").await?;
    print(&format!("DynamoDB engine  {}", engine.url()))?;

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
        .envs(engine.environment())
        .env("CALLBOT_CREDENTIALS", &credentials)
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut function = Process::start(&mut watch)?;

    let url = format!("http://127.0.0.1:{port}");
    let (table, credentials) = (engine.table(), credentials.parse()?);
    let played = tokio::select! {
        played = play(args, &url, &table, &credentials) => played,
        status = function.wait() => Err(format!("cargo lambda watch ended: {}", status?).into()),
        _ = shutdown_signal() => Err("interrupted".into()),
    };
    function.stop(Signal::INT).await?;
    engine.stop().await;
    print(&format!("\nThe function's log is in {}.", log.display()))?;
    played
}

/// Builds the function with cargo's progress bar, which cargo-lambda does not show.
async fn build(project: &Path) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--bin", "task-callback"])
        .stdin(Stdio::null())
        .current_dir(project);
    let mut build = Process::start(&mut command)?;
    let status = timeout(BUILD_TIMEOUT, build.wait())
        .await
        .map_err(|_| "the build of the function took more than 30 minutes")??;
    if !status.success() {
        return Err("the function does not build: see cargo's errors above".into());
    }
    let version = Command::new("cargo")
        .args(["lambda", "--version"])
        .stdin(Stdio::null())
        .output()
        .await?;
    if !version.status.success() {
        return Err("cargo-lambda is not installed; `make demo` installs it".into());
    }
    Ok(())
}

/// Sends the events, prints the answers and the history, and checks both.
async fn play(
    args: &Args,
    url: &str,
    table: &Table,
    credentials: &Credentials,
) -> Result<ExitCode, Failure> {
    let project = &args.project;
    wait_for_function(url).await?;
    print(&format!("Lambda function  {url}{CALLBACK_PATH}\n"))?;

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
        print(&format!("{name:<12} {}", about.about))?;
        let mark = if expected { "✓" } else { "✗" };
        print(&format!("{:12} {mark} {reply}", ""))?;
        create_ts = last.min(create_ts + SECONDS_BETWEEN_REPORTS);
    }

    let reported = &sent[..REPORTS.len()];
    let history = table.task_history(&reported[0].task_id, Range::ALL).await?;
    let clock = args.zone.clock();
    let table = crate::history::render(&history, &clock, args.terminal.stdout());
    print(&format!("\n{table}\n"))?;
    let picture = project.join("target/callbot-demo.svg");
    crate::history::write_picture(&history, &clock, &picture)?;

    let stored = history
        .iter()
        .map(|snapshot| snapshot.callback.status.number());
    as_expected &= stored.eq(reported.iter().map(|report| report.task_status));
    let result = match as_expected {
        true => "The result is as expected: each report is stored once.",
        false => {
            "The result is not as expected: an answer above has a ✗, or the history does not have each report once."
        }
    };
    print(&format!("\n{result}"))?;
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
