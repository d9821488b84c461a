//! How DynamoDB is reached: the short way, the connections, and whom they trust.

use std::sync::Arc;

use task_callback::aws::Aws;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::app::{TestApp, invoke};
use crate::proxy::{Fault, Proxy};
use crate::request::{NOW, Request, body, body_plus, now};

#[tokio::test]
async fn the_connection_that_was_opened_at_start_serves_every_callback() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let aws = Aws::local(&proxy.url);
    app.store_behind(aws.clone()).open_connection().await;
    assert_eq!((proxy.connections(), proxy.requests()), (1, 1), "at start");

    let function = app.behind(aws);
    for second in 0..5 {
        let event = Request::at(NOW + second, body()).http_api_event();
        let answer = invoke(&function, &event.to_string(), "response-1", now()).await;
        assert_eq!(answer.ret_code, 0);
    }
    assert_eq!((proxy.connections(), proxy.requests()), (1, 6));
    assert_eq!(app.items().await.len(), 5);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_costs_no_callback() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::CloseAfter]).await;
    let function = app.behind(Aws::local(&proxy.url));
    for second in 0..5 {
        let event = Request::at(NOW + second, body()).http_api_event();
        let answer = invoke(&function, &event.to_string(), "response-1", now()).await;
        assert_eq!(answer.ret_code, 0);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(proxy.connections(), 5, "one each");
    assert_eq!(proxy.requests(), 5, "and no request twice");
    assert_eq!(app.items().await.len(), 5);
}

#[tokio::test]
async fn a_server_in_trouble_is_tried_again_on_another_connection() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::None];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(Aws::local(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 0);
    assert_eq!((proxy.connections(), proxy.requests()), (2, 2));
}

/// One without the SDK's client, and one with it where the first was in vain.
#[tokio::test]
async fn both_ways_to_dynamodb_write_the_same() {
    let app = TestApp::embedded().await;
    let faults = [Fault::Answer(500, "InternalServerError"), Fault::None];
    let proxy = Proxy::start(&app.engine_url, &faults).await;
    let function = app.behind(Aws::local(&proxy.url));
    let extra = serde_json::json!({
        "null": null, "bool": true, "text": "é\u{1F600}\"\\\n\u{7f}\u{2028}", "list": [1, "two", [3.5], {}],
        "map": {"deep": {"er": 18_446_744_073_709_551_615_u64}}, "": "no name",
    });
    let event = Request::new(body_plus("", "campaign", extra))
        .http_api_event()
        .to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);

    let mut bodies = proxy.bodies();
    assert_eq!(bodies.len(), 2);
    let by_client = bodies[1].as_object_mut().expect("an object");
    let returns = by_client.remove("ReturnValuesOnConditionCheckFailure");
    assert_eq!(returns.expect("only the client asks for it"), "ALL_OLD");
    assert_eq!(bodies[0], bodies[1]);
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

    let function = app.behind(Aws::local(&format!("https://localhost:{port}")));
    let event = Request::new(body()).http_api_event().to_string();
    let answer = invoke(&function, &event, "response-1", now()).await;
    assert_eq!((answer.status, answer.ret_code), (503, 5030));
    let heard = handshakes.await.expect("no panic");
    let error = heard.expect_err("no request may arrive").to_string();
    assert!(error.contains("UnknownCA"), "{error}");
}
