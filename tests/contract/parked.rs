//! Parking, the contract's section 6, while AWS works. Parking because of AWS failures is tested in `failures`.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::function::deliver;
use task_callback_test_support::parked_event;
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{
    NOW, Request, SECRET, UUID, body, body_with, body_without, now,
};
use task_callback_test_support::service::CREDENTIALS;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn only_authentic_or_possibly_authentic_callbacks_are_parked() {
    let good = Request::new(body());
    let signed = |body: &[u8], secret| Request::signed(body, NOW, Algorithm::Md5, secret);
    let status_9 = body_with("/taskStatus", json!(9));
    let extended = format!("{{}}&createTs=1&requestID=r&uuid={UUID}");
    let extended = [extended.as_bytes(), b"\x80"].concat();
    let parked = [
        (
            "a missing field",
            4001,
            Request::new(body_without("taskID")),
        ),
        ("no status", 4220, Request::new(status_9)),
        ("too old", 4011, Request::at(NOW - 4 * DAY, body())),
        ("from the future", 4011, Request::at(NOW + 301, body())),
        ("another secret", 4010, signed(&good.body, "another")),
        (
            "another algorithm",
            4010,
            good.clone().with_header("algorithm", "SHA256"),
        ),
    ];
    let not_parked = [
        (
            "an unknown uuid",
            4010,
            Request::of_account("stranger", body()),
        ),
        ("a length extension", 4010, signed(&extended, SECRET)),
        ("no signature", 4000, good.clone().without_header("sign")),
        ("too large", 4130, Request::new("x".repeat(65_537))),
        ("another path", 4040, good.clone().with_path("/other")),
        ("another method", 4050, good.clone().with_method("GET")),
        ("all is well", 0, good),
    ];
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let rows = parked.into_iter().map(|row| (row, 1));
    let rows = rows.chain(not_parked.into_iter().map(|row| (row, 0)));
    for ((what, ret_code, request), copies) in rows {
        let answer = app.send(&request).await;
        assert_eq!(answer.ret_code, ret_code, "{what}");
        let mut messages = queue.messages().await;
        messages.retain(|message| message["responseID"] == answer.response_id);
        assert_eq!(messages.len(), copies, "{what}");
        for message in messages {
            assert_eq!(message["retCode"], ret_code, "{what}");
            assert!(message["reason"].as_str() > Some(""), "{what}");
        }
        assert_eq!(app.items().await.is_empty(), ret_code != 0, "{what}");
    }
}

#[tokio::test]
async fn a_parked_callback_is_complete() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let binary = b"\xff\x00 no text";
    let request = Request::signed(binary, NOW, Algorithm::Md5, SECRET);
    // A lower-case signature is accepted, too, and is parked unchanged.
    let sign = request.header("sign").to_lowercase();
    let request = request
        .with_header("sign", &sign)
        .with_header("algorithm", "md5")
        .with_header("x-forwarded-for", "203.0.113.17");
    assert_eq!(app.send(&request).await.ret_code, 4001);
    let expected = json!({
        "version": 1,
        "receivedAt": "2024-09-13T04:01:00.000Z",
        "responseID": "response-1",
        "retCode": 4001,
        "reason": "the body must be a JSON object: invalid utf-8 sequence of 1 bytes from index 0",
        "headers": {
            "algorithm": "md5", "createTs": NOW.to_string(), "requestID": "req-1", "sign": sign, "uuid": UUID,
        },
        "body": STANDARD.encode(binary),
    });
    assert_eq!(queue.messages().await, [expected]);
}

#[tokio::test]
async fn the_largest_body_fits_into_a_message() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[("MAX_BODY_BYTES", "262144")]).await;
    let request = Request::new("x".repeat(262_144));
    assert_eq!(app.send(&request).await.ret_code, 4001);
    let text = queue.messages().await[0]["body"].to_string();
    assert_eq!(text.len(), 349_528 + 2, "262144 bytes in base64, quoted");
}

/// Parks a genuine callback, refused by a function that accepts only callbacks of the last minute.
async fn park_a_genuine_one(queue: &TestQueue) -> Value {
    let strict = TestApp::parking_in(queue, &[("MAX_CALLBACK_AGE_SECONDS", "60")]).await;
    let late = Request::at(NOW - 100, body());
    assert_eq!(strict.send(&late).await.ret_code, 4011);
    queue.messages().await.remove(0)
}

#[tokio::test]
async fn a_parked_callback_is_stored_once_and_as_first_received() {
    let queue = TestQueue::create().await;
    let message = park_a_genuine_one(&queue).await;
    queue.send(&message.to_string()).await;

    let app = TestApp::parking_in(&queue, &[]).await;
    let weeks_later = now() + Duration::from_secs(13 * DAY);
    let left = queue.deliver(app.function(), weeks_later).await;
    assert_eq!(left, 0, "the window counts from receivedAt");
    assert!(
        queue.messages().await.is_empty(),
        "both have left the queue"
    );
    let items = app.items().await;
    assert_eq!(items.len(), 1, "the second found the first");
    assert_eq!(text(&items[0], "createTs"), (NOW - 100).to_string());
    assert_eq!(text(&items[0], "receivedAt"), "2024-09-13T04:01:00.000Z");
    assert_eq!(text(&items[0], "responseID"), "response-1");
}

#[tokio::test]
async fn a_callback_that_fails_again_stays_in_the_queue_and_is_not_parked_twice() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let requests = [
        Request::new(body_without("taskID")),
        Request::at(NOW - 4 * DAY, body()),
        Request::new(body()).with_header("requestID", "another"),
    ];
    for request in &requests {
        app.send(request).await;
    }
    let parked = queue.messages().await;
    assert_eq!(parked.len(), requests.len());
    for _ in 0..3 {
        assert_eq!(queue.deliver(app.function(), now()).await, requests.len());
        assert_eq!(queue.messages().await, parked, "the same messages");
    }
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn a_message_that_is_not_a_parked_callback_stays_and_affects_no_other() {
    let queue = TestQueue::create().await;
    let good = park_a_genuine_one(&queue).await;
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        message[field] = value;
        message.to_string()
    };
    let spoilt = [
        "no JSON".to_owned(),
        json!({"hello": "world"}).to_string(),
        with("version", json!(2)),
        with("receivedAt", json!("yesterday")),
        with("body", json!("***")),
        with("headers", json!({"uuid": UUID})),
    ];
    for message in &spoilt {
        queue.send(message).await;
    }
    queue.send(&good.to_string()).await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let left = queue.deliver(app.function(), now()).await;
    assert_eq!(left, spoilt.len(), "the good ones before and after leave");
    assert_eq!(app.items().await.len(), 1, "the good one is stored");
}

#[tokio::test]
async fn the_queues_sample_event_is_stored() {
    let app = TestApp::with(&[("CALLBOT_CREDENTIALS", CREDENTIALS)]).await;
    let sample = std::fs::read_to_string(parked_event()).expect("the sample");
    let sample = serde_json::from_str(&sample).expect("JSON");
    let left = deliver(app.function(), &sample, now()).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(app.items_of("t-20260913-0007").await.len(), 1);
}
