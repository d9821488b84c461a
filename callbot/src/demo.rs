//! `callbot demo`: callbacks from the request to the stored history, on this machine.

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use local_stack::{Function, Lambda};
use task_callback::contract::account::Credentials;
use task_callback::contract::callback::CALLBACK_PATH;
use task_callback::contract::callback::TaskStatus::{self, Completed, InProgress, Paused, Pending};

use crate::client::Sender;
use crate::engine::LocalEngine;
use crate::event::Event;
use crate::process::shutdown_signal;
use crate::table::{Range, Table};
use crate::terminal::{Terminal, print};
use crate::when::{Clock, now};
use crate::{Failure, exit_code};

/// The function's program. Cargo builds it into the folder of this program.
const PROGRAM: &str = "task-callback";
const LOG: &str = "target/callbot-demo.log";
const PICTURE: &str = "target/callbot-demo.svg";

/// The samples' task, its reports in events/, and the callbacks that are sent after them.
const TASK: &str = "t-20260913-0007";
const REPORTS: [(&str, TaskStatus); 5] = [
    ("pending", Pending),
    ("in-progress", InProgress),
    ("paused", Paused),
    ("resumed", InProgress),
    ("completed", Completed),
];
const SECONDS_BETWEEN_REPORTS: u64 = 60;
const AFTERWARDS: [&str; 3] = ["resend", "forged", "bad-body"];

/// Send sample events to the function on this machine and show the task's history
///
/// The demo runs the built function over a local engine. Run it in the project's folder: it reads
/// events/ and writes into target/. The exit code is 1 if an answer or the history is wrong.
#[derive(clap::Args)]
#[command(after_help = "Example:
  callbot demo")]
pub(crate) struct Args;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let stopped = shutdown_signal();
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    if !program.is_file() {
        let program = program.display();
        let build = format!("`cargo build --package {PROGRAM}` builds the function");
        return Err(format!("there is no program {program}: {build}").into());
    }

    let engine = LocalEngine::start(0, "task-callback-demo").await?;
    print(&format!("DynamoDB engine  {}", engine.url()))?;
    let secret = uuid::Uuid::new_v4().simple();
    let credentials = format!(r#"[{{"uuid":"demo-account","secretKey":"{secret}"}}]"#);
    let variables = engine.environment().into_iter();
    let variables = variables.chain([("CALLBOT_CREDENTIALS", credentials.clone())]);
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    let log = File::create(LOG).map_err(|error| format!("cannot write {LOG}: {error}"))?;
    let function = Function {
        program,
        environment: variables.collect(),
        log: Some(Arc::new(log)),
    };
    let lambda = Lambda::start(function, 1, || None).await?;
    print(&format!(
        "Lambda function  {}{CALLBACK_PATH}\n",
        lambda.url()
    ))?;

    let (table, credentials) = (engine.table(), credentials.parse()?);
    let played = tokio::select! {
        played = play(lambda.url(), &table, &credentials) => played,
        _ = stopped => Err("interrupted".into()),
    };
    print(&format!("\nThe function's log is in {LOG}."))?;
    played
}

/// Sends the events, prints the answers and the history, and checks both.
async fn play(url: &str, table: &Table, credentials: &Credentials) -> Result<ExitCode, Failure> {
    let sender = Sender::new(url.parse()?)?;
    let mut as_expected = true;
    let last = now();
    let first = last - SECONDS_BETWEEN_REPORTS * (REPORTS.len() as u64 - 1);
    let mut create_ts = first;
    let reports = REPORTS.map(|(name, _)| name);
    for name in reports.into_iter().chain(AFTERWARDS) {
        let mut event = Event::load(Path::new(&format!("events/{name}.json")))?;
        let about = event.about.clone();
        if about.ret_code == 0 {
            event = event.with([("createTs", first.into())])?;
        }
        let reply = sender.send(event, credentials, create_ts).await?;
        let expected = reply.is(about.ret_code);
        as_expected &= expected;
        print(&format!("{name:<12} {}", about.about))?;
        let mark = if expected { "✓" } else { "✗" };
        print(&format!("{:12} {mark} {reply}", ""))?;
        create_ts = last.min(create_ts + SECONDS_BETWEEN_REPORTS);
    }

    let history = table.history(TASK, false, Range::default()).await?;
    let clock = Clock::system();
    let text = crate::history::render(&history, &clock, Terminal::stdout());
    print(&format!("\n{text}\n"))?;
    crate::history::write_picture(&history, &clock, Path::new(PICTURE))?;

    let stored = history.iter().map(|report| report.status);
    as_expected &= stored.eq(REPORTS.map(|(_, status)| status));
    let result = match as_expected {
        true => "The result is as expected: each report is stored once.",
        false => {
            "The result is not as expected: an answer above has a ✗, or the history does not have each report once."
        }
    };
    print(&format!("\n{result}"))?;
    Ok(exit_code(as_expected))
}
