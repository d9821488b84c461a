//! The stored form of a report.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sha2::{Digest, Sha256};
use task_callback::contract::callback::TaskStatus;
use task_callback::contract::snapshot::ReceivedAt;
use task_callback::store::{PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{NOW, Request, UUID, body, body_plus, body_with, now};

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
async fn an_ordinary_item_costs_one_write_unit() {
    let app = TestApp::with(&[("RETENTION_DAYS", "400")]).await;
    let mut body = body();
    body["taskID"] = json!("0123456789abcdef0123456789abcdef");
    body["userTaskID"] = json!("fedcba9876543210fedcba9876543210");
    body["sceneID"] = json!("00112233445566778899aabbccddeeff");
    app.send(&Request::new(body)).await;
    // An upper bound: one byte for each character of names, strings and digits. DynamoDB counts less, apart from a byte
    // or so of overhead for each value.
    let text = format!("{:?}", app.items().await[0]);
    let bytes: usize = app.items().await[0]
        .iter()
        .map(|(name, value)| name.len() + size(value) + 2)
        .sum();
    assert!(bytes < 1024, "{bytes} bytes: {text}");
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::M(map) => map
            .iter()
            .map(|(name, value)| name.len() + size(value) + 2)
            .sum(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn expiry_and_extra_are_stored_only_if_needed() {
    let app = TestApp::start().await;
    app.send(&Request::new(body())).await;
    let items = app.items().await;
    assert!(
        !items[0].contains_key("expiresAt"),
        "nothing expires unless configured"
    );
    assert!(
        !items[0].contains_key("extra"),
        "a body without unnamed fields has no map of them"
    );
}

#[tokio::test]
async fn an_empty_user_task_id_is_omitted_because_dynamodb_rejects_it_as_an_index_key() {
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
async fn the_template_defines_the_table_that_the_code_uses() {
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
    let indexes = table.global_secondary_indexes().iter();
    let mut indexes: Vec<_> = indexes.filter_map(|index| index.index_name()).collect();
    indexes.sort_unstable();
    assert_eq!(
        indexes,
        ["status-createTs-index", "userTaskID-createTs-index"]
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
    assert_eq!(ttl.attribute_name(), Some(TTL_ATTRIBUTE));
}

#[test]
fn received_at_always_has_milliseconds_and_is_read_back() {
    for (millis, text) in [
        (0, "2024-09-13T04:01:00.000Z"),
        (120, "2024-09-13T04:01:00.120Z"),
    ] {
        let received_at = ReceivedAt::from(now() + Duration::from_millis(millis));
        assert_eq!(received_at.to_string(), text);
        assert_eq!(text.parse(), Ok(received_at));
    }
}
