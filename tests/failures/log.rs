//! The log: one line per callback, with all an operator needs and nothing an attacker could use.

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback::handler::Handler;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{
    NOW, Request, SECRET, UUID, body, body_with, body_without, now,
};

/// The only line in a log, without the time and the durations.
fn line_of(log: &Log) -> Value {
    let mut lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let fields = lines[0].as_object_mut().expect("an object");
    assert!(fields["durationMs"].as_f64().expect("a duration") > 0.0);
    assert!(fields["timestamp"].is_string());
    fields.retain(|name, _| !["timestamp", "durationMs", "storeMs"].contains(&&**name));
    lines.remove(0)
}

/// Sends a request and returns the one log line that it writes.
async fn sent(app: &TestApp, request: &Request) -> Value {
    let (log, _guard) = Log::start(&[]);
    app.send(request).await;
    line_of(&log)
}

/// Delivers the one message of a queue and returns the one log line that this writes.
async fn delivered(queue: &TestQueue, function: &Handler) -> Value {
    let (log, _guard) = Log::start(&[]);
    queue.deliver(function, now()).await;
    line_of(&log)
}

#[tokio::test]
async fn a_stored_callback_is_one_line() {
    let app = TestApp::embedded().await;
    let mut expected = json!({
        "level": "INFO", "message": "callback", "outcome": "stored", "retCode": 0,
        "responseID": "response-1", "requestID": "req-1", "uuid": UUID, "taskID": "t-1",
        "status": "IN_PROGRESS", "createTs": "1726200060"
    });
    assert_eq!(sent(&app, &Request::new(body())).await, expected);
    expected["outcome"] = json!("already stored");
    expected["responseID"] = json!("response-2");
    expected["requestID"] = json!("req-2");
    let resend = Request::new(body()).resent();
    assert_eq!(sent(&app, &resend).await, expected);
    let other = Request::new(body_with("/taskStatus", json!(3)));
    let key = &sent(&app, &other).await["createTs"];
    assert_eq!(key, "1726200060.001", "the key it is stored under");
}

#[tokio::test]
async fn the_line_of_a_refusal_has_the_full_reason() {
    let app = TestApp::embedded().await;
    let good = || Request::new(body());
    let cases = [
        (
            Request::of_account("stranger", body()),
            "no credentials are configured for this uuid",
        ),
        (
            good().with_header("algorithm", "SHA256"),
            "the algorithm header differs from the account's algorithm",
        ),
        (
            good().with_header("requestID", "req-9"),
            "the signature matches no secret of this account",
        ),
        (good().without_header("sign"), "header sign is missing"),
        (
            Request::at(NOW - 259_300, body()),
            "createTs is 259300 s behind the clock, more than the 259200 s allowed",
        ),
        (good().with_method("GET"), "method not allowed: GET"),
        (good().with_path("/else"), "no such path: /else"),
    ];
    for (request, reason) in cases {
        let line = sent(&app, &request).await;
        let level = match line.get("parkedMessage") {
            Some(_) => "ERROR",
            None => "WARN",
        };
        assert_eq!(line["level"], level, "{reason}");
        assert_eq!(line["outcome"], "refused", "{reason}");
        assert_eq!(line["reason"], reason);
        assert!(line.get("body").is_none(), "no body is logged: {reason}");
    }
}

#[tokio::test]
async fn a_callback_from_the_queue_is_a_line_like_any_other() {
    let queue = TestQueue::create().await;
    let strict = TestApp::parking_in(&queue, &[("MAX_CALLBACK_AGE_SECONDS", "0")]).await;
    let line = sent(&strict, &Request::at(NOW - 1, body())).await;
    assert_eq!(line["parked"], "in the parked queue");
    assert!(line.get("parkedMessage").is_none(), "{line}");

    let expected = json!({
        "level": "WARN", "message": "callback", "outcome": "left in the queue", "retCode": 4011,
        "reason": "createTs is 1 s behind the clock, more than the 0 s allowed", "responseID": "response-1",
        "requestID": "req-1", "uuid": UUID, "createTs": "1726200059", "from": "queue",
        "receivedAt": "2024-09-13T04:01:00.000Z", "tries": 1
    });
    assert_eq!(delivered(&queue, strict.function()).await, expected);

    let app = TestApp::embedded().await;
    let expected = json!({
        "level": "INFO", "message": "callback", "outcome": "stored", "retCode": 0,
        "responseID": "response-1", "requestID": "req-1", "uuid": UUID, "taskID": "t-1",
        "status": "IN_PROGRESS", "createTs": "1726200059", "from": "queue",
        "receivedAt": "2024-09-13T04:01:00.000Z", "tries": 2
    });
    assert_eq!(delivered(&queue, app.function()).await, expected);

    queue.send("no JSON").await;
    let line = delivered(&queue, app.function()).await;
    assert_eq!(line["retCode"], 4000);
    let reason = line["reason"].to_string();
    assert!(reason.contains("is not a parked callback: "), "{reason}");
}

/// A log is paid for by the byte, and anybody can send these.
#[tokio::test]
async fn what_a_line_quotes_of_a_stranger_is_short() {
    let app = TestApp::embedded().await;
    let long = "x".repeat(9_000);
    let request = |uuid| Request::of_account(uuid, body()).with_header("requestID", &long);
    let short = format!("{}…", &long[..127]);
    let line = sent(&app, &request(&long)).await;
    assert_eq!(line["requestID"], short);
    assert_eq!(line["uuid"], short);
    let verified = request(UUID).sign(Algorithm::Md5, SECRET);
    assert_eq!(sent(&app, &verified).await["requestID"], long);

    for pointer in ["/rawPath", "/requestContext/http/method"] {
        let mut event = Request::new(body()).http_api_event();
        let quoted = event.pointer_mut(pointer).expect("it is there");
        *quoted = json!(format!("\u{1b}{long}"));
        let (log, _guard) = Log::start(&[]);
        let answer = app.invoke(&event).await;
        assert!(!answer.ret_msg.contains("xx"), "{answer:?}");
        let line = line_of(&log);
        let reason = line["reason"].as_str().expect("a text");
        let quoted = format!(": \\u{{1b}}{}…", &long[..57]);
        assert!(reason.ends_with(&quoted), "{line}");
    }
}

#[tokio::test]
async fn neither_a_secret_nor_a_valid_signature_is_logged_at_any_level() {
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let (log, _guard) = Log::start(&[("AWS_LAMBDA_LOG_LEVEL", "TRACE")]);
    for request in [
        Request::new(body()),
        Request::new(body_without("taskID")),
        Request::at(0, body()),
    ] {
        app.send(&request).await;
        let (text, sign) = (log.text(), request.header("sign"));
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.to_uppercase().contains(&sign), "{text}");
    }
    assert_eq!(log.lines().len(), 3, "libraries keep silent");
}

/// The SDK's error for an invalid endpoint URL contains the whole request.
#[tokio::test]
async fn the_reason_of_a_failure_is_short_and_holds_no_request() {
    let app = TestApp::embedded().await;
    let long = format!("127.0.0.1:1/{}", "x".repeat(1_000));
    for (url, reason) in [("127.0.0.1:1", "must contain scheme"), (&long, "xxx…")] {
        let function = app.behind(local_aws(url));
        let (log, _guard) = Log::start(&[]);
        let event = Request::new(body()).http_api_event().to_string();
        let answer = invoke(&function, &event, "response-1", now()).await;
        assert!(answer.ret_code >= 5000, "{answer:?}");
        let line = line_of(&log);
        let text = line["reason"].as_str().expect("a text");
        assert!(text.contains(reason), "{text}");
        assert!(text.chars().count() <= 300, "{text}");
        assert!(!log.text().contains("Request {"), "{line}");
        assert!(!log.text().contains("ut-1"), "{line}");
    }
}

#[tokio::test]
async fn lambdas_logging_controls_set_the_level_and_the_format() {
    let app = TestApp::embedded().await;
    let good = Request::new(body());
    let refused = good.clone().without_header("sign");
    let cases: [(&'static [(&str, &str)], usize); 7] = [
        (&[("AWS_LAMBDA_LOG_LEVEL", "INFO")], 2),
        (&[("AWS_LAMBDA_LOG_LEVEL", "warn")], 1),
        (&[("AWS_LAMBDA_LOG_LEVEL", "ERROR")], 0),
        (&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")], 0),
        (&[("AWS_LAMBDA_LOG_LEVEL", "off")], 0),
        (&[("AWS_LAMBDA_LOG_LEVEL", "0")], 0),
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
    assert!(text.contains("WARN"), "{text}");
    assert!(text.contains("retCode=4000"), "{text}");
    assert!(
        !text.contains(['{', '\u{1b}']),
        "neither JSON nor color: {text}"
    );
}
