//! How often and for how long the function tries when DynamoDB fails. The outcome for a callback that meets a fault is
//! tested in `faults`.

use std::time::{Duration, Instant};

use task_callback::store::{Store, item_of};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{Answer, function, invoke, invoke_within};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{Request, body, body_with, now};

/// Well below the function's timeout of 10 s.
pub(crate) const IN_TIME: Duration = Duration::from_millis(8_500);

/// Sends one callback through a proxy with these faults.
pub(crate) async fn send_through(app: &TestApp, proxy: &Proxy) -> Answer {
    let function = app.behind(local_aws(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    let started = Instant::now();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert!(
        started.elapsed() < IN_TIME,
        "answered after {:?}",
        started.elapsed()
    );
    answer
}

#[tokio::test]
async fn the_common_case_is_one_request_to_dynamodb() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    assert_eq!(send_through(&app, &proxy).await.ret_code, 0);
    assert_eq!(proxy.requests(), 1);
    assert_eq!(send_through(&app, &proxy).await.ret_code, 0, "a resend");
    assert_eq!(proxy.requests(), 2, "one for a resend, too");
}

#[tokio::test]
async fn retries_outlast_a_failure_of_a_few_seconds() {
    let app = TestApp::embedded().await;
    let mut faults = vec![Fault::Answer(500, "InternalServerError"); 7];
    faults.push(Fault::None);
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    assert_eq!(send_through(&app, &proxy).await.ret_code, 0);
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn every_callback_is_retried_however_many_have_failed_before() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::ResetBefore]).await;
    let function = app.behind(local_aws(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    let timeout = Duration::from_millis(900);
    for callback in 0..25 {
        let before = proxy.requests();
        let answer = invoke_within(timeout, &function, &event, "response-1", now()).await;
        assert_eq!(answer.ret_code, 5030, "callback {callback}");
        assert!(
            proxy.requests() > before + 1,
            "callback {callback} is retried"
        );
    }
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn an_answer_is_sent_before_an_earlier_deadline() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::Silence]).await;
    let function = app.behind(local_aws(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    for timeout in [3_000, 1_100].map(Duration::from_millis) {
        let started = Instant::now();
        let answer = invoke_within(timeout, &function, &event, "response-1", now()).await;
        assert_eq!((answer.status, answer.ret_code), (503, 5030), "{timeout:?}");
        assert!(
            started.elapsed() < timeout,
            "answered after {:?}",
            started.elapsed()
        );
    }
}

#[tokio::test]
async fn a_rejection_by_dynamodb_is_not_retried() {
    let app = TestApp::embedded().await;
    let denied = Fault::Answer(400, "AccessDeniedException");
    let proxy = Proxy::start(&app.engine_url, &[denied]).await;
    let answer = send_through(&app, &proxy).await;
    assert_eq!((answer.status, answer.ret_code), (500, 5000));
    assert_eq!(proxy.requests(), 2, "one on each path");
}

#[tokio::test]
async fn a_missing_table_is_an_internal_error_without_details() {
    let app = TestApp::embedded().await;
    let missing = Store::new(local_aws(&app.engine_url), "no-such-table");
    let event = Request::new(body()).http_api_event().to_string();
    let function = function(missing, app.parking.clone(), &[]);
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!((answer.status, answer.ret_code), (500, 5000));
    assert_eq!(answer.ret_msg, "internal error");
}

#[tokio::test]
async fn a_report_in_a_full_second_is_rejected_for_now() {
    let app = TestApp::embedded().await;
    app.send(&Request::new(body_with("/taskStat/totalCall", 0.into())))
        .await;
    let mut occupant = app.snapshots().await.remove(0);
    occupant.body_sha256 = [0; 32];
    while let Some(slot) = occupant.create_ts.next_slot() {
        occupant.create_ts = slot;
        let put = app.client.put_item().table_name(&app.table_name);
        let put = put.set_item(Some(item_of(&occupant))).send().await;
        put.expect("stored");
    }
    assert_eq!(app.items().await.len(), 1000);
    let report = Request::new(body());
    app.assert_refused("the 1001st report of a second", &report, 503, 5030)
        .await;
}
