//! The stored form of a report.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use sha2::{Digest, Sha256};
use task_callback::store::{Item, TTL_ATTRIBUTE};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{NOW, Request, UUID, body, body_plus, body_with, now};

use super::{map, n, s, stored};

#[tokio::test]
async fn an_item_has_the_contracts_attributes() {
    let app = TestApp::with(&[("RETENTION_DAYS", "30")]).await;
    let body = body_plus("", "unnamed", json!("kept")).to_string();
    let request = Request::at(NOW - 7, &body);
    let received_at = now() + Duration::from_micros(4_999);
    let answer = app.send_at(&request, received_at).await;
    assert_eq!(answer.ret_code, 0);

    let stat = [
        ("answerOrderCount", n(31)),
        ("finishOrderCount", n(67)),
        ("totalOrderCount", n(100)),
        ("finishRate", n(0.67)),
        ("totalAnswerCall", n(40)),
        ("totalCall", n(120)),
        ("answerRate", n(0.33)),
    ];
    let expected = [
        ("taskID", s("t-1")),
        ("createTs", n(NOW - 7)),
        ("requestID", s("req-1")),
        ("uuid", s(UUID)),
        ("userTaskID", s("ut-1")),
        ("sceneID", s("s-1")),
        ("callbackType", n(1)),
        ("taskStatus", n(2)),
        ("status", s("IN_PROGRESS")),
        ("taskCreateTs", n(1_726_200_000)),
        ("taskStat", map(stat)),
        ("receivedAt", s("2024-09-13T04:01:00.004Z")),
        ("responseID", s(answer.response_id)),
        ("bodySha256", s(hex::encode(Sha256::digest(&body)))),
        ("expiresAt", n(NOW + 30 * 24 * 60 * 60)),
        ("extra", map([("unnamed", s("kept"))])),
    ];
    let item = &app.items().await[0];
    assert_eq!(item.len(), expected.len(), "{item:?}");
    for (attribute, value) in expected {
        assert_eq!(item[attribute], value, "{attribute}");
    }
}

#[tokio::test]
async fn an_attribute_without_a_value_is_omitted() {
    let app = TestApp::start().await;
    // DynamoDB rejects an empty string as an index key.
    let request = Request::new(body_with("/userTaskID", json!("")));
    let item = stored(&app, &request, "an empty userTaskID").await;
    for attribute in ["userTaskID", "expiresAt", "extra"] {
        assert!(!item.contains_key(attribute), "{attribute}");
    }
}

#[tokio::test]
async fn an_ordinary_item_costs_one_write_unit() {
    let app = TestApp::with(&[("RETENTION_DAYS", "400")]).await;
    let mut body = body();
    for id in ["taskID", "userTaskID", "sceneID"] {
        body[id] = json!("0123456789abcdef0123456789abcdef");
    }
    let item = stored(&app, &Request::new(body), "an ordinary item").await;
    assert!(size(&item) < 1024, "{} bytes: {item:?}", size(&item));
}

/// At least the bytes that DynamoDB counts: one per character of names, strings and numbers, and
/// two per value.
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::M(map) => size(map),
        other => panic!("{other:?}"),
    };
    item.iter()
        .map(|(name, of)| name.len() + value(of) + 2)
        .sum()
}

#[tokio::test]
async fn every_status_is_stored_with_its_name() {
    let app = TestApp::start().await;
    let names = ["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "PAUSED"];
    for (number, name) in (1..).zip(names) {
        let request = Request::at(NOW + number, body_with("/taskStatus", json!(number)));
        let item = stored(&app, &request, name).await;
        assert_eq!(text(&item, "status"), name);
    }
}

#[tokio::test]
async fn the_template_defines_the_index_and_the_expiry_that_the_code_uses() {
    let app = TestApp::start().await;
    let (client, table) = (&app.client, &app.table_name);
    let described = client.describe_table().table_name(table).send().await;
    let described = described.expect("the table").table.expect("a description");
    let indexes = described.global_secondary_indexes().iter();
    let indexes: Vec<_> = indexes.filter_map(|index| index.index_name()).collect();
    assert_eq!(indexes, ["userTaskID-createTs-index"]);

    let ttl = client
        .describe_time_to_live()
        .table_name(table)
        .send()
        .await;
    let ttl = ttl.expect("the TTL").time_to_live_description;
    let ttl = ttl.expect("a description");
    assert_eq!(ttl.attribute_name(), Some(TTL_ATTRIBUTE));
}
