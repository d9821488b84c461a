//! The time window: a late callback is stored, and a resend changes nothing.

use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, body_with};
use tokio::runtime::Runtime;

use super::cases;

const AHEAD: u64 = 300;
const AGE: u64 = 259_200;

/// Reports as (seconds behind `NOW + AHEAD`, orders finished). Both have few values, to make several reports share a
/// second.
fn reports() -> impl Strategy<Value = Vec<(u64, u8)>> {
    let behind = prop_oneof![Just(0), Just(AHEAD + AGE), 0..3_u64, 0..AHEAD + AGE];
    vec((behind, 0..3_u8), 1..8)
}

#[test]
fn resends_within_the_window_change_nothing_in_any_order() {
    let runtime = Runtime::new().expect("a runtime");
    let resends = vec((any::<Index>(), 0..AHEAD + AGE), 1..12);
    proptest!(cases(48), |(reports in reports(), resends in resends)| {
        let app = runtime.block_on(TestApp::start());
        let requests: Vec<(u64, Request)> = reports
            .iter()
            .map(|(behind, finished)| {
                let create_ts = NOW + AHEAD - behind;
                let body = body_with("/taskStat/finishOrderCount", json!(finished));
                (create_ts, Request::at(create_ts, body))
            })
            .collect();
        runtime.block_on(async {
            for (create_ts, request) in &requests {
                let answer = app.send(request).await;
                prop_assert_eq!(answer.ret_code, 0, "createTs {}", create_ts);
            }
            let stored = app.items().await;
            let mut different = reports.clone();
            different.sort_unstable();
            different.dedup();
            prop_assert_eq!(stored.len(), different.len());

            for (index, later) in &resends {
                let (create_ts, request) = index.get(&requests);
                let now = UNIX_EPOCH + Duration::from_secs(NOW + later);
                let answer = app.send_at(&request.resent(), now).await;
                let in_window = NOW + later <= create_ts + AGE;
                prop_assert_eq!(answer.ret_code, if in_window { 0 } else { 4011 });
            }
            prop_assert_eq!(app.items().await, stored);
            Ok(())
        })?;
    });
}
