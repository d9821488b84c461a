//! Callbacks parked because of AWS failures, and their redelivery: the contract's section 6.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{TestQueue, parking};
use task_callback_test_support::request::{NOW, Request, SECRET, body, now};

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
        let (queue, dead_letters) = (TestQueue::create().await, TestQueue::create().await);
        let both = parking(moto::url(), Some(&queue), Some(&dead_letters));
        let app = TestApp::with_parking(both, &[]).await;
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
        assert!(dead_letters.messages().await.is_empty(), "{fault:?}");
        let items = faulty.app.items().await;
        assert_eq!(items.len(), 1, "{fault:?}: stored once");
        assert_eq!(text(&items[0], "responseID"), answer.response_id);
        let received_at = text(&items[0], "receivedAt");
        assert_eq!(received_at, "2024-09-13T04:01:00.000Z", "the first time");
    });
    join_all(parkings).await;
}

#[tokio::test]
async fn a_callback_rejected_by_a_wrong_secret_is_stored_once_the_secret_is_right() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create(&credentials(&["a wrong one"])).await;
    let function = app.verifying_with(keyring_of(&secret, moto::url()));
    let answer = invoke(&function, &event(), "response-1", now()).await;
    assert_eq!(answer.ret_code, 4010);
    assert_eq!(queue.deliver(&function, now()).await, 1, "still wrong");
    secret.put(&credentials(&[SECRET])).await;
    let later = now() + Duration::from_secs(10);
    assert_eq!(queue.deliver(&function, later).await, 0);
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn without_credentials_that_can_be_used_a_callback_waits_for_them_and_is_then_parked() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let secret = TestSecret::create(&credentials(&[&format!("{SECRET} ")])).await;
    let proxy = Proxy::start(moto::url(), &[Fault::None]).await;

    let function = app.verifying_with(keyring_of(&secret, &proxy.url));
    let event = event();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 5000);
    let reads = proxy.requests();
    assert!((1..=3).contains(&reads), "{reads} in two seconds");
    assert!(app.items().await.is_empty());
    assert_eq!(queue.messages().await.len(), 1);

    let function = app.verifying_with(keyring_of(&secret, &proxy.url));
    let written = async {
        until(|| proxy.requests() > reads).await;
        secret.put(&credentials(&[SECRET])).await;
    };
    let waiting = invoke(&function, &event, "response-2", now());
    let (answer, ()) = tokio::join!(waiting, written);
    assert_eq!(answer.ret_code, 0, "written while the callback waits");
    assert_eq!(queue.deliver(&function, now()).await, 0);
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn an_instance_parks_sixty_wrong_signatures_a_minute() {
    let app = TestApp::embedded().await;
    let (log, _guard) = Log::start(&[]);
    let forged = Request::new(body()).sign(Algorithm::Md5, "a guess");
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

/// Asserts that the duration of an action is in this range, in milliseconds.
async fn within<T>(millis: Range<u64>, action: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let result = action.await;
    let took = started.elapsed().as_millis() as u64;
    assert!(millis.contains(&took), "{took} ms, not {millis:?}");
    result
}

const FULL: Range<u64> = 2_000..3_500;
const IN_AN_OUTAGE: Range<u64> = 500..2_000;

#[tokio::test]
async fn with_a_queue_the_store_is_tried_for_two_seconds_and_in_an_outage_for_half_a_second() {
    let queue = TestQueue::create().await;
    let request = |second| Request::at(NOW - second, body());
    let old = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "0")]).await;
    for second in 11..18 {
        old.send(&request(second)).await;
    }
    let is_up = Arc::new(AtomicBool::new(false));
    let state = is_up.clone();
    let next = move || match state.load(Relaxed) {
        true => Fault::None,
        false => Fault::Silence,
    };
    let app = TestApp::parking_in(&queue, &[]).await;
    let faulty = Faulty::with("down".to_owned(), app, next).await;
    let send = async |second| faulty.send(&request(second)).await.ret_code;
    let deliver = async || queue.deliver(&faulty.function, now()).await;
    assert_eq!(within(FULL, send(1)).await, 5030);
    assert_eq!(within(IN_AN_OUTAGE, send(2)).await, 5030);
    let left = within(IN_AN_OUTAGE, deliver()).await;
    assert_eq!(left, 9, "all are tried at once");
    is_up.store(true, Relaxed);
    assert_eq!(send(3).await, 0, "after the outage");
    is_up.store(false, Relaxed);
    assert_eq!(within(FULL, deliver()).await, 9);
    assert_eq!(within(IN_AN_OUTAGE, send(4)).await, 5030);
    is_up.store(true, Relaxed);
    assert_eq!(deliver().await, 0);
    assert_eq!(faulty.app.items().await.len(), 11);
}

#[tokio::test]
async fn without_a_queue_the_store_is_tried_for_six_and_a_half_seconds_each_time() {
    let faulty = Faulty::start(&[Fault::Silence]).await;
    for second in 0..2 {
        let request = Request::at(NOW - second, body());
        let answer = within(6_500..8_000, faulty.send(&request)).await;
        assert_eq!(answer.ret_code, 5030);
    }
}

#[tokio::test]
async fn sqs_is_retried_within_its_time_limit() {
    let queue = TestQueue::create().await;
    let failed = Fault::Answer(500, "InternalError");
    let proxy = Proxy::start(moto::url(), &[failed, Fault::Silence, Fault::None]).await;
    let app = TestApp::with_parking(queue.parking_through(&proxy.url), &[]).await;
    let answer = app.send(&Request::at(NOW - 300_000, body())).await;
    assert_eq!(answer.ret_code, 4011);
    assert_eq!(queue.messages().await.len(), 1);
}
