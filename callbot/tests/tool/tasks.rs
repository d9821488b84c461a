//! `callbot tasks`: every task with its last status.

use std::process::Command;

use local_stack::{Fault, Proxy};
use serde_json::{Value, json};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::proxy::split;
use task_callback_test_support::request::body_plus;
use tokio::sync::mpsc;

use crate::history::{now, report, report_of};
use crate::runner::{callbot, ends, succeed};
use crate::server;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A task, its reports in the order of their arrival (status, seconds ago), and its last status.
type Reported = (&'static str, &'static [(u64, u64)], &'static str);

/// Stores a report of this task and status, made `ago` seconds ago.
async fn report_ago(app: &TestApp, ago: u64, task: &str, status: u64) {
    report(app, now() - ago, report_of(task, status, 67, 100)).await;
}

fn tasks(app: &TestApp, arguments: &[&str]) -> Command {
    tasks_at(&app.engine_url, &app.table_name, arguments)
}

fn tasks_at(url: &str, table: &str, arguments: &[&str]) -> Command {
    let mut command = callbot(&["tasks", "--table", table, "--endpoint-url", url]);
    command.args(arguments);
    command
}

/// The tasks shown and their statuses, in their order.
fn listed(app: &TestApp, arguments: &[&str]) -> Vec<(String, String)> {
    let rows = succeed(tasks(app, arguments).arg("--json"));
    let rows: Vec<Value> = serde_json::from_str(&rows).expect("a JSON array");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let rows = rows.iter();
    rows.map(|row| (text(&row["taskID"]), text(&row["status"])))
        .collect()
}

#[tokio::test]
async fn a_task_is_what_its_newest_report_says() {
    let app = TestApp::start().await;
    let table: [Reported; 9] = [
        ("pending", &[(1, MINUTE)], "PENDING"),
        ("running", &[(1, 2 * HOUR), (2, 2 * MINUTE)], "IN_PROGRESS"),
        ("paused", &[(2, HOUR), (5, 3 * MINUTE)], "PAUSED"),
        ("failed", &[(2, HOUR), (4, 4 * MINUTE)], "FAILED"),
        // The second report was made before the end, and arrived after it.
        ("late", &[(3, 5 * MINUTE), (2, 9 * MINUTE)], "COMPLETED"),
        // In one second, the last report to arrive is the newest, unless another one ends the task.
        ("resumed at once", &[(5, HOUR), (2, HOUR)], "IN_PROGRESS"),
        ("paused at once", &[(2, 2 * HOUR), (5, 2 * HOUR)], "PAUSED"),
        ("done at once", &[(3, 3 * HOUR), (2, 3 * HOUR)], "COMPLETED"),
        ("old", &[(4, 60 * HOUR), (1, 61 * HOUR)], "FAILED"),
    ];
    // One clock for all, since the reports of one second must stay in one second.
    let now = now();
    for (task, reports, _) in table {
        for &(status, ago) in reports {
            report(&app, now - ago, report_of(task, status, 67, 100)).await;
        }
    }
    let expected = table.map(|(task, _, status)| (task.to_owned(), status.to_owned()));
    assert_eq!(listed(&app, &[]), expected, "the newest report first");
}

#[tokio::test]
async fn each_filter_leaves_out_the_other_tasks() {
    let app = TestApp::start().await;
    let (silent, old) = (90 * MINUTE, 50 * HOUR);
    let reports = [
        ("pending", 1, silent),
        ("running", 2, MINUTE),
        ("silent", 2, silent),
        ("long silent", 2, old),
        ("done", 3, silent),
        ("failed", 4, MINUTE),
        ("failed long ago", 4, old),
        ("paused", 5, silent),
    ];
    for (task, status, ago) in reports {
        report_ago(&app, ago, task, status).await;
    }
    let table: [(&str, &[&str]); 10] = [
        ("--status PENDING", &["pending"]),
        (
            "--status failed,Paused",
            &["failed", "failed long ago", "paused"],
        ),
        ("--status COMPLETED --status PAUSED", &["done", "paused"]),
        (
            "--status IN_PROGRESS",
            &["long silent", "running", "silent"],
        ),
        ("--since 1h", &["failed", "running"]),
        ("--since 2d --status FAILED", &["failed"]),
        ("--silent-for 1h", &["long silent", "silent"]),
        ("--silent-for 1d", &["long silent"]),
        ("--silent-for 1h --since 1d", &["silent"]),
        ("--status COMPLETED --since 1h", &[]),
    ];
    for (arguments, expected) in table {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let mut ids: Vec<String> = listed(&app, &arguments)
            .into_iter()
            .map(|(id, _)| id)
            .collect();
        ids.sort();
        assert_eq!(ids, expected, "{arguments:?}");
        let ran = ends(0, &mut tasks(&app, &arguments));
        let summary = format!(" table {}: {} of 8 tasks shown.", app.table_name, ids.len());
        assert!(ran.stderr.contains(&summary), "{ran:?}");
        assert_eq!(ran.stdout.is_empty(), ids.is_empty(), "{ran:?}");
    }
    for arguments in [
        &["--status", "DONE"][..],
        &["--status", "FAILED", "--silent-for", "1h"],
    ] {
        ends(2, &mut tasks(&app, arguments));
    }
}

#[tokio::test]
async fn an_id_is_whole_at_any_width_and_other_columns_make_room() {
    let app = TestApp::embedded().await;
    let id = "rehearsal-failure-1795600000-b81d4fae";
    report_ago(&app, 2 * HOUR + 30 * MINUTE, id, 4).await;
    report_ago(&app, HOUR, "t-\u{1b}[31m-escaped", 2).await;
    let text = succeed(&mut tasks(&app, &[]));
    for words in [
        "FAILED",
        "IN_PROGRESS",
        " 2h 30m ago",
        "67/100 67 %",
        "40/120 33 %",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
    // The last width is less than that of the id.
    for (width, count) in [(120, 6), (100, 5), (80, 4), (70, 3), (60, 2), (30, 2)] {
        let width_in_text = width.to_string();
        let text = succeed(tasks(&app, &[]).env("COLUMNS", width_in_text));
        let kept = ["task", "status", "reported", "own id", "orders", "calls"];
        let header = text.lines().nth(1).expect("a header");
        for (place, column) in kept.into_iter().enumerate() {
            let is_kept = header.contains(column);
            assert_eq!(is_kept, place < count, "{width}, {column}:\n{text}");
        }
        for id in [id, r"t-\u{1b}[31m-escaped"] {
            assert!(text.contains(&format!("│ {id} ")), "{width}:\n{text}");
        }
        let is_within = text.lines().all(|line| line.chars().count() <= width);
        assert_eq!(is_within, width >= 60, "{width}:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_of_every_segment_is_read() {
    let app = TestApp::embedded().await;
    let (now, filler) = (now(), "x".repeat(60_000));
    for second in 0..40 {
        let body = body_plus("", "filler", json!(filler));
        report(&app, now - second, body).await;
    }
    let (sender, mut requests) = mpsc::unbounded_channel();
    let proxy = Proxy::start(&app.engine_url, move |request| {
        sender.send(request.to_owned()).expect("the test listens");
        Fault::None
    });
    let proxy = proxy.await.expect("a free port");
    let ran = ends(0, &mut tasks_at(proxy.url(), &app.table_name, &["--json"]));
    let rows: [Value; 1] = serde_json::from_str(&ran.stdout).expect("the newest snapshot");
    assert_eq!(rows[0]["createTs"], now);
    assert_eq!(rows[0]["extra"]["filler"], filler);
    let summary = ": 1 of 1 task shown. 40 snapshots read with ";
    assert!(ran.stderr.contains(summary), "{}", ran.stderr);
    let options = format!("--table {} --endpoint-url {}", app.table_name, proxy.url());
    let last_words = format!(
        " read units, less than $0.01 in us-east-1.\n\
         The reports of a task: callbot history t-1 {options}\n"
    );
    assert!(ran.stderr.ends_with(&last_words), "{}", ran.stderr);

    let mut pages_of = [0; 4];
    while let Ok(request) = requests.try_recv() {
        let (head, body) = split(&request);
        assert!(head.contains("DynamoDB_20120810.Scan"), "{head}");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let segment = body["Segment"].as_u64().expect("a number");
        pages_of[segment as usize] += 1;
    }
    pages_of.sort_unstable();
    let why = "2.4 MB of one task, in pages of 1 MB";
    assert_eq!(pages_of, [1, 1, 1, 3], "{why}");
}

#[test]
fn the_cost_is_shown_if_the_engine_counts_it() {
    // Each of the four segments has this many.
    let counted = json!({"CapacityUnits": 30_000.5});
    let cost = " with 120002 read units, about $0.02 in us-east-1";
    for (capacity, cost) in [(counted, cost), (Value::Null, "")] {
        let body = json!({"Items": [], "ConsumedCapacity": capacity}).to_string();
        let ran = ends(0, &mut tasks_at(&server::start(&body), "t", &[]));
        let summary = format!(", table t: 0 of 0 tasks shown. 0 snapshots read{cost}.\n");
        assert!(ran.stderr.ends_with(&summary), "{ran:?}");
        assert_eq!(ran.stdout, "", "{cost}");
    }
}
