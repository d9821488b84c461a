//! A part of the history, by --since and --last.

use std::sync::{Arc, Mutex};

use local_stack::{Fault, Proxy};

use super::*;
use crate::runner::eventually;
use task_callback_test_support::proxy::split;
use task_callback_test_support::request::{body_plus, body_with};

/// The sort keys of the snapshots found.
fn keys(app: &TestApp, arguments: &[&str]) -> Vec<String> {
    let rows = rows(&mut history(app, arguments));
    rows.iter().map(|row| row["createTs"].to_string()).collect()
}

fn rows(command: &mut Command) -> Vec<Value> {
    let ran = run(command.arg("--json"));
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[tokio::test]
async fn a_history_is_read_by_either_task_id_oldest_first() {
    let app = TestApp::start().await;
    for minute in [2, 0, 1] {
        report(&app, FIRST + minute * MINUTE, body()).await;
    }
    report(&app, FIRST, body_with("/taskID", json!("t-2"))).await;
    let times = [0, 1, 2].map(|minute| (FIRST + minute * MINUTE).to_string());
    assert_eq!(keys(&app, &["t-1"]), times);
    // The index lags about a second behind the table.
    eventually("the index has both tasks' reports", || {
        (keys(&app, &["ut-1", "--user-task"]).len() == 4).then_some(())
    });
    assert_eq!(
        keys(&app, &["ut-1", "--user-task", "--last", "2"]),
        times[1..]
    );
    assert!(keys(&app, &["t-3"]).is_empty());
}

#[tokio::test]
async fn since_and_last_are_in_the_range() {
    let app = TestApp::embedded().await;
    // Two reports in each of three seconds.
    for finished in 0..6 {
        let body = report_of("t-1", 2, finished, 100);
        report(&app, FIRST + finished / 2, body).await;
    }
    let all: Vec<String> = [0, 1, 2]
        .map(|second| FIRST + second)
        .iter()
        .flat_map(|second| [format!("{second}"), format!("{second}.001")])
        .collect();
    let [first, second, after] = [0, 1, 3].map(|second| (FIRST + second).to_string());
    let table: [(&[&str], &[String]); 6] = [
        (&["--since", &first], &all),
        (&["--since", &second], &all[2..]),
        (&["--since", &after], &[]),
        (&["--last", "1"], &all[5..]),
        (&["--since", &second, "--last", "3"], &all[3..]),
        (&["--last", "9"], &all),
    ];
    for (bounds, expected) in table {
        let arguments = [&["t-1"], bounds].concat();
        assert_eq!(keys(&app, &arguments), expected, "{bounds:?}");
    }
}

#[tokio::test]
async fn a_time_may_be_written_in_many_ways() {
    let app = demo(5).await;
    report(&app, now() - 90 * MINUTE, report_of("t-1", 1, 0, 1)).await;
    report(&app, now() - 30 * MINUTE, report_of("t-1", 2, 0, 1)).await;
    let third = (FIRST + 2 * MINUTE).to_string();
    let table = [
        (DEMO_TASK, "2026-09-13T08:02:00Z", 3),
        (DEMO_TASK, "2026-09-13T10:02:00+02:00", 3),
        (DEMO_TASK, "2026-09-13T10:02", 3),
        (DEMO_TASK, "2026-09-13 10:02:00", 3),
        (DEMO_TASK, &third, 3),
        (DEMO_TASK, "2026-09-13", 5),
        (DEMO_TASK, "20260913", 5),
        (DEMO_TASK, "2026-09-14", 0),
        ("t-1", "1h", 1),
        ("t-1", "60m", 1),
        ("t-1", "2d", 2),
    ];
    for (task, time, count) in table {
        let mut command = history(&app, &[task, "--since", time]);
        let rows = rows(command.env("TZ", "Europe/Berlin"));
        assert_eq!(rows.len(), count, "{time}");
    }
    for time in ["yesterday", "999999999", "20261340", "1789286400000"] {
        let ran = ends(2, &mut history(&app, &["t-1", "--since", time]));
        let named = format!("invalid value '{time}' for '--since <TIME>': write 2h or 3d");
        assert!(ran.stderr.contains(&named), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_read_by_its_key_page_by_page_and_never_filtered() {
    let app = TestApp::embedded().await;
    let filler = "x".repeat(60_000);
    for second in 0..40 {
        report(&app, FIRST + second, body_plus("", "filler", json!(filler))).await;
    }
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    let proxy = Proxy::start(&app.engine_url, move |request| {
        kept.lock().expect("no panic").push(request.to_owned());
        Fault::None
    });
    let proxy = proxy.await.expect("a proxy");
    let since = (FIRST + 5).to_string();
    for (bounds, count) in [(["--since", &since], 35), (["--last", "30"], 30)] {
        let mut command = callbot(&["history", "t-1", "--table", &app.table_name]);
        command.args(["--endpoint-url", proxy.url()]).args(bounds);
        assert_eq!(rows(&mut command).len(), count, "{bounds:?}");
    }
    let requests = requests.lock().expect("no panic");
    assert_eq!(requests.len(), 5, "2.1 MB and 1.8 MB in pages of 1 MB");
    for request in requests.iter() {
        let (head, body) = split(request);
        assert!(head.contains("DynamoDB_20120810.Query"), "{head}");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let condition = "#key = :value AND #time >= :since";
        assert_eq!(body["KeyConditionExpression"], condition);
        assert_eq!(body["ConsistentRead"], true);
        assert!(body.get("FilterExpression").is_none(), "{body}");
    }
}
