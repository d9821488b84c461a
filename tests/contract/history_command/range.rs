//! A part of the history, by the table's key.

use std::sync::{Arc, Mutex};

use serde_json::json;
use task_callback::local::{Fault, Proxy};
use task_callback::store::Range;

use super::*;
use crate::proxy::split;
use crate::request::body_plus;

/// The keys of the snapshots in the range, by either task id.
async fn keys(app: &TestApp, since: Option<u64>, until: Option<u64>) -> Vec<String> {
    let range = Range {
        since,
        until,
        latest: false,
    };
    let by_task = app.store.task_history("t-1", range).await;
    let by_task = by_task.expect("a history").into_iter();
    by_task
        .map(|snapshot| snapshot.create_ts.to_string())
        .collect()
}

#[tokio::test]
async fn since_is_in_the_range_and_until_is_not() {
    let app = TestApp::start().await;
    // Two reports in each of three seconds.
    for finished in 0..6 {
        report(
            &app,
            FIRST + finished / 2,
            report_of("t-1", 2, finished, 100),
        )
        .await;
    }
    let all: Vec<String> = [0, 1, 2]
        .map(|second| FIRST + second)
        .iter()
        .flat_map(|second| [format!("{second}"), format!("{second}.001")])
        .collect();
    let at = |second: u64| Some(FIRST + second);
    assert_eq!(keys(&app, None, None).await, all);
    assert_eq!(keys(&app, at(1), None).await, all[2..]);
    assert_eq!(keys(&app, None, at(1)).await, all[..2]);
    assert_eq!(keys(&app, at(1), at(2)).await, all[2..4]);
    assert_eq!(keys(&app, at(0), at(3)).await, all);
    assert!(keys(&app, at(1), at(1)).await.is_empty());
    assert!(keys(&app, at(2), at(1)).await.is_empty());
    assert!(keys(&app, None, Some(0)).await.is_empty());
    assert!(keys(&app, at(3), Some(u64::MAX)).await.is_empty());

    let latest = Range {
        until: at(2),
        latest: true,
        ..Range::ALL
    };
    let newest = app.store.task_history("t-1", latest).await;
    let newest = newest.expect("a history");
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0].create_ts.to_string(), all[3]);
}

#[tokio::test]
async fn a_bound_may_be_written_in_many_ways() {
    let app = demo(5).await;
    let count = |arguments: &[&str]| {
        let arguments = [&[DEMO_TASK, "--json"], arguments].concat();
        let (text, _) = said(&mut history(&app, &arguments));
        let rows: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        rows.len()
    };
    let seconds = (FIRST + 2 * MINUTE).to_string();
    let same = [
        "2026-09-13T08:02:00Z",
        "2026-09-13T10:02:00+02:00",
        "2026-09-13T08:02",
        "2026-09-13 08:02:00",
        "5m30s",
        "330s",
        &seconds,
    ];
    for time in same {
        assert_eq!(count(&["--since", time]), 3, "{time}");
        assert_eq!(count(&["--until", time]), 2, "{time}");
    }
    assert_eq!(
        count(&["--since", "2026-09-13", "--until", "2026-09-14"]),
        5
    );
    assert_eq!(count(&["--since", "2026-09-14"]), 0);
    assert_eq!(count(&["--until", "2026-09-13"]), 0);
    assert_eq!(count(&["--since", "3d", "--until", "7m"]), 1);
    let berlin = ["--tz", "Europe/Berlin", "--since", "2026-09-13T10:04"];
    assert_eq!(count(&berlin), 1);
    // Of what was reported until then, the newest.
    assert_eq!(count(&["--until", "5m", "--latest"]), 1);
}

#[tokio::test]
async fn a_bound_that_says_nothing_is_refused_with_what_to_write() {
    let app = TestApp::embedded().await;
    let error = failed(&mut history(&app, &["t-1", "--since", "yesterday"]));
    assert!(
        error.contains(r#"--since: "yesterday" is no time: write 2h or 3d"#),
        "{error}"
    );
    let error = failed(&mut history(
        &app,
        &["t-1", "--since", "1h", "--until", "2h"],
    ));
    assert!(error.contains("nothing can lie between"), "{error}");
}

#[tokio::test]
async fn a_range_is_read_by_its_key_page_by_page_and_never_filtered() {
    let app = TestApp::embedded().await;
    let filler = "x".repeat(60_000);
    for second in 0..40 {
        let mut body = body_plus("", "filler", json!(filler));
        body["taskID"] = json!(DEMO_TASK);
        report(&app, FIRST + second, body).await;
    }
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    let proxy = Proxy::start(&app.engine_url, move |request| {
        kept.lock().expect("no panic").push(request.to_owned());
        Fault::None
    });
    let proxy = proxy.await.expect("a proxy");
    let (since, until) = ((FIRST + 5).to_string(), (FIRST + 35).to_string());
    let arguments = ["--table", &app.table_name, "--local", proxy.url(), "--json"];
    let bounds = ["--since", &since, "--until", &until];
    let mut command = callbot(&[&["history", DEMO_TASK], &arguments[..], &bounds].concat());
    let (text, _) = tokio::task::spawn_blocking(move || said(&mut command))
        .await
        .expect("no panic");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rows.len(), 30);

    let requests = requests.lock().expect("no panic");
    assert_eq!(requests.len(), 2, "1.8 MB in pages of 1 MB");
    for request in requests.iter() {
        let (head, body) = split(request);
        assert!(head.contains("DynamoDB_20120810.Query"), "{head}");
        let body: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(
            body["KeyConditionExpression"],
            "#key = :value AND #time BETWEEN :since AND :until"
        );
        let last = format!("{}.999", FIRST + 34);
        assert_eq!(body["ExpressionAttributeValues"][":until"]["N"], last);
        assert_eq!(body["ConsistentRead"], true);
        assert!(body.get("FilterExpression").is_none(), "{body}");
    }
}
