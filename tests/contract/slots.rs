//! The key under which a report is stored, and how often it is stored.

use std::str::FromStr;

use bigdecimal::BigDecimal;
use futures_util::future::join_all;
use serde_json::json;
use task_callback::contract::snapshot::ReportTime;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{NOW, Request, body, body_with};

#[tokio::test]
async fn a_resend_is_acknowledged_and_stored_once() {
    let app = TestApp::start().await;
    let request = Request::new(body());
    let first = app.send(&request).await;
    let stored = app.items().await;

    for again in [request.clone(), request.resent()] {
        let answer = app.send(&again).await;
        assert_eq!((answer.status, answer.ret_code), (200, 0));
        assert_ne!(answer.response_id, first.response_id, "its own id");
    }
    assert_eq!(app.items().await, stored, "the first item is untouched");
}

#[tokio::test]
async fn reports_of_one_second_get_the_next_free_slot_in_order_of_arrival() {
    let app = TestApp::start().await;
    let reports: Vec<Request> = (0..12)
        .map(|count| Request::new(body_with("/taskStat/totalCall", json!(count))))
        .collect();
    // A resend finds its slot.
    let resends: Vec<Request> = reports.iter().map(Request::resent).collect();
    for report in reports.iter().chain(&resends) {
        assert_eq!(app.send(report).await.ret_code, 0);
    }
    assert_eq!(in_slots(&app).await, Vec::from_iter(0..12));
}

#[tokio::test]
async fn concurrent_writers_lose_nothing_and_duplicate_nothing() {
    let app = TestApp::start().await;
    let distinct = 8;
    let requests: Vec<Request> = (0..distinct * 3)
        .map(|index| Request::new(body_with("/taskStat/totalCall", json!(index % distinct))))
        .collect();
    let answers = join_all(requests.iter().map(|request| app.send(request))).await;
    assert!(answers.iter().all(|answer| answer.ret_code == 0));

    let mut counts = in_slots(&app).await;
    counts.sort_unstable();
    assert_eq!(counts, Vec::from_iter(0..distinct), "each report once");
}

#[test]
fn a_second_has_a_thousand_slots_in_order() {
    let slots = std::iter::successors(Some(ReportTime::new(NOW)), |slot| slot.next_slot());
    let keys: Vec<String> = slots.map(|slot| slot.to_string()).collect();
    assert_eq!(keys.len(), 1000);
    assert_eq!(keys[0], "1726200060");
    for (slot, key) in keys.iter().enumerate().skip(1) {
        assert_eq!(*key, format!("1726200060.{slot:03}"));
    }
}

/// Asserts that the reports have the first slots of the second, and returns each `totalCall`.
async fn in_slots(app: &TestApp) -> Vec<u64> {
    let items = app.items().await;
    let reports = items.iter().enumerate().map(|(slot, item)| {
        // DynamoDB returns slot 10 as 1726200060.01.
        let key = BigDecimal::from_str(text(item, "createTs"));
        assert_eq!(key, format!("1726200060.{slot:03}").parse());
        let stat = item["taskStat"].as_m().expect("a map");
        text(stat, "totalCall").parse().expect("a count")
    });
    reports.collect()
}
