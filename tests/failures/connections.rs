//! How DynamoDB is reached: the connections, the fast path, and the trust in the server.

use std::sync::Arc;

use aws_sdk_dynamodb::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use task_callback::aws::Aws;
use task_callback::store;
use time::PrimitiveDateTime;
use time::macros::format_description;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::store_trouble::send_through;
use task_callback_test_support::app::{TestApp, invoke, local_aws};
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{NOW, Request, body, body_plus, now};

#[tokio::test]
async fn a_connection_closed_right_after_its_answer_costs_no_callback() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::CloseAfter]).await;
    let function = app.behind(local_aws(&proxy.url));
    for second in 0..50 {
        let event = Request::at(NOW + second, body()).http_api_event();
        let answer = invoke(&function, &event.to_string(), "response-1", now()).await;
        assert_eq!(answer.ret_code, 0);
    }
    assert_eq!(proxy.requests(), 50, "no request is sent twice");
    assert_eq!(app.items().await.len(), 50);
}

#[tokio::test]
async fn a_server_in_trouble_is_tried_again_on_another_connection() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::None];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    assert_eq!(send_through(&app, &proxy).await.ret_code, 0);
    assert_eq!((proxy.connections(), proxy.requests()), (2, 2));
}

#[tokio::test]
async fn the_fast_path_and_the_fallback_send_the_same_write() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::None];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(local_aws(&proxy.url));
    let extra = serde_json::json!({
        "null": null, "bool": true, "text": "é\u{1F600}\"\\\n\u{7f}\u{2028}", "list": [1, "two", [3.5], {}],
        "map": {"deep": {"er": 18_446_744_073_709_551_615_u64}}, "": "no name",
    });
    let event = Request::new(body_plus("", "campaign", extra))
        .http_api_event()
        .to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);

    let bodies = proxy.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    let condition = format!("attribute_not_exists({})", store::PARTITION_KEY);
    assert_eq!(bodies[0]["ConditionExpression"], condition);
}

/// The signature of a request as it arrived, by AWS's own crate.
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
    assert!(
        authorization.contains("/eu-central-1/dynamodb/aws4_request"),
        "{authorization}"
    );
    assert!(
        authorization.contains("x-amz-security-token"),
        "{authorization}"
    );
    signature
}

#[tokio::test]
async fn what_is_signed_is_what_arrives() {
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
        let credentials = Credentials::new(
            "AKIAEXAMPLE",
            "secret",
            Some("session+token/==".to_owned()),
            None,
            "test",
        );
        let message = proxy.messages()[before].clone();
        let head = String::from_utf8_lossy(&message).to_string();
        let signature = signature_of(&message, credentials);
        assert!(
            head.contains(&format!("Signature={signature}")),
            "{path}: {head}"
        );
    }
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_is_told_nothing() {
    let app = TestApp::embedded().await;
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let certified = certified.expect("a certificate");
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("the key is the certificate's");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let handshakes = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut stream = acceptor.accept(stream).await?;
        stream.read_u8().await
    });

    let function = app.behind(local_aws(&format!("https://localhost:{port}")));
    let event = Request::new(body()).http_api_event().to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!((answer.status, answer.ret_code), (503, 5030));
    let heard = handshakes.await.expect("no panic");
    let error = heard.expect_err("no request may arrive").to_string();
    assert!(error.contains("UnknownCA"), "{error}");
}
