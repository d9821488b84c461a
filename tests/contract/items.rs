//! Items that are not snapshots.

use task_callback::store::snapshot_of;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body};

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
