//! The connections to DynamoDB and the signed requests sent over them.

use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use task_callback::aws::Aws;
use time::PrimitiveDateTime;
use time::macros::format_description;

use crate::faulty::Faulty;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::function::invoke;
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{Request, body, now};

#[tokio::test]
async fn a_server_error_is_retried_on_another_connection() {
    let failed = Fault::Answer(500, "InternalServerError");
    let faulty = Faulty::start(&[failed, Fault::None]).await;
    assert_eq!(faulty.send(&Request::new(body())).await.ret_code, 0);
    let proxy = &faulty.proxy;
    assert_eq!((proxy.connections(), proxy.requests()), (2, 2));
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
