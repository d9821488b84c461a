//! The fast path to DynamoDB, its signature, and the fallback to the SDK's client.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::json;
use task_callback::aws::Aws;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{Request, body, body_plus, now};
use time::PrimitiveDateTime;
use time::macros::format_description;

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

/// The SDK rejects a custom endpoint with FIPS or dual stack. A stored callback would show that the
/// fast path ignores these settings.
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
async fn after_a_server_error_the_same_item_is_written_on_another_connection() {
    let failed = Fault::Answer(500, "InternalServerError");
    let faulty = Faulty::start(&[failed, Fault::None]).await;
    let extra = json!({
        "null": null, "bool": true, "text": "é\u{1F600}\"\\\n\u{7f}\u{2028}", "list": [1, "two", [3.5], {}],
        "map": {"deep": {"er": 18_446_744_073_709_551_615_u64}}, "kept as text": {"": "no name"},
    });
    let request = Request::new(body_plus("", "campaign", extra));
    assert_eq!(faulty.send(&request).await.ret_code, 0);

    let bodies = faulty.proxy.bodies();
    assert_eq!((bodies.len(), faulty.proxy.connections()), (2, 2));
    assert_eq!(bodies[0], bodies[1]);
    let condition = &bodies[0]["ConditionExpression"];
    assert_eq!(condition, "attribute_not_exists(taskID)");
    let messages = faulty.proxy.messages();
    let agent = header(split(&messages[0]).0, "user-agent").expect("an agent");
    assert!(agent.starts_with("task-callback/"), "{agent}");
}

/// The signature of a received request, computed by AWS's own crate.
fn signature_of(message: &[u8], credentials: Credentials) -> String {
    let (head, body) = split(message);
    let path = head.split(' ').nth(1).expect("a path");
    let header = |name| header(head, name).unwrap_or_else(|| panic!("no {name} in {head}"));
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(header("x-amz-date"), format).expect("a time");
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-central-1")
        .name("dynamodb")
        .time(time.assume_utc().into())
        .settings(SigningSettings::default())
        .build()
        .expect("every parameter is there")
        .into();
    let signed = ["host", "content-type", "x-amz-target"].map(|name| (name, header(name)));
    let url = format!("http://{}{path}", header("host"));
    let request = SignableRequest::new("POST", url, signed.into_iter(), SignableBody::Bytes(body));
    let (_, signature) = sign(request.expect("signable"), &params)
        .expect("signed")
        .into_parts();
    let authorization = header("authorization");
    let scope = "/eu-central-1/dynamodb/aws4_request";
    assert!(authorization.contains(scope), "{authorization}");
    let token = "x-amz-security-token";
    assert!(authorization.contains(token), "{authorization}");
    signature
}

#[tokio::test]
async fn the_signature_matches_the_request_that_arrives() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    for path in ["", "/", "/under/a/path"] {
        let endpoint = format!("{}{path}", proxy.url);
        let aws = Aws::from_lookup(|name| match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" => Some("AKIAEXAMPLE".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("secret".to_owned()),
            "AWS_SESSION_TOKEN" => Some("session+token/==".to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(endpoint.clone()),
            _ => None,
        });
        let before = proxy.requests();
        let event = Request::new(body()).http_api_event().to_string();
        invoke(&app.behind(aws), &event, "response-1", now()).await;
        let token = Some("session+token/==".to_owned());
        let credentials = Credentials::new("AKIAEXAMPLE", "secret", token, None, "test");
        let message = &proxy.messages()[before];
        let signature = format!("Signature={}", signature_of(message, credentials));
        let (head, _) = split(message);
        assert!(head.contains(&signature), "{path}: {head}");
    }
}
