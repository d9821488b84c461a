//! Items read back as snapshots.

use serde_json::json;
use task_callback::store::{item_of, snapshot_of};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body, body_plus};

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
async fn an_item_that_is_not_a_snapshot_is_an_error_that_names_the_attribute() {
    let app = TestApp::start().await;
    app.send(&Request::new(body())).await;
    let good = &app.items().await[0];
    // callbackType and status repeat what other attributes say, and a missing userTaskID means an empty one.
    let not_read = ["callbackType", "status", "userTaskID"];
    let required = good.keys().filter(|key| !not_read.contains(&key.as_str()));
    for attribute in required {
        let mut item = good.clone();
        item.remove(attribute);
        let error = snapshot_of(&item).expect_err(attribute);
        assert_eq!(error.0, attribute.as_str());
    }
}
