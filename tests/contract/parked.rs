//! Parking, the contract's section 6, while AWS works. Parking because of AWS failures is tested in `failures`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::function::deliver;
use task_callback_test_support::parked_event;
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{
    NOW, Request, SECRET, TASK, UUID, body, body_with, body_without, now,
};
use task_callback_test_support::service::CREDENTIALS;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn only_authentic_or_possibly_authentic_callbacks_are_parked() {
    let good = Request::new(body());
    let signed_otherwise = |secret| {
        let text = body().to_string();
        Request::signed(text.as_bytes(), NOW, Algorithm::Md5, secret)
    };
    let extended = [
        b"{}&createTs=1&requestID=r&uuid=".as_slice(),
        UUID.as_bytes(),
        b"\x80",
    ]
    .concat();
    let cases = [
        (
            "a field is missing",
            Request::new(body_without("taskID")),
            4001,
            true,
        ),
        (
            "a status that is none",
            Request::new(body_with("/taskStatus", json!(9))),
            4220,
            true,
        ),
        ("too old", Request::at(NOW - 4 * DAY, body()), 4011, true),
        (
            "from the future",
            Request::at(NOW + 301, body()),
            4011,
            true,
        ),
        ("another secret", signed_otherwise("another"), 4010, true),
        (
            "another algorithm",
            good.clone().with_header("algorithm", "SHA256"),
            4010,
            true,
        ),
        (
            "an unknown uuid",
            Request::of_account("stranger", body()),
            4010,
            false,
        ),
        (
            "a length extension",
            Request::signed(&extended, NOW, Algorithm::Md5, SECRET),
            4010,
            false,
        ),
        (
            "no signature",
            good.clone().without_header("sign"),
            4000,
            false,
        ),
        (
            "a body over the limit",
            Request::new("x".repeat(65_537)),
            4130,
            false,
        ),
        (
            "another path",
            good.clone().with_path("/other"),
            4040,
            false,
        ),
        (
            "another method",
            good.clone().with_method("GET"),
            4050,
            false,
        ),
        ("all is well", good, 0, false),
    ];
    for (what, request, ret_code, parked) in cases {
        let queue = TestQueue::create().await;
        let app = TestApp::parking_in(&queue, &[]).await;
        let answer = app.send(&request).await;
        assert_eq!(answer.ret_code, ret_code, "{what}");
        let messages = queue.messages().await;
        assert_eq!(messages.len(), usize::from(parked), "{what}");
        assert_eq!(app.items().await.is_empty(), ret_code != 0, "{what}");
        if let Some(message) = messages.first() {
            assert_eq!(message["retCode"], ret_code, "{what}");
            assert_eq!(message["responseID"], answer.response_id, "{what}");
            assert!(message["reason"].as_str() > Some(""), "{what}");
        }
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

#[tokio::test]
async fn a_parked_callback_is_stored_as_first_received() {
    let queue = TestQueue::create().await;
    let strict = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "60")]).await;
    let request = Request::at(NOW - 100, body());
    assert_eq!(strict.send(&request).await.ret_code, 4011);

    let app = TestApp::parking_in(&queue, &[]).await;
    let weeks_later = now() + std::time::Duration::from_secs(13 * DAY);
    let left = queue.deliver(app.function(), weeks_later).await;
    assert_eq!(left, 0, "the window counts from receivedAt");
    assert!(queue.messages().await.is_empty(), "it has left the queue");
    let snapshots = app.snapshots_of(TASK).await;
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].create_ts.to_string(), (NOW - 100).to_string());
    assert_eq!(
        snapshots[0].received_at.to_string(),
        "2024-09-13T04:01:00.000Z"
    );
    assert_eq!(snapshots[0].response_id, "response-1");
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
async fn a_message_delivered_twice_is_stored_once() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    app.send(&Request::at(NOW - 4 * DAY, body())).await;
    let mut message = queue.messages().await.remove(0);
    message["receivedAt"] = json!("2024-09-10T04:01:00.000Z");
    for _ in 0..2 {
        queue.send(&message.to_string()).await;
    }
    assert_eq!(queue.deliver(app.function(), now()).await, 1, "the first");
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_is_not_a_parked_callback_stays_and_affects_no_other() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    app.send(&Request::at(NOW - 4 * DAY, body())).await;
    let mut good = queue.messages().await.remove(0);
    queue.deliver(app.function(), now()).await;
    good["receivedAt"] = json!("2024-09-10T04:01:00.000Z");
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
    let left = queue.deliver(app.function(), now()).await;
    assert_eq!(left, 1 + spoilt.len(), "the first one is still too old");
    assert_eq!(app.items().await.len(), 1, "the good one is stored");
}

#[tokio::test]
async fn the_queues_sample_event_is_stored() {
    let app = TestApp::with(&[("CALLBOT_CREDENTIALS", CREDENTIALS)]).await;
    let sample = std::fs::read_to_string(parked_event()).expect("the sample");
    let sample = serde_json::from_str(&sample).expect("JSON");
    let left = deliver(app.function(), &sample, now()).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(app.snapshots_of("t-20260913-0007").await.len(), 1);
}
