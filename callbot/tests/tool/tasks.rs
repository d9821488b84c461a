//! `callbot tasks`: the tasks that are running, that are silent, and that failed today.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::runner::{callbot, succeed};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body};

/// The time of these tests: noon, so that today began 12 hours ago.
const NOON: u64 = 1_789_300_800;
const NOW: &str = "2026-09-13T12:00:00Z";
const HOUR: u64 = 3_600;

/// Stores a report of this task and status, made `ago` seconds before noon.
async fn report(app: &TestApp, task_id: &str, status: u64, ago: u64) {
    let mut body = body();
    body["taskID"] = task_id.into();
    body["taskStatus"] = status.into();
    store(app, NOON - ago, body).await;
}

async fn store(app: &TestApp, seconds: u64, body: Value) {
    let received = UNIX_EPOCH + Duration::from_secs(seconds);
    let answer = app.send_at(&Request::at(seconds, body), received).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);
}

fn tasks(app: &TestApp, arguments: &[&str]) -> String {
    let mut command = callbot(&["tasks", "--table", &app.table_name]);
    command
        .args(["--endpoint-url", &app.engine_url, "--now", NOW])
        .args(arguments)
        .env("TZ", "UTC");
    succeed(&mut command)
}

fn tasks_as_json(app: &TestApp, arguments: &[&str]) -> Value {
    let text = tasks(app, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).expect("JSON")
}

fn ids(section: &Value) -> Vec<&str> {
    let newest = section["newest"].as_array().expect("a list").iter();
    newest
        .map(|snapshot| snapshot["taskID"].as_str().expect("text"))
        .collect()
}

#[tokio::test]
async fn a_task_is_what_its_newest_report_says() {
    let app = TestApp::start().await;
    report(&app, "done", 2, 2 * HOUR).await;
    report(&app, "done", 3, HOUR).await;
    report(&app, "silent", 2, 3 * HOUR).await;
    report(&app, "silent", 2, 2 * HOUR).await;
    report(&app, "running", 1, 2 * HOUR).await;
    report(&app, "running", 2, 60).await;
    report(&app, "resumed", 5, 120).await;
    report(&app, "resumed", 2, 30).await;
    report(&app, "paused", 2, 120).await;
    report(&app, "paused", 5, 30).await;
    report(&app, "failed", 2, 60).await;
    report(&app, "failed", 4, 0).await;
    report(&app, "failed long ago", 4, 30 * HOUR).await;
    report(&app, "long forgotten", 2, 100 * HOUR).await;
    // Out of order: made before the completion, and received after it.
    report(&app, "done", 2, 90 * 60).await;

    let overview = tasks_as_json(&app, &[]);
    assert_eq!(ids(&overview["running"]), ["resumed", "running"]);
    assert_eq!(ids(&overview["silent"]), ["silent"]);
    assert_eq!(ids(&overview["failedToday"]), ["failed"]);
    let others = json!({"COMPLETED": 1, "FAILED": 1, "PAUSED": 1});
    assert_eq!(overview["others"], others);

    let overview = tasks_as_json(&app, &["--since", "200h", "--silent-for", "150m"]);
    assert_eq!(ids(&overview["running"]), ["resumed", "running", "silent"]);
    assert_eq!(ids(&overview["silent"]), ["long forgotten"]);
}

#[tokio::test]
async fn reports_of_one_second_are_in_the_order_of_their_arrival() {
    let app = TestApp::start().await;
    for (calls, status) in [2, 5, 2, 3].into_iter().enumerate() {
        let mut body = body();
        body["taskStatus"] = status.into();
        body["taskStat"]["totalCall"] = calls.into();
        store(&app, NOON - HOUR, body).await;
    }
    let overview = tasks_as_json(&app, &[]);
    assert_eq!(overview["others"], json!({"COMPLETED": 1}));
}

#[tokio::test]
async fn a_task_is_ended_though_another_report_of_that_second_arrived_after_its_end() {
    let app = TestApp::start().await;
    for (end, name) in [(3, "completed"), (4, "failed")] {
        report(&app, name, 2, 120).await;
        report(&app, name, end, 60).await;
        report(&app, name, 2, 60).await;
    }
    let overview = tasks_as_json(&app, &[]);
    assert_eq!(ids(&overview["running"]), [""; 0]);
    assert_eq!(ids(&overview["failedToday"]), ["failed"]);
    assert_eq!(overview["failedToday"]["newest"][0]["status"], "FAILED");
    assert_eq!(overview["others"], json!({"COMPLETED": 1}));
}

#[tokio::test]
async fn the_overview_says_what_it_leaves_out() {
    let app = TestApp::start().await;
    let text = tasks(&app, &[]);
    assert!(
        text.contains(". To look further back, use --since"),
        "{text}"
    );
    for task in 0..5 {
        report(&app, &format!("task-{task}"), 2, 60 + task).await;
    }
    let text = tasks(&app, &["--limit", "2", "--tz", "+08:00"]);
    assert!(text.starts_with("5 tasks in progress\n"), "{text}");
    assert!(
        text.contains("task-1") && !text.contains("task-2"),
        "{text}"
    );
    assert!(text.contains("and 3 more: --limit 5 shows them"), "{text}");
    assert!(text.contains("67 of 100 (67 %)"), "{text}");
    assert!(text.contains("No task failed today (+08:00)."), "{text}");
}

#[tokio::test]
async fn since_means_what_it_says() {
    let app = TestApp::start().await;
    report(&app, "earlier", 2, 60).await;
    report(&app, "failed earlier", 4, 60).await;
    report(&app, "now", 2, 4).await;
    report(&app, "failed now", 4, 4).await;
    let overview = tasks_as_json(&app, &["--since", "5s"]);
    assert_eq!(ids(&overview["running"]), ["now"]);
    assert_eq!(ids(&overview["failedToday"]), ["failed now"]);
    let text = tasks(&app, &["--since", "5s"]);
    for words in [
        "1 task in progress",
        "1 task failed since 2026-09-13 11:59:55",
        "Silent tasks are not shown: --since must look further back than --silent-for, 1h.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn long_ids_are_cut_to_their_columns() {
    let app = TestApp::start().await;
    let (id, own_id) = ("t".repeat(300), "u".repeat(300));
    let mut body = body();
    body["taskID"] = id.as_str().into();
    body["userTaskID"] = own_id.as_str().into();
    body["taskStatus"] = 2.into();
    store(&app, NOON - 60, body).await;
    for width in ["60", "80", "120"] {
        let text = tasks(&app, &["--width", width]);
        let columns = width.parse().expect("a number");
        for line in text.lines() {
            assert!(line.chars().count() <= columns, "{width}: {line}");
        }
        let row = text.lines().find(|line| line.contains("ttt"));
        assert!(
            row.is_some_and(|row| row.contains('…') && row.contains("1m ago")),
            "{width}: {text}"
        );
    }
    let whole = tasks(&app, &[]);
    assert!(whole.contains(&id) && whole.contains(&own_id), "{whole}");
}
