//! Callbacks parked because of AWS failures, and their redelivery: the contract's section 6.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::Message;
use local_stack::sqs_event;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback::credentials::{Keyring, Secret};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{function, function_of, handle, invoke};
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{QUEUE_ARN, TestQueue};
use task_callback_test_support::request::{NOW, Request, SECRET, TASK, UUID, body, now};

use crate::store_trouble::IN_TIME;

const TEN_SECONDS: Duration = Duration::from_secs(10);

fn event() -> String {
    Request::new(body()).http_api_event().to_string()
}

fn credentials(secret: &str) -> String {
    json!([{"uuid": UUID, "secretKey": secret}]).to_string()
}

#[tokio::test]
async fn a_callback_that_dynamodb_did_not_accept_is_stored_once_later() {
    let cases = [
        (
            "throttling",
            Fault::Answer(400, "ThrottlingException"),
            5030,
        ),
        (
            "no permission",
            Fault::Answer(400, "AccessDeniedException"),
            5000,
        ),
        (
            "written, and the confirmation lost",
            Fault::ResetAfter,
            5030,
        ),
    ];
    for (what, fault, ret_code) in cases {
        let queue = TestQueue::create().await;
        let app = TestApp::parking_in(&queue, &[]).await;
        let proxy = Proxy::start(&app.engine_url, &[fault]).await;
        let faulty = app.behind(local_aws(&proxy.url));
        let answer = invoke(&faulty, &event(), "response-1", now()).await;
        assert_eq!(answer.ret_code, ret_code, "{what}: the answer");
        let parked = queue.messages().await;
        assert_eq!(parked.len(), 1, "{what}");
        assert_eq!(parked[0]["retCode"], ret_code, "{what}");

        if fault != Fault::ResetAfter {
            assert_eq!(queue.deliver(&faulty, now()).await, 1, "{what}: it lasts");
            assert_eq!(queue.messages().await, parked, "{what}: left as it was");
            assert!(app.items().await.is_empty(), "{what}");
        }
        let later = now() + Duration::from_secs(3600);
        assert_eq!(queue.deliver(app.function(), later).await, 0, "{what}");
        assert!(queue.messages().await.is_empty(), "{what}");
        let snapshots = app.snapshots_of(TASK).await;
        assert_eq!(snapshots.len(), 1, "{what}: stored once");
        assert_eq!(snapshots[0].response_id, "response-1", "{what}");
        let received = snapshots[0].received_at.unix_seconds();
        assert_eq!(received, NOW, "{what}: when it was received first");
    }
}

#[tokio::test]
async fn a_callback_rejected_by_a_wrong_secret_is_stored_once_the_secret_is_right() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create(&credentials("a wrong one")).await;
    let client = local_aws(moto::url()).secrets_manager();
    let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
    let function = app.verifying_with(keyring);
    let answer = invoke(&function, &event(), "response-1", now()).await;
    assert_eq!(answer.ret_code, 4010);
    assert_eq!(queue.deliver(&function, now()).await, 1, "still wrong");
    secret.put(&credentials(SECRET)).await;
    assert_eq!(queue.deliver(&function, now() + TEN_SECONDS).await, 0);
    assert_eq!(app.snapshots_of(TASK).await.len(), 1);
}

#[tokio::test]
async fn without_credentials_a_callback_waits_and_is_then_parked() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create(&credentials(SECRET)).await;
    let failing = |answers: usize| {
        let mut faults = vec![Fault::Answer(500, "InternalServiceError"); answers];
        faults.push(Fault::None);
        faults
    };
    // One read makes three attempts.
    let cases = [
        ("trouble of a moment", failing(4), 0),
        ("lasting trouble", failing(100), 5000),
    ];
    for (what, faults, ret_code) in cases {
        let proxy = Proxy::start(moto::url(), &faults).await;
        let client = local_aws(&proxy.url).secrets_manager();
        let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
        keyring.current(now()).await;
        let function = app.verifying_with(keyring);
        let started = Instant::now();
        let answer = invoke(&function, &event(), "response-1", now()).await;
        assert_eq!(answer.ret_code, ret_code, "{what}");
        assert!(started.elapsed() < IN_TIME, "{what}: {started:?}");
        let parked = queue.messages().await;
        assert_eq!(parked.len(), usize::from(ret_code > 0), "{what}");
    }
    assert_eq!(queue.deliver(app.function(), now()).await, 0);
    assert_eq!(app.snapshots_of(TASK).await.len(), 1);
}

#[tokio::test]
async fn an_instance_parks_sixty_wrong_signatures_a_minute() {
    let app = TestApp::embedded().await;
    let (log, _guard) = Log::start(&[]);
    let text = body().to_string();
    let forged = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "a guess");
    // `NOW` is the first second of a minute.
    for second in (0..70).map(|count| count / 2) {
        app.send_at(&forged, now() + Duration::from_secs(second))
            .await;
    }
    let whether_parked = |lines: &[Value]| -> Vec<String> {
        let parked = lines.iter().map(|line| line["parked"].as_str());
        parked
            .map(|parked| parked.expect("a text").to_owned())
            .collect()
    };
    let parked = whether_parked(&log.lines());
    assert!(parked[..60].iter().all(|parked| parked == "in this line"));
    let over = "no: too many with a wrong signature";
    assert!(parked[60..].iter().all(|parked| parked == over));
    assert!(log.lines()[60].get("parkedMessage").is_none());
    app.send_at(&forged, now() + Duration::from_secs(60)).await;
    assert_eq!(whether_parked(&log.lines())[70], "in this line");
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn a_callback_that_the_queue_did_not_accept_is_logged_and_can_be_sent_by_hand() {
    let denied = Fault::Answer(400, "AccessDeniedException");
    let cases = [
        (
            "refuses",
            Some(Fault::Answer(403, "AccessDenied")),
            "AccessDenied",
            denied,
        ),
        (
            "fails",
            Some(Fault::ResetBefore),
            "SQS did not accept the message",
            denied,
        ),
        (
            "is silent, as DynamoDB is",
            Some(Fault::Silence),
            "SQS",
            Fault::Silence,
        ),
        (
            "is not configured",
            None,
            "PARKED_QUEUE_URL is not set",
            denied,
        ),
    ];
    for (what, fault, cause, fault_of_the_table) in cases {
        let queue = TestQueue::create().await;
        let app = TestApp::embedded().await;
        let table = Proxy::start(&app.engine_url, &[fault_of_the_table]).await;
        let store = app.store_behind(local_aws(&table.url));
        let proxy = Proxy::start(moto::url(), &[fault.unwrap_or(Fault::None)]).await;
        let parking = match fault {
            Some(_) => queue.parking_through(&proxy.url),
            None => app.parking.clone(),
        };
        let (log, _guard) = Log::start(&[]);
        let started = Instant::now();
        let function = function(store, parking, &[]);
        let answer = invoke(&function, &event(), "response-1", now()).await;
        let took = started.elapsed();
        assert!(answer.ret_code >= 5000, "{what}: {answer:?}");
        assert!(took < IN_TIME, "{what}: answered after {took:?}");

        let line = log.lines().remove(0);
        assert_eq!(line["parked"], "in this line", "{what}");
        let reason = line["notParked"].as_str().expect("a reason");
        assert!(reason.contains(cause), "{what}: {reason}");
        assert!(queue.messages().await.is_empty(), "{what}");
        queue
            .send(line["parkedMessage"].as_str().expect("a text"))
            .await;
        assert_eq!(queue.deliver(app.function(), now()).await, 0, "{what}");
        assert_eq!(app.snapshots_of(TASK).await.len(), 1, "{what}");
    }
}

#[tokio::test]
async fn in_an_outage_only_the_first_callback_waits_the_full_time() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let mut faults = vec![Fault::Silence; 6];
    faults.push(Fault::None);
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(local_aws(&proxy.url));
    let mut answers = Vec::new();
    for second in 0..5 {
        let request = Request::at(NOW - second, body());
        let event = request.http_api_event().to_string();
        let started = Instant::now();
        let answer = invoke(&function, &event, "response-1", now()).await;
        answers.push((answer.ret_code, started.elapsed().as_secs()));
    }
    assert_eq!(answers, [(5030, 6), (5030, 1), (5030, 1), (0, 0), (0, 0)]);
    assert_eq!(queue.deliver(&function, now()).await, 0);
    assert_eq!(app.items().await.len(), 5);
}

#[tokio::test]
async fn sqs_is_retried_within_its_time_limit() {
    let queue = TestQueue::create().await;
    let app = TestApp::embedded().await;
    let faults = [
        Fault::Answer(500, "InternalError"),
        Fault::Silence,
        Fault::None,
    ];
    let proxy = Proxy::start(moto::url(), &faults).await;
    let old = Request::at(NOW - 300_000, body())
        .http_api_event()
        .to_string();
    let function = function(app.store.clone(), queue.parking_through(&proxy.url), &[]);
    assert_eq!(
        invoke(&function, &old, "response-1", now()).await.ret_code,
        4011
    );
    assert_eq!(queue.messages().await.len(), 1);
}

/// Lambda treats the whole batch as processed if the function succeeds without a `batchItemFailures` list.
#[tokio::test]
async fn a_batch_that_cannot_be_read_is_an_error_and_stays_in_the_queue() {
    let app = TestApp::embedded().await;
    let messages = ["m-1", "m-2"].map(|id| Message::builder().message_id(id).body("{}").build());
    let mut event = sqs_event(&messages, QUEUE_ARN);
    let spoilt = event["Records"][1].as_object_mut().expect("an object");
    spoilt.remove("messageId").expect("an id");
    let event = event.to_string();
    let handled = handle(TEN_SECONDS, app.function(), &event, "id", now()).await;
    let error = handled.expect_err("no response").to_string();
    assert!(error.contains("no messages of SQS"), "{error}");
}

#[tokio::test]
async fn each_message_of_a_batch_gets_the_full_time() {
    let queue = TestQueue::create().await;
    let app = TestApp::embedded().await;
    let old = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "0")]).await;
    for second in 1..=5 {
        old.send(&Request::at(NOW - second, body())).await;
    }
    let proxy = Proxy::start(
        &app.engine_url,
        &[Fault::Slow(Duration::from_millis(1_500))],
    )
    .await;
    let keyring = Keyring::fixed(credentials(SECRET).parse().expect("credentials"));
    let store = app.store_behind(local_aws(&proxy.url));
    let slow = function_of(keyring, store, app.parking.clone());
    let started = Instant::now();
    assert_eq!(queue.deliver(&slow, now()).await, 0);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "one after another: {took:?}");
    assert_eq!(app.items().await.len(), 5);
}
