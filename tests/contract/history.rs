//! Reading what was stored.

use std::time::{Duration, Instant};

use serde_json::json;
use task_callback::store::{Range, item_of, snapshot_of};

use crate::app::TestApp;
use crate::request::{NOW, Request, body, body_plus, body_with};

#[tokio::test]
async fn a_history_is_read_by_either_task_id_oldest_first() {
    let app = TestApp::start().await;
    for minute in [2, 0, 1] {
        app.send(&Request::at(NOW + minute * 60, body())).await;
    }
    app.send(&Request::new(body_with("/taskID", json!("t-2"))))
        .await;

    let by_task = app
        .store
        .task_history("t-1", Range::ALL)
        .await
        .expect("a history");
    let times: Vec<u64> = by_task.iter().map(|s| s.create_ts.seconds).collect();
    assert_eq!(times, [NOW, NOW + 60, NOW + 120]);
    let latest = app
        .store
        .task_history("t-1", Range::LATEST)
        .await
        .expect("a history");
    assert_eq!(latest, by_task[2..]);
    // The index follows the table, in DynamoDB within a second or so.
    let started = Instant::now();
    loop {
        let by_user_task = app.store.user_task_history("ut-1", Range::ALL).await;
        let count = by_user_task.expect("a history").len();
        if count == 4 {
            break;
        }
        let waited = started.elapsed();
        assert!(
            waited < Duration::from_secs(20),
            "{count} reports of both tasks"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(
        app.store
            .task_history("t-3", Range::ALL)
            .await
            .expect("a history")
            .is_empty()
    );
}

#[tokio::test]
async fn a_history_longer_than_a_page_is_read_to_its_end() {
    let app = TestApp::start().await;
    let filler = "x".repeat(60_000);
    for second in 0..40 {
        let body = body_plus("", "filler", json!(filler));
        assert_eq!(app.send(&Request::at(NOW + second, body)).await.ret_code, 0);
    }
    let history = app
        .store
        .task_history("t-1", Range::ALL)
        .await
        .expect("a history");
    assert_eq!(
        history.len(),
        40,
        "2.4 MB, and a page of DynamoDB's is 1 MB"
    );
}

#[tokio::test]
async fn an_item_read_back_is_the_snapshot_that_was_written() {
    let app = TestApp::with(&[("RETENTION_DAYS", "1")]).await;
    let body = body_plus(
        "/taskStat",
        "more",
        json!({"list": [1, null, "two", false, {}]}),
    );
    app.send(&Request::new(body)).await;
    for item in app.items().await {
        let snapshot = snapshot_of(&item).expect("a snapshot");
        assert_eq!(item_of(&snapshot), item);
    }
}

#[tokio::test]
async fn an_item_that_is_no_snapshot_is_named_by_its_attribute() {
    let app = TestApp::start().await;
    app.send(&Request::new(body())).await;
    let good = &app.items().await[0];
    // These two say nothing that the others do not, and an empty userTaskID is left out.
    let not_read = ["callbackType", "status", "userTaskID"];
    let required = good.keys().filter(|key| !not_read.contains(&key.as_str()));
    for attribute in required {
        let mut item = good.clone();
        item.remove(attribute);
        let error = snapshot_of(&item).expect_err(attribute);
        assert_eq!(error.0, attribute.as_str());
    }
}
