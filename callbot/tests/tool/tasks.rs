//! `callbot tasks`: what is running, what has fallen silent, what has failed today.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::tool::{callbot, run};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body};

const HOUR: u64 = 3_600;

/// The function takes a report of this status that is made so long ago, in seconds.
async fn report(app: &TestApp, task_id: &str, status: u64, ago: u64) {
    let then = SystemTime::now() - Duration::from_secs(ago);
    let seconds = then
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let mut body = body();
    body["taskID"] = task_id.into();
    body["taskStatus"] = status.into();
    let answer = app.send_at(&Request::at(seconds, body), then).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);
}

async fn tasks(app: &TestApp, arguments: &[&str]) -> String {
    let place = [
        "tasks",
        "--table",
        &app.table_name,
        "--local",
        &app.engine_url,
    ];
    let mut command = callbot(&[&place, arguments].concat());
    let ran = tokio::task::spawn_blocking(move || run(&mut command)).await;
    let (good, text) = ran.expect("no panic");
    assert!(good, "{text}");
    text
}

async fn tasks_as_json(app: &TestApp, arguments: &[&str]) -> Value {
    let text = tasks(app, &[arguments, &["--json"]].concat()).await;
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
    // It arrived last and was made before the end: out of order.
    report(&app, "done", 2, 90 * 60).await;

    let overview = tasks_as_json(&app, &[]).await;
    assert_eq!(ids(&overview["running"]), ["resumed", "running"]);
    assert_eq!(ids(&overview["silent"]), ["silent"]);
    assert_eq!(ids(&overview["failedToday"]), ["failed"]);
    let others = serde_json::json!({"COMPLETED": 1, "FAILED": 1, "PAUSED": 1});
    assert_eq!(overview["others"], others);

    let overview = tasks_as_json(&app, &["--since", "200h", "--silent-for", "150m"]).await;
    assert_eq!(ids(&overview["running"]), ["resumed", "running", "silent"]);
    assert_eq!(ids(&overview["silent"]), ["long forgotten"]);
}

#[tokio::test]
async fn reports_of_one_second_are_in_the_order_of_their_arrival() {
    let app = TestApp::start().await;
    let then = SystemTime::now();
    let seconds = then
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    for status in [2, 5, 2, 3] {
        let mut body = body();
        body["taskStatus"] = status.into();
        body["taskStat"]["totalCall"] = rand::random::<u32>().into();
        let answer = app.send_at(&Request::at(seconds, body), then).await;
        assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);
    }
    let overview = tasks_as_json(&app, &[]).await;
    assert_eq!(overview["others"], serde_json::json!({"COMPLETED": 1}));
}

#[tokio::test]
async fn the_overview_says_what_it_leaves_out() {
    let app = TestApp::start().await;
    let text = tasks(&app, &[]).await;
    assert!(text.contains("; --since looks further back"), "{text}");
    for task in 0..5 {
        report(&app, &format!("task-{task}"), 2, 60 + task).await;
    }
    let text = tasks(&app, &["--limit", "2", "--tz", "+08:00"]).await;
    assert!(text.starts_with("5 tasks in progress\n"), "{text}");
    assert!(
        text.contains("task-1") && !text.contains("task-2"),
        "{text}"
    );
    assert!(text.contains("and 3 more: --limit 5 shows them"), "{text}");
    assert!(text.contains("67 of 100 (67 %)"), "{text}");
    assert!(text.contains("No task failed today (+08:00)."), "{text}");
}
