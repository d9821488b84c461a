//! The key under which a report is stored, and how often it is stored.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use task_callback::contract::snapshot::{NotAReportTime, ReportTime};
use task_callback_test_support::app::TestApp;
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
        assert_ne!(
            answer.response_id, first.response_id,
            "each answer has its own id"
        );
    }
    assert_eq!(app.items().await, stored, "the first item is untouched");
}

#[tokio::test]
async fn the_same_report_at_another_second_is_another_snapshot() {
    let app = TestApp::start().await;
    app.send(&Request::at(NOW, body())).await;
    app.send(&Request::at(NOW + 1, body())).await;
    assert_eq!(app.items().await.len(), 2);
}

#[tokio::test]
async fn reports_of_one_second_get_the_next_free_slot_in_order_of_arrival() {
    let app = TestApp::start().await;
    let reports: Vec<Request> = (0..12)
        .map(|count| Request::new(body_with("/taskStat/totalCall", json!(count))))
        .collect();
    for report in &reports {
        assert_eq!(app.send(report).await.ret_code, 0);
    }
    for report in &reports {
        assert_eq!(
            app.send(&report.resent()).await.ret_code,
            0,
            "a resend finds its slot"
        );
    }

    let snapshots = app.snapshots().await;
    let counts: Vec<u64> = snapshots
        .iter()
        .map(|s| s.callback.stat.total_call)
        .collect();
    assert_eq!(counts, (0..12).collect::<Vec<_>>());
    let keys: Vec<String> = snapshots.iter().map(|s| s.create_ts.to_string()).collect();
    assert_eq!(keys[0], "1726200060");
    assert_eq!(keys[1], "1726200060.001");
    assert_eq!(keys[10], "1726200060.010", "read back as 1726200060.01");
    assert_eq!(keys[11], "1726200060.011");
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

    let snapshots = app.snapshots().await;
    let counts: BTreeSet<u64> = snapshots
        .iter()
        .map(|s| s.callback.stat.total_call)
        .collect();
    assert_eq!(counts.len() as u64, distinct, "every report is there");
    assert_eq!(snapshots.len() as u64, distinct, "and once");
    let keys: Vec<String> = snapshots.iter().map(|s| s.create_ts.to_string()).collect();
    assert_eq!(
        keys.last().map(String::as_str),
        Some("1726200060.007"),
        "without a gap"
    );
}

#[test]
fn a_key_is_read_as_dynamodb_returns_it() {
    let slots: Vec<ReportTime> = slots().collect();
    let cases = [
        ("1726200060", 0),
        ("1726200060.001", 1),
        ("1726200060.01", 10),
        ("1726200060.1", 100),
        ("1726200060.999", 999),
    ];
    for (text, slot) in cases {
        assert_eq!(text.parse(), Ok(slots[slot]), "{text}");
    }
    let end_of_time = ReportTime::new(u64::MAX);
    assert_eq!("18446744073709551615".parse(), Ok(end_of_time));
    for text in ["", "1.", ".1", "-1", "+1", "1.0001", "1.+1", "1.7e9"] {
        let key: Result<ReportTime, _> = text.parse();
        assert_eq!(key, Err(NotAReportTime), "{text:?}");
    }
}

#[test]
fn a_second_has_a_thousand_slots_in_order() {
    let slots: Vec<ReportTime> = slots().collect();
    assert_eq!(slots.len(), 1000);
    assert!(slots.is_sorted());
    assert_eq!(slots[999].to_string(), "1726200060.999");
}

/// All keys of one second.
fn slots() -> impl Iterator<Item = ReportTime> {
    std::iter::successors(Some(ReportTime::new(NOW)), |slot| slot.next_slot())
}
