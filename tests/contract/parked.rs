//! Parking while AWS works: the contract's section 6. `failures` tests parking while AWS fails.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::function::deliver;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto;
use task_callback_test_support::queue::{TestQueue, parking};
use task_callback_test_support::request::{
    NOW, Request, SECRET, UUID, body, body_with, body_without, now,
};
use task_callback_test_support::service::CREDENTIALS;

const DAY: u64 = 24 * 60 * 60;

const PARKED: &str = "in the parked queue";
const DEAD: &str = "in the dead-letter queue";
const LOGGED: &str = "in this line";

#[tokio::test]
async fn a_rejected_callback_that_may_be_authentic_is_parked_where_it_belongs() {
    let good = Request::new(body());
    let signed = |body: &[u8], secret| Request::signed(body, NOW, Algorithm::Md5, secret);
    let with = |name, value: u64| Request::new(body_with(name, json!(value)));
    let header = |name, value| good.clone().with_header(name, value);
    let extended = format!("{{}}&createTs=1&requestID=r&uuid={UUID}");
    let extended = [extended.as_bytes(), b"\x80"].concat();
    // Where a callback is parked that the function refuses, if there are both queues.
    let cases = [
        ("no JSON", 4001, DEAD, Request::new("{")),
        ("no status", 4220, DEAD, with("/taskStatus", 9)),
        ("an order", 4220, DEAD, with("/callbackType", 2)),
        ("a call", 4220, DEAD, with("/callbackType", 3)),
        ("old", 4011, DEAD, Request::at(NOW - 4 * DAY, body())),
        ("early", 4011, DEAD, Request::at(NOW + 301, body())),
        ("secret", 4010, PARKED, signed(&good.body, "another")),
        ("algorithm", 4010, PARKED, header("algorithm", "SHA256")),
        ("unknown", 4010, "", Request::of_account("stranger", body())),
        ("extended", 4010, "", signed(&extended, SECRET)),
        ("no signature", 4000, "", header("sign", "")),
        ("too large", 4130, "", Request::new("x".repeat(65_537))),
        ("path", 4040, "", good.clone().with_path("/other")),
        ("method", 4050, "", good.clone().with_method("GET")),
        ("all is well", 0, "", good.clone()),
    ];
    for (has_parked, has_dead) in [(true, true), (true, false), (false, true)] {
        let (parked, dead) = (TestQueue::create().await, TestQueue::create().await);
        let queues = (has_parked.then_some(&parked), has_dead.then_some(&dead));
        let parking = parking(moto::url(), queues.0, queues.1);
        let app = TestApp::with_parking(parking, &[]).await;
        let mut sent = Vec::new();
        for (what, ret_code, place, request) in &cases {
            let what = format!("{what}, with queues: {has_parked}, {has_dead}");
            let (log, _guard) = Log::start(&[]);
            let answer = app.send(request).await;
            assert_eq!(answer.ret_code, *ret_code, "{what}");
            assert_eq!(app.items().await.is_empty(), *ret_code != 0, "{what}");
            let place = match *place {
                DEAD if has_dead => Some(DEAD),
                DEAD | PARKED if has_parked => Some(PARKED),
                DEAD | PARKED => Some(LOGGED),
                _ => None,
            };
            assert_eq!(log.lines()[0]["parked"], json!(place), "{what}");
            sent.push((place, json!([answer.response_id, ret_code])));
        }
        for (place, queue) in [(PARKED, parked), (DEAD, dead)] {
            let messages = queue.messages().await;
            let found = messages
                .iter()
                .map(|m| json!([m["responseID"], m["retCode"]]));
            let mut expected = sent.clone();
            expected.retain(|(other, _)| *other == Some(place));
            assert!(found.eq(expected.into_iter().map(|row| row.1)), "{place}");
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
    let as_received = [
        ("createTs", "1726199960"),
        ("receivedAt", "2024-09-13T04:01:00.000Z"),
        ("responseID", "response-1"),
    ];
    for (attribute, value) in as_received {
        assert_eq!(text(&items[0], attribute), value);
    }
}

#[tokio::test]
async fn a_callback_that_fails_again_stays_in_the_queue_and_is_not_parked_twice() {
    let (queue, dead_letters) = (TestQueue::create().await, TestQueue::create().await);
    let app = TestApp::parking_in(&queue, &[]).await;
    let requests = [
        Request::new(body()).with_header("requestID", "another"),
        Request::new(body_without("taskID")),
        Request::new(body_with("/taskStatus", json!(0))),
        Request::at(NOW - 4 * DAY, body()),
    ];
    for request in &requests {
        app.send(request).await;
    }
    let parked = queue.messages().await;
    assert_eq!(parked.len(), requests.len());
    let both = parking(moto::url(), Some(&queue), Some(&dead_letters));
    for parking in [queue.parking(), both] {
        let app = TestApp::with_parking(parking, &[]).await;
        assert_eq!(queue.deliver(app.function(), now()).await, parked.len());
        assert_eq!(queue.messages().await, parked, "the same messages");
        assert!(app.items().await.is_empty());
    }
    let moved = dead_letters.messages().await;
    assert!(moved.is_empty(), "a redrive would be endless: {moved:?}");
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
        format!("\u{feff}\u{feff}{good}"),
    ];
    for message in &spoilt {
        queue.send(message).await;
    }
    queue.send(&format!("\u{feff}{good}")).await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let left = queue.deliver(app.function(), now()).await;
    assert_eq!(left, spoilt.len(), "the good ones before and after leave");
    assert_eq!(app.items().await.len(), 1, "the good one is stored");
}

#[tokio::test]
async fn the_queues_sample_event_is_stored() {
    let app = TestApp::with(&[("CALLBOT_CREDENTIALS", CREDENTIALS)]).await;
    let sample = include_str!("../../events/parked.json");
    let sample = serde_json::from_str(sample).expect("JSON");
    let left = deliver(app.function(), &sample, now()).await;
    assert!(left.is_empty(), "{left:?}");
    let items = app.items().await;
    assert_eq!(text(&items[0], "taskID"), "t-20260913-0007");
    assert_eq!(items.len(), 1);
}
