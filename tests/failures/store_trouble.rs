//! How often and for how long the function tries when DynamoDB fails. `faults` tests the outcome.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use task_callback::store::SORT_KEY;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::proxy::Fault;
use task_callback_test_support::request::{NOW, Request, body, body_with};

use crate::faulty::Faulty;

#[tokio::test]
async fn the_common_case_is_one_request_to_dynamodb() {
    let faulty = Faulty::start(&[Fault::None]).await;
    let request = Request::new(body());
    assert_eq!(faulty.send(&request).await.ret_code, 0);
    assert_eq!(faulty.proxy.requests(), 1);
    assert_eq!(faulty.send(&request.resent()).await.ret_code, 0);
    assert_eq!(faulty.proxy.requests(), 2, "one for a resend, too");
}

#[tokio::test]
async fn retries_outlast_a_failure_of_a_few_seconds() {
    let mut faults = vec![Fault::Answer(500, "InternalServerError"); 7];
    faults.push(Fault::None);
    let faulty = Faulty::start(&faults).await;
    assert_eq!(faulty.send(&Request::new(body())).await.ret_code, 0);
    assert_eq!(faulty.app.items().await.len(), 1);
}

/// By default, the SDK stops retrying after many calls of a process have failed.
#[tokio::test]
async fn every_callback_is_retried_however_many_have_failed_before() {
    let faulty = Faulty::start(&[Fault::ResetBefore]).await;
    let request = Request::new(body());
    let send = || faulty.send_within(Duration::from_millis(1_500), &request);
    for answer in join_all((0..25).map(|_| send())).await {
        assert_eq!(answer.ret_code, 5030);
    }
    let before = faulty.proxy.requests();
    assert_eq!(send().await.ret_code, 5030);
    let attempts = faulty.proxy.requests() - before;
    assert!(
        attempts > 2,
        "{attempts} attempts, two of them without the SDK's retries"
    );
}

#[tokio::test]
async fn a_rejection_by_dynamodb_is_not_retried() {
    let faulty = Faulty::start(&[Fault::Answer(400, "AccessDeniedException")]).await;
    assert_eq!(faulty.send(&Request::new(body())).await.ret_code, 5000);
    assert_eq!(faulty.proxy.requests(), 2, "one on each path");
}

#[tokio::test]
async fn a_report_in_a_full_second_is_rejected_for_now() {
    let app = TestApp::embedded().await;
    app.send(&Request::new(body_with("/taskStat/totalCall", 0.into())))
        .await;
    let mut occupant = app.items().await.remove(0);
    for slot in 1..1000 {
        let key = AttributeValue::N(format!("{NOW}.{slot:03}"));
        occupant.insert(SORT_KEY.to_owned(), key);
        let put = app.client.put_item().table_name(&app.table_name);
        let put = put.set_item(Some(occupant.clone()));
        put.send().await.expect("stored");
    }
    assert_eq!(app.items().await.len(), 1000);
    let report = Request::new(body());
    app.assert_refused("the 1001st report of a second", &report, 503, 5030)
        .await;
}
