//! A part of the history, by --since and --until.

use std::sync::{Arc, Mutex};

use local_stack::{Fault, Proxy};
use serde_json::json;

use super::*;
use task_callback_test_support::proxy::split;
use task_callback_test_support::request::body_plus;

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
    let [first, second, third, after] = [0, 1, 2, 3].map(|second| (FIRST + second).to_string());
    let table: [(&[&str], &[String]); 8] = [
        (&[], &all),
        (&["--since", &second], &all[2..]),
        (&["--until", &second], &all[..2]),
        (&["--since", &second, "--until", &third], &all[2..4]),
        (&["--since", &first, "--until", &after], &all),
        (&["--since", &after], &[]),
        (&["--until", &third, "--last", "1"], &all[3..4]),
        (&["--since", &first, "--last", "3"], &all[3..]),
    ];
    for (bounds, expected) in table {
        let arguments = [&["t-1"], bounds].concat();
        assert_eq!(keys(&app, &arguments), expected, "{bounds:?}");
    }
}

#[tokio::test]
async fn a_bound_may_be_written_in_many_ways() {
    let app = demo(5).await;
    let count = |arguments: &[&str]| {
        let arguments = [&[DEMO_TASK, "--json"], arguments].concat();
        let ran = run(&mut history(&app, &arguments));
        let rows: Vec<Value> = serde_json::from_str(&ran.stdout).expect("JSON");
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
    assert_eq!(count(&["--since", "20260913", "--until", "20260914"]), 5);
    assert_eq!(count(&["--since", "2026-09-14"]), 0);
    assert_eq!(count(&["--until", "2026-09-13"]), 0);
    assert_eq!(
        count(&["--until", "20260913"]),
        0,
        "a date, not a second of 1970"
    );
    assert_eq!(count(&["--since", "3d", "--until", "7m"]), 1);
    let berlin = ["--tz", "Europe/Berlin", "--since", "2026-09-13T10:04"];
    assert_eq!(count(&berlin), 1);
    // The newest snapshot before the bound.
    assert_eq!(count(&["--until", "5m", "--last", "1"]), 1);
}

#[tokio::test]
async fn an_invalid_bound_is_an_error_that_says_what_to_write() {
    let app = TestApp::embedded().await;
    for time in ["yesterday", "999999999", "20261340", "1789286400000"] {
        for option in ["--since", "--until"] {
            let ran = fail(2, &mut history(&app, &["t-1", option, time]));
            let named = format!("invalid value '{time}' for '{option} <TIME>': write 2h or 3d");
            assert!(ran.stderr.contains(&named), "{ran:?}");
        }
    }
    let error = fail(
        2,
        &mut history(&app, &["t-1", "--since", "1h", "--until", "2h"]),
    )
    .stderr;
    assert!(error.contains("must be before --until"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
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
    let arguments = [
        "--table",
        &app.table_name,
        "--endpoint-url",
        proxy.url(),
        "--json",
    ];
    let bounds = ["--since", &since, "--until", &until];
    let mut command = callbot(&[&["history", DEMO_TASK], &arguments[..], &bounds].concat());
    let text = succeed(&mut command);
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
