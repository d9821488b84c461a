//! Callbacks parked because of AWS failures, and their redelivery: the contract's section 6.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::Message;
use futures_util::future::join_all;
use local_stack::sqs_event;
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{function, handle, invoke, invoke_within};
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{QUEUE_ARN, TestQueue};
use task_callback_test_support::request::{NOW, Request, SECRET, TASK, body, now};

use crate::faulty::Faulty;
use crate::secret::{credentials, keyring_of, until};

fn event() -> String {
    Request::new(body()).http_api_event().to_string()
}

#[tokio::test]
async fn a_callback_that_dynamodb_did_not_accept_is_stored_once_later() {
    let cases = [
        (Fault::Answer(400, "ThrottlingException"), 5030),
        (Fault::Answer(400, "AccessDeniedException"), 5000),
        // It is written, and the confirmation is lost.
        (Fault::ResetAfter, 5030),
    ];
    let parkings = cases.map(async |(fault, ret_code)| {
        let queue = TestQueue::create().await;
        let app = TestApp::parking_in(&queue, &[]).await;
        let faulty = Faulty::over(app, &[fault]).await;
        let answer = faulty.send(&Request::new(body())).await;
        assert_eq!(answer.ret_code, ret_code, "{fault:?}");
        let parked = queue.messages().await;
        assert_eq!(parked.len(), 1, "{fault:?}");
        assert_eq!(parked[0]["retCode"], ret_code, "{fault:?}");

        if let Fault::Answer(_, code) = fault {
            let reason = parked[0]["reason"].as_str().expect("a reason");
            assert!(reason.contains(code), "{reason}");
            assert!(reason.contains("by the proxy"), "{reason}");
            let left = queue.deliver(&faulty.function, now()).await;
            assert_eq!(left, 1, "{fault:?}: still refused");
            assert_eq!(queue.messages().await, parked, "{fault:?}: unchanged");
            assert!(faulty.app.items().await.is_empty(), "{fault:?}");
        }
        let later = now() + Duration::from_secs(3600);
        let left = queue.deliver(faulty.app.function(), later).await;
        assert_eq!(left, 0, "{fault:?}");
        let items = faulty.app.items_of(TASK).await;
        assert_eq!(items.len(), 1, "{fault:?}: stored once");
        let stored = ["responseID", "receivedAt"].map(|name| text(&items[0], name));
        let first = [&*answer.response_id, "2024-09-13T04:01:00.000Z"];
        assert_eq!(stored, first, "{fault:?}: as first received");
    });
    join_all(parkings).await;
}

#[tokio::test]
async fn a_callback_rejected_by_a_wrong_secret_is_stored_once_the_secret_is_right() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create(&credentials(&["a wrong one"])).await;
    let proxy = Proxy::start(moto::url(), &[Fault::None]).await;
    let function = app.verifying_with(keyring_of(&proxy, &secret));
    let answer = invoke(&function, &event(), "response-1", now()).await;
    assert_eq!(answer.ret_code, 4010);
    assert_eq!(queue.deliver(&function, now()).await, 1, "still wrong");
    secret.put(&credentials(&[SECRET])).await;
    let later = now() + Duration::from_secs(10);
    assert_eq!(queue.deliver(&function, later).await, 0);
    assert_eq!(app.items_of(TASK).await.len(), 1);
}

#[tokio::test]
async fn without_credentials_a_callback_waits_for_them_and_is_then_parked() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create("not written yet").await;
    let proxy = Proxy::start(moto::url(), &[Fault::None]).await;

    let function = app.verifying_with(keyring_of(&proxy, &secret));
    let (event, timeout) = (event(), Duration::from_secs(5));
    let answer = invoke_within(timeout, &function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 5000);
    let reads = proxy.requests();
    assert!((2..=4).contains(&reads), "{reads} in three seconds");
    assert!(app.items().await.is_empty());
    assert_eq!(queue.messages().await.len(), 1);

    let function = app.verifying_with(keyring_of(&proxy, &secret));
    let written = async {
        until(|| proxy.requests() > reads).await;
        secret.put(&credentials(&[SECRET])).await;
    };
    let waiting = invoke(&function, &event, "response-2", now());
    let (answer, ()) = tokio::join!(waiting, written);
    assert_eq!(answer.ret_code, 0, "written while the callback waits");
    assert_eq!(queue.deliver(&function, now()).await, 0);
    assert_eq!(app.items_of(TASK).await.len(), 1);
}

#[tokio::test]
async fn an_instance_parks_sixty_wrong_signatures_a_minute() {
    let app = TestApp::embedded().await;
    let (log, _guard) = Log::start(&[]);
    let text = body().to_string();
    let forged = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "a guess");
    // `NOW` is the first second of a minute.
    for second in (0..70).map(|count| count / 2).chain([60]) {
        let time = now() + Duration::from_secs(second);
        app.send_at(&forged, time).await;
    }
    for (count, line) in log.lines().iter().enumerate() {
        let is_over = (60..70).contains(&count);
        let over = "no: too many with a wrong signature";
        assert_eq!(line["parked"] == over, is_over, "{count}");
        assert_eq!(line.get("parkedMessage").is_none(), is_over, "{count}");
    }
    assert_eq!(log.lines().len(), 71);
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn a_callback_that_the_queue_did_not_accept_is_logged_and_can_be_sent_by_hand() {
    let denied = Fault::Answer(400, "AccessDeniedException");
    let silent = Fault::Silence;
    let by_sqs = Some(Fault::Answer(403, "AccessDenied"));
    let cases = [
        (denied, by_sqs, "SQS did not accept the message: "),
        (silent, Some(silent), "SQS did not answer in time"),
        (denied, None, "PARKED_QUEUE_URL is not set"),
    ];
    for (fault_of_the_table, fault, cause) in cases {
        let queue = TestQueue::create().await;
        let app = TestApp::embedded().await;
        let table = Proxy::start(&app.engine_url, &[fault_of_the_table]).await;
        let proxy = Proxy::start(moto::url(), &[fault.unwrap_or(Fault::None)]).await;
        let parking = match fault {
            Some(_) => queue.parking_through(&proxy.url),
            None => app.parking.clone(),
        };
        let function = function(app.store_behind(local_aws(&table.url)), parking, &[]);
        let (log, _guard) = Log::start(&[]);
        let (started, timeout) = (Instant::now(), Duration::from_secs(3));
        let answer = invoke_within(timeout, &function, &event(), "response-1", now()).await;
        assert!(started.elapsed() < timeout, "{cause}: {answer:?}");
        assert!(answer.ret_code >= 5000, "{cause}: {answer:?}");

        let line = log.lines().remove(0);
        assert_eq!(line["level"], "ERROR", "{cause}");
        assert_eq!(line["outcome"], "failed", "{cause}");
        assert_eq!(line["retCode"], answer.ret_code, "{cause}");
        assert_eq!(line["taskID"], TASK, "{cause}");
        assert_eq!(line["parked"], "in this line", "{cause}");
        assert!(line["notParked"].to_string().contains(cause), "{line}");
        assert!(queue.messages().await.is_empty(), "{cause}");
        let message = line["parkedMessage"].as_str().expect("a text");
        queue.send(message).await;
        assert_eq!(queue.deliver(app.function(), now()).await, 0, "{cause}");
        assert_eq!(app.items_of(TASK).await.len(), 1, "{cause}");
    }
}

#[tokio::test]
async fn in_an_outage_only_the_first_callback_waits_the_full_time() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let faulty = Faulty::over(app, &[&[Fault::Silence; 4][..], &[Fault::None]].concat()).await;
    let mut answers = Vec::new();
    for second in 0..5 {
        let request = Request::at(NOW - second, body());
        let started = Instant::now();
        let answer = faulty.send_within(Duration::from_secs(5), &request).await;
        answers.push((answer.ret_code, started.elapsed().as_secs()));
    }
    assert_eq!(answers, [(5030, 3), (5030, 1), (5030, 1), (0, 0), (0, 0)]);
    assert_eq!(queue.deliver(&faulty.function, now()).await, 0);
    assert_eq!(faulty.app.items().await.len(), 5);
}

#[tokio::test]
async fn sqs_is_retried_within_its_time_limit() {
    let queue = TestQueue::create().await;
    let app = TestApp::embedded().await;
    let failed = Fault::Answer(500, "InternalError");
    let proxy = Proxy::start(moto::url(), &[failed, Fault::Silence, Fault::None]).await;
    let function = function(app.store.clone(), queue.parking_through(&proxy.url), &[]);
    let old = Request::at(NOW - 300_000, body()).http_api_event();
    let answer = invoke(&function, &old.to_string(), "response-1", now()).await;
    assert_eq!(answer.ret_code, 4011);
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
    let (event, timeout) = (event.to_string(), Duration::from_secs(10));
    let handled = handle(timeout, app.function(), &event, "id", now()).await;
    let error = handled.expect_err("no response").to_string();
    assert!(error.contains("no messages of SQS"), "{error}");
}

#[tokio::test]
async fn each_message_of_a_batch_gets_the_full_time() {
    let queue = TestQueue::create().await;
    let old = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "0")]).await;
    for second in 1..=5 {
        old.send(&Request::at(NOW - second, body())).await;
    }
    let slow = Faulty::start(&[Fault::Slow(Duration::from_secs(1))]).await;
    let started = Instant::now();
    assert_eq!(queue.deliver(&slow.function, now()).await, 0);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(4), "one after another: {took:?}");
    assert_eq!(slow.app.items().await.len(), 5);
}
