//! What is stored, under which key, and how often.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sha2::{Digest, Sha256};
use task_callback::callback::TaskStatus;
use task_callback::snapshot::{ReceivedAt, ReportTime};
use task_callback::store::{PARTITION_KEY, SORT_KEY, item_of, snapshot_of};

use crate::app::{TestApp, text};
use crate::request::{NOW, Request, UUID, body, body_plus, body_with, now};

#[tokio::test]
async fn an_item_has_the_contracts_attributes() {
    let app = TestApp::with(&[("RETENTION_DAYS", "30")]).await;
    let create_ts = NOW - 7;
    let body = body_plus("", "unnamed", json!("kept")).to_string();
    let request = Request::at(create_ts, &body);
    let answer = app
        .send_at(&request, now() + Duration::from_micros(4_999))
        .await;
    assert_eq!(answer.ret_code, 0);

    let items = app.items().await;
    let item = &items[0];
    let expected = [
        ("taskID", "t-1"),
        ("createTs", "1726200053"),
        ("requestID", "req-1"),
        ("uuid", UUID),
        ("userTaskID", "ut-1"),
        ("sceneID", "s-1"),
        ("callbackType", "1"),
        ("taskStatus", "2"),
        ("status", "IN_PROGRESS"),
        ("taskCreateTs", "1726200000"),
        ("receivedAt", "2024-09-13T04:01:00.004Z"),
        ("responseID", &answer.response_id),
        ("bodySha256", &hex::encode(Sha256::digest(&body))),
        ("expiresAt", &(NOW + 30 * 24 * 60 * 60).to_string()),
    ];
    for (attribute, value) in expected {
        assert_eq!(text(item, attribute), value, "{attribute}");
    }
    let numbers = [
        "createTs",
        "callbackType",
        "taskStatus",
        "taskCreateTs",
        "expiresAt",
    ];
    for attribute in numbers {
        assert!(item[attribute].is_n(), "{attribute} is a number");
    }
    let stat = item["taskStat"].as_m().expect("a map");
    let expected = [
        ("answerOrderCount", "31"),
        ("finishOrderCount", "67"),
        ("totalOrderCount", "100"),
        ("finishRate", "0.67"),
        ("totalAnswerCall", "40"),
        ("totalCall", "120"),
        ("answerRate", "0.33"),
    ];
    for (attribute, value) in expected {
        assert_eq!(
            stat[attribute].as_n().map(String::as_str),
            Ok(value),
            "{attribute}"
        );
    }
    assert_eq!(stat.len(), 7);
    assert_eq!(
        item.len(),
        14 + 2,
        "taskStat, extra, and no attribute that the contract does not list"
    );
}

#[tokio::test]
async fn expiry_and_extra_are_there_only_where_they_say_something() {
    let app = TestApp::start().await;
    app.send(&Request::new(body())).await;
    let items = app.items().await;
    assert!(
        !items[0].contains_key("expiresAt"),
        "nothing expires unless configured"
    );
    assert!(
        !items[0].contains_key("extra"),
        "no unnamed fields, no map of them"
    );
}

#[tokio::test]
async fn an_empty_user_task_id_is_left_out_for_dynamodb_refuses_it_in_the_index() {
    let app = TestApp::start().await;
    let request = Request::new(body_with("/userTaskID", json!("")));
    assert_eq!(app.send(&request).await.ret_code, 0);
    let items = app.items().await;
    assert!(!items[0].contains_key("userTaskID"));
    assert_eq!(app.snapshots().await[0].callback.user_task_id, "");
}

#[tokio::test]
async fn every_status_is_stored_with_its_name() {
    let app = TestApp::start().await;
    let names = ["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "PAUSED"];
    for number in 1..=5_u64 {
        let request = Request::at(NOW + number, body_with("/taskStatus", json!(number)));
        assert_eq!(app.send(&request).await.ret_code, 0, "taskStatus {number}");
    }
    let items = app.items().await;
    let stored: Vec<&str> = items.iter().map(|item| text(item, "status")).collect();
    assert_eq!(stored, names);
    assert_eq!(TaskStatus::ALL.map(TaskStatus::name), names);
}

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
async fn reports_of_one_second_take_the_next_free_slot_in_order_of_arrival() {
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
async fn writers_at_the_same_moment_lose_nothing_and_double_nothing() {
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
        .task_history("t-1", false)
        .await
        .expect("a history");
    let times: Vec<u64> = by_task.iter().map(|s| s.create_ts.seconds).collect();
    assert_eq!(times, [NOW, NOW + 60, NOW + 120]);
    let latest = app
        .store
        .task_history("t-1", true)
        .await
        .expect("a history");
    assert_eq!(latest, by_task[2..]);
    let by_user_task = app
        .store
        .user_task_history("ut-1", false)
        .await
        .expect("a history");
    assert_eq!(by_user_task.len(), 4, "of both tasks");
    assert!(
        app.store
            .task_history("t-3", false)
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
        .task_history("t-1", false)
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

#[tokio::test]
async fn the_templates_table_is_the_one_the_code_uses() {
    let app = TestApp::start().await;
    let table = app
        .client
        .describe_table()
        .table_name(&app.table_name)
        .send()
        .await;
    let table = table.expect("the table").table.expect("its description");
    let keys: Vec<(String, String)> = table
        .key_schema()
        .iter()
        .map(|key| (key.attribute_name.clone(), key.key_type.as_str().to_owned()))
        .collect();
    assert_eq!(
        keys,
        [
            (PARTITION_KEY.into(), "HASH".into()),
            (SORT_KEY.into(), "RANGE".into())
        ]
    );
    let index = &table.global_secondary_indexes()[0];
    assert_eq!(
        index.index_name(),
        Some(task_callback::store::USER_TASK_INDEX)
    );
    let ttl = app
        .client
        .describe_time_to_live()
        .table_name(&app.table_name)
        .send()
        .await;
    let ttl = ttl
        .expect("the TTL")
        .time_to_live_description
        .expect("its description");
    assert_eq!(
        ttl.attribute_name(),
        Some(task_callback::store::TTL_ATTRIBUTE)
    );
}

#[test]
fn a_key_is_read_as_dynamodb_gives_it_back() {
    let cases = [
        ("1726200060", Some("1726200060")),
        ("1726200060.001", Some("1726200060.001")),
        ("1726200060.01", Some("1726200060.010")),
        ("1726200060.1", Some("1726200060.100")),
        ("1726200060.999", Some("1726200060.999")),
        ("18446744073709551615", Some("18446744073709551615")),
        ("1726200060.", None),
        ("1726200060.0001", None),
        (".1", None),
        ("-1", None),
        ("+1", None),
        ("1.7e9", None),
        ("", None),
    ];
    for (text, key) in cases {
        let read: Option<ReportTime> = text.parse().ok();
        assert_eq!(read.map(|key| key.to_string()).as_deref(), key, "{text:?}");
    }
}

#[test]
fn a_second_has_a_thousand_slots() {
    let slots = std::iter::successors(Some(ReportTime::new(NOW)), |slot| slot.next_slot());
    let keys: Vec<String> = slots.map(|slot| slot.to_string()).collect();
    assert_eq!(keys.len(), 1000);
    assert_eq!(keys[999], "1726200060.999");
}

#[test]
fn received_at_has_milliseconds_always_and_is_read_back() {
    for (millis, text) in [
        (0, "2024-09-13T04:01:00.000Z"),
        (120, "2024-09-13T04:01:00.120Z"),
    ] {
        let received_at = ReceivedAt::from(now() + Duration::from_millis(millis));
        assert_eq!(received_at.to_string(), text);
        assert_eq!(text.parse(), Ok(received_at));
    }
}
