//! The log: one line per callback, with everything an operator needs and nothing an attacker could use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::store_trouble::send_through;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{
    NOW, Request, SECRET, UUID, body, body_with, body_without, now,
};

/// Sends a request and returns the one log line that it writes.
async fn line_of(app: &TestApp, request: &Request) -> Value {
    let (log, _guard) = Log::start(&[]);
    app.send(request).await;
    let mut lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let line = lines.remove(0);
    assert!(line["durationMs"].as_f64().expect("a duration") > 0.0);
    assert!(line["timestamp"].is_string());
    line
}

/// Asserts on all fields except the timestamp and the durations.
fn assert_line(mut line: Value, expected: Value) {
    let fields = line.as_object_mut().expect("an object");
    for measured in ["timestamp", "durationMs", "storeMs"] {
        assert!(fields.remove(measured).is_some(), "{measured}");
    }
    assert_eq!(line, expected);
}

#[tokio::test]
async fn a_stored_callback_is_one_line() {
    let app = TestApp::embedded().await;
    let line = line_of(&app, &Request::new(body())).await;
    assert_line(
        line,
        json!({
            "level": "INFO", "message": "callback", "outcome": "stored", "retCode": 0, "new": true,
            "responseID": "response-1", "requestID": "req-1", "uuid": UUID, "taskID": "t-1",
            "status": "IN_PROGRESS", "createTs": "1726200060"
        }),
    );
    let line = line_of(&app, &Request::new(body()).resent()).await;
    assert_line(
        line,
        json!({
            "level": "INFO", "message": "callback", "outcome": "already stored", "retCode": 0, "new": false,
            "responseID": "response-2", "requestID": "req-2", "uuid": UUID, "taskID": "t-1",
            "status": "IN_PROGRESS", "createTs": "1726200060"
        }),
    );
    let line = line_of(&app, &Request::new(body_with("/taskStatus", json!(3)))).await;
    assert_eq!(
        line["createTs"], "1726200060.001",
        "the key it is stored under"
    );
}

#[tokio::test]
async fn the_line_of_a_refusal_has_the_full_reason() {
    let app = TestApp::embedded().await;
    let good = Request::new(body());
    let stranger = Request::of_account("stranger", body());
    let cases = [
        (
            stranger,
            4010,
            "no credentials are configured for this uuid",
        ),
        (
            good.clone().with_header("algorithm", "SHA256"),
            4010,
            "the algorithm header differs from the account's algorithm",
        ),
        (
            good.clone().with_header("requestID", "req-9"),
            4010,
            "the signature matches no secret of this account",
        ),
        (
            good.clone().without_header("sign"),
            4000,
            "header sign is missing",
        ),
        (
            Request::at(NOW - 259_300, body()),
            4011,
            "createTs is 259300 s behind the clock, more than the 259200 s allowed",
        ),
        (
            good.clone().with_method("GET"),
            4050,
            "method not allowed: GET",
        ),
        (
            good.clone().with_path("/elsewhere"),
            4040,
            "no such path: /elsewhere",
        ),
    ];
    for (request, ret_code, reason) in cases {
        let line = line_of(&app, &request).await;
        assert_eq!(line["level"], "WARN", "{reason}");
        assert_eq!(line["outcome"], "refused", "{reason}");
        assert_eq!(line["retCode"], ret_code, "{reason}");
        assert_eq!(line["reason"], reason);
        assert!(line.get("body").is_none(), "no body is logged: {reason}");
    }
}

#[tokio::test]
async fn the_line_of_a_parked_callback_says_where_it_is() {
    let refused = Request::new(body_without("taskID"));
    let queue = TestQueue::create().await;
    let line = line_of(&TestApp::parking_in(&queue, &[]).await, &refused).await;
    assert_eq!(line["parked"], "in the queue");
    assert!(line.get("parkedMessage").is_none(), "{line}");

    let line = line_of(&TestApp::embedded().await, &refused).await;
    assert_eq!(line["parked"], "in this line");
    assert_eq!(line["notParked"], "PARKED_QUEUE_URL is not set");
    let message = line["parkedMessage"].as_str().expect("a text");
    let message: Value = serde_json::from_str(message).expect("JSON");
    let text = STANDARD.encode(body_without("taskID").to_string());
    assert_eq!(
        (&message["version"], &message["body"]),
        (&json!(1), &json!(text))
    );
}

#[tokio::test]
async fn a_callback_from_the_queue_is_a_line_like_any_other() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "0")]).await;
    app.send(&Request::at(NOW - 1, body())).await;
    let usual = TestApp::embedded().await;
    let strict = app.function();
    let lines = async |function| {
        let (log, _guard) = Log::start(&[]);
        queue.deliver(function, now()).await;
        log.lines()
    };
    let mut left = lines(strict).await;
    let fields = left[0].as_object_mut().expect("an object");
    for measured in ["timestamp", "durationMs"] {
        assert!(fields.remove(measured).is_some(), "{measured}");
    }
    let expected = json!({
        "level": "WARN", "message": "callback", "outcome": "left in the queue", "retCode": 4011,
        "reason": "createTs is 1 s behind the clock, more than the 0 s allowed", "responseID": "response-1",
        "requestID": "req-1", "uuid": UUID, "createTs": "1726200059", "from": "queue",
        "receivedAt": "2024-09-13T04:01:00.000Z", "tries": 1
    });
    assert_eq!(left, [expected]);

    let mut stored = lines(usual.function()).await;
    assert_line(
        stored.remove(0),
        json!({
            "level": "INFO", "message": "callback", "outcome": "stored", "retCode": 0, "new": true,
            "responseID": "response-1", "requestID": "req-1", "uuid": UUID, "taskID": "t-1",
            "status": "IN_PROGRESS", "createTs": "1726200059", "from": "queue",
            "receivedAt": "2024-09-13T04:01:00.000Z", "tries": 2
        }),
    );

    queue.send("no JSON").await;
    let spoilt = lines(usual.function()).await;
    assert_eq!(spoilt[0]["retCode"], 4000);
    let reason = spoilt[0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the message is not a parked callback: "),
        "{reason}"
    );
}

#[tokio::test]
async fn an_internal_failure_is_an_error_with_its_cause() {
    let app = TestApp::embedded().await;
    for (fault, ret_code) in [
        (Fault::Answer(400, "AccessDeniedException"), 5000),
        (Fault::Answer(400, "ThrottlingException"), 5030),
    ] {
        let proxy = Proxy::start(&app.engine_url, &[fault]).await;
        let (log, _guard) = Log::start(&[]);
        send_through(&app, &proxy).await;
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "the cause is logged once: {lines:#?}");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["outcome"], "failed");
        assert_eq!(lines[0]["retCode"], ret_code);
        assert_eq!(lines[0]["taskID"], "t-1");
        assert_eq!(lines[0]["parked"], "in this line", "not stored, not lost");
        let Fault::Answer(_, code) = fault else {
            unreachable!()
        };
        let reason = lines[0]["reason"].as_str().expect("a reason");
        assert!(
            reason.contains(code) && reason.contains("by the proxy"),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn neither_a_secret_nor_a_valid_signature_is_logged_at_any_level() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let (log, _guard) = Log::start(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")]);
    let good = Request::new(body());
    for request in [
        &good,
        &Request::new(body_without("taskID")),
        &Request::at(0, body()),
    ] {
        app.send(request).await;
        let text = log.text();
        let sign = request.header("sign");
        assert!(!text.contains(SECRET) && !text.contains(&sign), "{text}");
        assert!(!text.to_uppercase().contains(&sign), "{text}");
    }
    assert_eq!(log.lines().len(), 3, "libraries keep silent");
}

/// The SDK's error for an invalid endpoint URL contains the whole request.
#[tokio::test]
async fn an_invalid_endpoint_url_puts_no_request_into_the_log() {
    let app = TestApp::embedded().await;
    let function = app.behind(local_aws("127.0.0.1:1"));
    let (log, _guard) = Log::start(&[]);
    let event = Request::new(body()).http_api_event().to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert!(answer.ret_code >= 5000, "{answer:?}");
    let line = log.lines().pop().expect("a line");
    let reason = line["reason"].as_str().expect("a reason");
    assert!(reason.contains("endpoint must contain scheme"), "{reason}");
    assert!(
        !log.text().contains("Request {") && !reason.contains("ut-1"),
        "{reason}"
    );
}

#[tokio::test]
async fn lambdas_logging_controls_set_the_level_and_the_format() {
    let app = TestApp::embedded().await;
    let good = Request::new(body());
    let refused = good.clone().without_header("sign");
    let cases: [(&'static [(&str, &str)], usize); 5] = [
        (&[("AWS_LAMBDA_LOG_LEVEL", "INFO")], 2),
        (&[("AWS_LAMBDA_LOG_LEVEL", "warn")], 1),
        (&[("AWS_LAMBDA_LOG_LEVEL", "ERROR")], 0),
        (&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")], 0),
        (&[("AWS_LAMBDA_LOG_LEVEL", "nonsense")], 2),
    ];
    for (variables, lines) in cases {
        let (log, _guard) = Log::start(variables);
        app.send(&good).await;
        app.send(&refused).await;
        assert_eq!(log.lines().len(), lines, "{variables:?}");
    }

    let (log, _guard) = Log::start(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]);
    app.send(&refused).await;
    let text = log.text();
    assert!(
        text.contains("WARN") && text.contains("retCode=4000"),
        "{text}"
    );
    assert!(!text.starts_with('{') && !text.contains('\u{1b}'), "{text}");
}
