//! The fast path to DynamoDB, and the fallback to the SDK's client.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use task_callback::aws::Aws;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::{local, local_aws};
use task_callback_test_support::function::{invoke, invoke_within};
use task_callback_test_support::log::Log;
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{Request, TASK, body, body_plus, now};

use crate::store_trouble::send_through;

/// Sends one callback whose requests to DynamoDB meet these faults, and returns its log lines.
async fn lines_of(app: &TestApp, faults: &[Fault]) -> Vec<Value> {
    let proxy = Proxy::start(&app.engine_url, faults).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(send_through(app, &proxy).await.ret_code, 0);
    log.lines()
}

#[tokio::test]
async fn the_fallback_is_one_warning_that_names_the_callback_and_the_cause() {
    let answer = |status, code| Fault::Answer(status, code);
    let table = [
        (
            answer(400, "ThrottlingException"),
            "400 Bad Request: ThrottlingException by the proxy",
        ),
        (
            answer(500, "InternalServerError"),
            "500 Internal Server Error: InternalServerError by the proxy",
        ),
        (
            Fault::Garbage,
            "status 200 with a body that is not DynamoDB's",
        ),
        (Fault::ResetBefore, "error"),
        (Fault::Silence, "no answer in time"),
    ];
    for (fault, reason) in table {
        let app = TestApp::embedded().await;
        let lines = lines_of(&app, &[fault, Fault::None]).await;
        assert_eq!(lines.len(), 2, "{fault:?}: {lines:#?}");
        assert_eq!(lines[0]["message"], "stored at the second attempt");
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["responseID"], "response-1");
        assert_eq!(lines[0]["taskID"], TASK);
        let logged = lines[0]["reason"].as_str().expect("a reason");
        assert!(logged.contains(reason), "{fault:?}: {logged}");
        assert_eq!(lines[1]["outcome"], "stored", "{fault:?}");
        assert_eq!(app.items().await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_with_a_lost_confirmation_is_new_and_its_resend_is_not() {
    let app = TestApp::embedded().await;
    let lost = [Fault::ResetAfter, Fault::None];
    let lines = lines_of(&app, &lost).await;
    assert_eq!(lines[0]["message"], "answered at the second attempt");
    assert_eq!(lines[1]["outcome"], "stored");
    let stored = app.items().await;

    let other = TestApp::embedded().await;
    let first = other.send(&Request::new(body())).await;
    assert_ne!(first.response_id, "response-2");
    let proxy = Proxy::start(&other.engine_url, &lost).await;
    let (log, _guard) = Log::start(&[]);
    let event = Request::new(body()).http_api_event().to_string();
    let function = other.behind(local_aws(&proxy.url));
    assert_eq!(
        invoke(&function, &event, "response-2", now())
            .await
            .ret_code,
        0
    );
    assert_eq!(log.lines()[1]["outcome"], "already stored");
    assert_eq!((stored.len(), other.items().await.len()), (1, 1));
}

#[tokio::test]
async fn a_throttled_write_is_not_retried_immediately() {
    let app = TestApp::embedded().await;
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let seen = arrivals.clone();
    let proxy = Proxy::with(&app.engine_url, move || {
        let mut arrivals = seen.lock().expect("no panic");
        arrivals.push(Instant::now());
        match arrivals.len() {
            1 => Fault::Answer(400, "ThrottlingException"),
            _ => Fault::None,
        }
    })
    .await;
    assert_eq!(send_through(&app, &proxy).await.ret_code, 0);
    let arrivals = arrivals.lock().expect("no panic");
    let pause = arrivals[1] - arrivals[0];
    assert!(pause >= Duration::from_millis(50), "{pause:?}");
}

#[tokio::test]
async fn after_a_timeout_the_log_has_the_first_cause() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::Silence];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(local_aws(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    let (log, _guard) = Log::start(&[]);
    let timeout = Duration::from_secs(2);
    let answer = invoke_within(timeout, &function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 5030);
    assert_eq!(
        log.lines()[0]["reason"],
        "DynamoDB did not answer in time; the first attempt failed: 500 Internal Server Error: \
         InternalServerError by the proxy"
    );
    assert!(app.items().await.is_empty());
}

/// The SDK rejects a custom endpoint combined with FIPS or dual stack. Its error therefore shows that a path uses them.
#[tokio::test]
async fn both_paths_use_fips_and_dual_stack_endpoints_if_configured() {
    for (variable, reason) in [
        ("AWS_USE_FIPS_ENDPOINT", "FIPS and custom endpoint"),
        (
            "AWS_USE_DUALSTACK_ENDPOINT",
            "Dualstack and custom endpoint",
        ),
    ] {
        let app = TestApp::embedded().await;
        let function = app.behind(aws_with(&app.engine_url, variable, Some("true")));
        let event = Request::new(body()).http_api_event().to_string();
        let (log, _guard) = Log::start(&[]);
        let answer = invoke(&function, &event, "response-1", now()).await;
        assert_ne!(answer.ret_code, 0, "{variable}");
        let lines = log.lines();
        assert_eq!(lines[0]["message"], "no fast path to DynamoDB");
        for line in &lines {
            let logged = line["reason"].as_str().expect("a reason");
            assert!(logged.contains(reason), "{variable}: {logged}");
        }
        assert_eq!(lines.len(), 2, "{variable}: {lines:#?}");
        assert!(app.items().await.is_empty());
    }
}

#[tokio::test]
async fn the_log_says_once_why_there_is_no_fast_path() {
    for (variable, reason) in [
        ("AWS_REGION", "no region is set"),
        ("AWS_ACCESS_KEY_ID", "no credentials are in the environment"),
    ] {
        let app = TestApp::embedded().await;
        let function = app.behind(aws_with(&app.engine_url, variable, None));
        let event = Request::new(body()).http_api_event().to_string();
        let (log, _guard) = Log::start(&[]);
        for _ in 0..3 {
            invoke(&function, &event, "response-1", now()).await;
        }
        let lines = log.lines();
        let warnings = lines
            .iter()
            .filter(|line| line["message"] == "no fast path to DynamoDB");
        let reasons: Vec<&Value> = warnings.map(|line| &line["reason"]).collect();
        assert_eq!(reasons, [reason], "{lines:#?}");
    }
}

/// AWS client settings for an engine, with one variable set differently.
fn aws_with(url: &str, variable: &str, value: Option<&str>) -> Aws {
    Aws::from_lookup(|name| match name == variable {
        true => value.map(str::to_owned),
        false => local(name, url),
    })
}

#[tokio::test]
async fn both_paths_write_the_same_item() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::None];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(local_aws(&proxy.url));
    let extra = json!({
        "null": null, "bool": true, "text": "é\u{1F600}\"\\\n\u{7f}\u{2028}", "list": [1, "two", [3.5], {}],
        "map": {"deep": {"er": 18_446_744_073_709_551_615_u64}}, "kept as text": {"": "no name"},
    });
    let event = Request::new(body_plus("", "campaign", extra)).http_api_event();
    let answer = invoke(&function, &event.to_string(), "response-1", now()).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);

    let bodies = proxy.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    let messages = proxy.messages();
    let agent = header(split(&messages[0]).0, "user-agent").expect("an agent");
    assert!(agent.starts_with("task-callback/"), "{agent}");
    assert_eq!(
        bodies[0]["ConditionExpression"],
        "attribute_not_exists(taskID)"
    );
}
