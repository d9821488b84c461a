//! API Gateway's events, and events that are not from API Gateway.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{NOW, Request, SECRET, body};
use task_callback_test_support::sample_events;

#[tokio::test]
async fn header_names_are_case_insensitive() {
    let app = TestApp::start().await;
    let mut event = Request::new(body()).http_api_event();
    let headers = event["headers"].as_object_mut().expect("headers");
    *headers = std::mem::take(headers)
        .into_iter()
        .map(|(name, value)| (name.to_uppercase(), value))
        .collect();
    assert_eq!(app.invoke(event).await.ret_code, 0);
}

#[tokio::test]
async fn a_base64_body_is_decoded_before_verification() {
    let app = TestApp::start().await;
    let request = Request::new(body());
    let mut event = request.http_api_event();
    event["body"] = json!(STANDARD.encode(&request.body));
    event["isBase64Encoded"] = json!(true);
    assert_eq!(app.invoke(event).await.ret_code, 0);
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn a_body_is_verified_byte_for_byte_as_sent() {
    let app = TestApp::start().await;
    let spaced = serde_json::to_string_pretty(&body()).expect("JSON");
    let escaped = body()
        .to_string()
        .replace("ut-1", r"\u0075t\/1 \ud83d\ude00");
    for (second, text) in [spaced, escaped].iter().enumerate() {
        let request = Request::at(NOW + second as u64, text);
        assert_eq!(app.send(&request).await.ret_code, 0, "{text}");
    }
    assert_eq!(text(&app.items().await[1], "userTaskID"), "ut/1 😀");
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
async fn a_rest_api_event_is_accepted() {
    let app = TestApp::start().await;
    let request = Request::new(body());
    assert_eq!(app.invoke(rest_api_event(&request)).await.ret_code, 0);
    assert_eq!(app.items().await.len(), 1);

    let mut without_multi = rest_api_event(&Request::at(NOW + 1, body()));
    without_multi["multiValueHeaders"] = json!(null);
    assert_eq!(app.invoke(without_multi).await.ret_code, 0, "headers once");
    let elsewhere = rest_api_event(&request.with_path("/elsewhere"));
    assert_eq!(app.invoke(elsewhere).await.ret_code, 4040);
    assert_eq!(app.items().await.len(), 2);
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
async fn a_named_stage_is_not_part_of_the_path() {
    let app = TestApp::start().await;
    let cases = [
        ("prod", "/prod/api/v3/taskCallback", 0),
        ("prod", "/production/api/v3/taskCallback", 4040),
        ("api", "/api/api/v3/taskCallback", 0),
        ("api", "/api/v3/taskCallback", 0),
    ];
    for (second, (stage, path, ret_code)) in (NOW..).zip(cases) {
        let mut event = Request::at(second, body()).http_api_event();
        event["requestContext"]["stage"] = json!(stage);
        event["rawPath"] = json!(path);
        let answer = app.invoke(event).await;
        assert_eq!(answer.ret_code, ret_code, "{path} in the stage {stage}");
    }
    let mut rest_api = rest_api_event(&Request::at(NOW + 9, body()));
    rest_api["requestContext"]["stage"] = json!("api");
    assert_eq!(app.invoke(rest_api).await.ret_code, 0, "a REST API");
    assert_eq!(app.items().await.len(), 4);
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
    let of_s3 = json!({"Records": [{"eventSource": "aws:s3", "body": "aws:sqs"}]});
    let events = [
        ("an empty object", json!({})),
        ("null", json!(null)),
        ("a string", json!("hello")),
        ("another service's event", of_s3),
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

#[tokio::test]
async fn additional_request_data_does_no_harm() {
    let app = TestApp::start().await;
    let mut event = Request::new(body()).http_api_event();
    event["headers"]["host"] = json!("not a host:99999999");
    event["headers"]["x-forwarded-proto"] = json!("ht tp");
    event["headers"]["bad name"] = json!("\u{7f} a header that HTTP does not have");
    event["rawQueryString"] = json!("a=<\"\\^`{|}>%zz");
    assert_eq!(app.invoke(event).await.ret_code, 0);
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
    for file in sample_events() {
        let text = std::fs::read_to_string(&file).expect("a sample");
        let event: Value = serde_json::from_str(&text).expect("JSON");
        let (file, sample) = (file.display(), &event["callbot"]);
        assert!(sample["about"].as_str() > Some(""), "{file}");
        assert!(sample["retCode"].is_u64(), "{file}");
    }
}
