//! `callbot history` over snapshots that the function has stored.

mod json;
mod picture;
mod range;
mod text;

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::runner::{callbot, ends, run, succeed};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::project;
use task_callback_test_support::request::{Request, body};

/// The time of the demo's first report: 2026-09-13 08:00:00 UTC.
const FIRST: u64 = 1_789_286_400;
const MINUTE: u64 = 60;
const DEMO_TASK: &str = "t-20260913-0007";

/// Stores a report made in this second.
pub(crate) async fn report(app: &TestApp, seconds: u64, body: impl ToString) {
    let received = UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 250);
    let answer = app.send_at(&Request::at(seconds, body), received).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);
}

/// The body of a task's report.
pub(crate) fn report_of(task: &str, status: u64, finished: u64, total: u64) -> Value {
    let mut body = body();
    body["taskID"] = json!(task);
    body["taskStatus"] = json!(status);
    body["taskStat"]["finishOrderCount"] = json!(finished);
    body["taskStat"]["totalOrderCount"] = json!(total);
    body
}

/// The demo's first reports, a minute apart.
async fn demo(reports: usize) -> TestApp {
    let app = TestApp::embedded().await;
    let events = ["pending", "in-progress", "paused", "resumed", "completed"];
    for (number, event) in events.into_iter().take(reports).enumerate() {
        let file = project().join(format!("events/{event}.json"));
        let event = std::fs::read_to_string(file).expect("a sample");
        let event: Value = serde_json::from_str(&event).expect("JSON");
        // `callbot demo` sends the time of its first report.
        let body = event["body"].as_str().expect("a body");
        let body = body.replace("1789257600", &FIRST.to_string());
        report(&app, FIRST + MINUTE * number as u64, body).await;
    }
    app
}

/// The system's time, Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

/// `callbot history` over the app's table, in UTC.
fn history(app: &TestApp, arguments: &[&str]) -> Command {
    let url = ["--endpoint-url", &app.engine_url];
    let mut command = callbot(&["history", "--table", &app.table_name]);
    command.args(url).args(arguments).env("TZ", "UTC");
    command
}
