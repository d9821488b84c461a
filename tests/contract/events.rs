//! API Gateway's events, and events that are not from API Gateway.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::function::handle;
use task_callback_test_support::project;
use task_callback_test_support::request::{NOW, Request, SECRET, body, body_plus, now};

#[tokio::test]
async fn a_request_is_accepted_in_every_form_of_the_event() {
    let app = TestApp::start().await;
    let request = Request::new(body());
    let mut upper_case = request.http_api_event();
    let headers = upper_case["headers"].as_object_mut().expect("headers");
    *headers = std::mem::take(headers)
        .into_iter()
        .map(|(name, value)| (name.to_uppercase(), value))
        .collect();
    let mut base64 = request.http_api_event();
    base64["body"] = json!(STANDARD.encode(&request.body));
    base64["isBase64Encoded"] = json!(true);
    let mut headers_once = rest_api_event(&request);
    headers_once["multiValueHeaders"] = json!(null);
    let mut odd = request.http_api_event();
    odd["headers"]["host"] = json!("not a host:99999999");
    odd["headers"]["x-forwarded-proto"] = json!("ht tp");
    odd["headers"]["bad name"] = json!("\u{7f} a header that HTTP does not have");
    odd["rawQueryString"] = json!("a=<\"\\^`{|}>%zz");
    for event in [upper_case, base64, headers_once, odd] {
        assert_eq!(app.invoke(&event).await.ret_code, 0, "{event}");
        assert_eq!(app.items().await.len(), 1, "{event}");
    }
}

/// The same request as the event of a REST API in the stage `prod`.
fn rest_api_event(request: &Request) -> Value {
    let sample = include_str!("../../events/rest-api.json");
    let mut event: Value = serde_json::from_str(sample).expect("JSON");
    let headers = request.headers.iter().cloned();
    let multi = headers.clone().map(|(name, value)| (name, [value]));
    event["path"] = json!(request.path);
    event["httpMethod"] = json!(request.method);
    event["headers"] = headers.collect();
    event["multiValueHeaders"] = json!(multi.collect::<HashMap<_, _>>());
    event["body"] = json!(String::from_utf8_lossy(&request.body));
    event
}

#[tokio::test]
async fn a_repeated_header_is_rejected_because_it_is_ambiguous() {
    let app = TestApp::start().await;
    let mut event = rest_api_event(&Request::new(body()));
    event["multiValueHeaders"]["uuid"] = json!(["somebody", "somebody-else"]);
    let answer = app.invoke(event).await;
    assert_eq!(answer.ret_code, 4000);
    let expected = "header uuid appears in the request more than once";
    assert_eq!(answer.ret_msg, expected);
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn the_end_of_the_path_decides_in_every_event_format() {
    let app = TestApp::start().await;
    let callback_paths = "/api/v3/taskCallback /prod/api/v3/taskCallback /production/api/v3/taskCallback \
        //api/v3/taskCallback /of/callbot/api/v3/taskCallback /hooks/prod//api/v3/taskCallback \
        /api/v3/taskCallback/api/v3/taskCallback";
    let others = "/ /prod /api/v3/orderCallback /xapi/v3/taskCallback /api/v3/taskCallbacks /api/v3/taskCallback/ \
        /api/v3/taskCallback/x /api/v3/taskcallback /API/v3/taskCallback /api//v3/taskCallback api/v3/taskCallback";
    let stored = callback_paths.split(' ').map(|path| (path, 0, 1));
    let refused = others.split(' ').map(|path| (path, 4040, 0));
    for (second, (path, ret_code, items)) in (NOW - 60..).zip(stored.chain(refused)) {
        let request = Request::at(second, body()).with_path(path);
        let (http_api, rest_api) = (request.http_api_event(), rest_api_event(&request));
        let mut http_api_1 = rest_api.clone();
        http_api_1["version"] = json!("1.0");
        let before = app.items().await.len();
        for mut event in [http_api, rest_api, http_api_1] {
            event["requestContext"]["stage"] = json!("prod");
            assert_eq!(app.invoke(&event).await.ret_code, ret_code, "{event}");
        }
        assert_eq!(app.items().await.len() - before, items, "{path}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_a_request_gets_an_answer() {
    let app = TestApp::start().await;
    let good = Request::new(body()).http_api_event();
    let with = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).expect("the field is there") = value;
        event
    };
    let events = [
        ("an empty object", json!({})),
        ("null", json!(null)),
        ("a string", json!("hello")),
        ("only a version", json!({"version": "2.0"})),
        ("not base64", with("/isBase64Encoded", json!(true))),
        ("a body that is no text", with("/body", body())),
        ("headers that are none", with("/headers", json!("none"))),
        ("no path", with("/rawPath", json!(null))),
        ("no method", with("/requestContext/http", json!({}))),
    ];
    for (what, event) in events {
        let answer = app.invoke(&event).await;
        let code = (answer.status, answer.ret_code);
        assert_eq!(code, (400, 4000), "{what}: {answer:?}");
        assert_eq!(answer.ret_msg, "the request could not be read", "{what}");
    }
    assert!(app.items().await.is_empty());
}

/// Lambda takes any answer for a success, and deletes the messages.
#[tokio::test]
async fn an_sqs_event_that_cannot_be_read_is_an_error() {
    let app = TestApp::start().await;
    let good = r#"{"messageId":"m-1","body":"{}","eventSource":"aws:sqs"}"#;
    let records = r#"null 1 {} "aws:sqs" [null] [1] [[]] [{}] ["aws:sqs"]"#;
    let records = records.split(' ').chain([good]).map(str::to_owned);
    let spoilt = [
        (r#""body""#, r#""Body""#),
        (r#""{}""#, "null"),
        (r#""{}""#, "{}"),
        (r#""messageId""#, r#""id""#),
        (r#""m-1""#, "1"),
        (r#""eventSource""#, r#""source""#),
        ("aws:sqs", "aws:s3"),
    ];
    let spoilt = spoilt.map(|(part, other)| format!("[{good},{}]", good.replace(part, other)));
    for records in records.chain(spoilt) {
        let mut request = Request::new(body()).http_api_event();
        request["Records"] = serde_json::from_str(&records).expect("JSON");
        for event in [format!(r#"{{"Records":{records}}}"#), request.to_string()] {
            let timeout = Duration::from_secs(10);
            let handled = handle(timeout, app.function(), &event, "id", now()).await;
            let error = handled.expect_err(&event).to_string();
            assert!(error.contains("no messages of SQS"), "{event}: {error}");
        }
    }
    assert!(app.items().await.is_empty());
}

#[tokio::test]
async fn a_request_with_the_words_of_an_sqs_event_is_answered() {
    let app = TestApp::start().await;
    let records = json!([{"eventSource": "aws:sqs", "messageId": "m-1", "body": "{}"}]);
    let mut requests = vec![
        Request::new(body_plus("", "Records", records.clone())).http_api_event(),
        Request::new(json!({"Records": records})).http_api_event(),
    ];
    for object in ["headers", "queryStringParameters", "requestContext"] {
        let mut event = Request::new(body()).http_api_event();
        event[object]["Records"] = json!("aws:sqs");
        requests.push(event);
    }
    let expected = [0, 4001, 0, 0, 0];
    for (event, ret_code) in requests.into_iter().zip(expected) {
        assert_eq!(app.invoke(&event).await.ret_code, ret_code, "{event}");
    }
    assert_eq!(app.items().await.len(), 2, "two bodies");
}

#[tokio::test]
async fn an_event_without_a_body_has_an_empty_body() {
    let app = TestApp::start().await;
    let mut event = Request::signed(b"", NOW, Algorithm::Md5, SECRET).http_api_event();
    event["body"] = json!(null);
    let answer = app.invoke(event).await;
    assert_eq!(answer.ret_code, 4001, "signed, but no JSON");
}

#[test]
fn every_sample_says_what_it_is() {
    for file in std::fs::read_dir(project().join("events")).expect("the samples") {
        let file = file.expect("a file").path();
        let text = std::fs::read_to_string(&file).expect("a sample");
        let event: Value = serde_json::from_str(&text).expect("JSON");
        let (file, sample) = (file.display(), &event["callbot"]);
        assert!(sample["about"].as_str() > Some(""), "{file}");
        assert!(sample["retCode"].is_u64(), "{file}");
    }
}
