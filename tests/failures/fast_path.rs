//! The fast path to DynamoDB, and the fallback to the SDK's client.

use std::time::{Duration, Instant};

use serde_json::json;
use task_callback::aws::Aws;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::proxy::{Fault, header, split};
use task_callback_test_support::request::{Request, body, body_plus, now};

use crate::faulty::Faulty;

#[tokio::test]
async fn a_retry_is_a_field_of_the_callbacks_only_line() {
    let throttled = Fault::Answer(400, "ThrottlingException");
    let cases = [
        (throttled, "400 Bad Request: ThrottlingException"),
        (Fault::Garbage, "200 OK with a body that is not"),
        (Fault::Silence, "no answer in time"),
        (Fault::ResetBefore, "error"),
        // It finds the item of the first attempt.
        (Fault::ResetAfter, "error"),
    ];
    for (fault, reason) in cases {
        let faulty = Faulty::start(&[fault, Fault::None]).await;
        let (log, _guard) = Log::start(&[]);
        let started = Instant::now();
        let answer = faulty.send(&Request::new(body())).await;
        let took = started.elapsed();
        assert_eq!(answer.ret_code, 0, "{fault:?}");
        let has_paused = took >= Duration::from_millis(50);
        assert!(has_paused || fault != throttled, "{took:?}");
        let [line] = &log.lines()[..] else {
            panic!("{fault:?}: {}", log.text());
        };
        let first_failure = line["firstFailure"].as_str().expect("a text");
        assert!(first_failure.contains(reason), "{fault:?}: {first_failure}");
        assert_eq!(line["level"], "INFO", "{fault:?}");
        assert_eq!(line["outcome"], "stored", "{fault:?}: not as a resend");
        assert_eq!(line["outcome"], "stored", "{fault:?}");
        assert_eq!(faulty.app.items().await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_timeout_is_answered_before_the_deadline_and_logged_with_the_first_cause() {
    let failed = Fault::Answer(500, "InternalServerError");
    let faulty = Faulty::start(&[failed, Fault::Silence]).await;
    let (log, _guard) = Log::start(&[]);
    let timeout = Duration::from_secs(1);
    let answer = faulty.send_within(timeout, &Request::new(body())).await;
    assert_eq!(answer.ret_code, 5030);
    assert_eq!(
        log.lines()[0]["reason"],
        "DynamoDB did not answer in time; the first attempt failed: 500 Internal Server Error: \
         InternalServerError by the proxy"
    );
}

/// The SDK rejects a custom endpoint combined with FIPS or dual stack. A callback that is stored would therefore show
/// that the fast path ignores them.
#[tokio::test]
async fn both_paths_use_fips_and_dual_stack() {
    let app = TestApp::embedded().await;
    for variable in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        let function = app.behind(Aws::from_lookup(|name| match name == variable {
            true => Some("true".to_owned()),
            false => local(name, &app.engine_url),
        }));
        let event = Request::new(body()).http_api_event().to_string();
        let (log, _guard) = Log::start(&[]);
        let answer = invoke(&function, &event, "response-1", now()).await;
        assert_ne!(answer.ret_code, 0, "{variable}");
        assert!(log.text().contains("and custom endpoint"), "{}", log.text());
        assert!(app.items().await.is_empty(), "{variable}");
    }
}

#[tokio::test]
async fn both_paths_write_the_same_item() {
    let failed = Fault::Answer(500, "InternalServerError");
    let faulty = Faulty::start(&[failed, Fault::None]).await;
    let extra = json!({
        "null": null, "bool": true, "text": "é\u{1F600}\"\\\n\u{7f}\u{2028}", "list": [1, "two", [3.5], {}],
        "map": {"deep": {"er": 18_446_744_073_709_551_615_u64}}, "kept as text": {"": "no name"},
    });
    let request = Request::new(body_plus("", "campaign", extra));
    assert_eq!(faulty.send(&request).await.ret_code, 0);

    let bodies = faulty.proxy.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    let condition = &bodies[0]["ConditionExpression"];
    assert_eq!(condition, "attribute_not_exists(taskID)");
    let messages = faulty.proxy.messages();
    let agent = header(split(&messages[0]).0, "user-agent").expect("an agent");
    assert!(agent.starts_with("task-callback/"), "{agent}");
}
