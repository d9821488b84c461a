//! TLS to DynamoDB: which servers are trusted, and how often the trust store is read.

use std::sync::Arc;
use std::time::Duration;

use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke_within;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{Request, body, now};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use crate::process::Process;

/// A server with a self-signed certificate.
struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    url: String,
    /// The certificate that a client must trust, as PEM.
    certificate: String,
}

impl Server {
    async fn start() -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let certified = certified.expect("a certificate");
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .expect("the key is the certificate's");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        Self {
            listener,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            url: format!("https://localhost:{port}"),
            certificate: certified.cert.pem(),
        }
    }

    async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let (stream, _) = self.listener.accept().await?;
        self.acceptor.accept(stream).await
    }
}

#[tokio::test]
async fn an_untrusted_server_gets_no_request() {
    let app = TestApp::embedded().await;
    let server = Server::start().await;
    let function = app.behind(local_aws(&server.url));
    let handshake = tokio::spawn(async move { server.accept().await?.read_u8().await });

    let event = Request::new(body()).http_api_event().to_string();
    let timeout = Duration::from_secs(2);
    let answer = invoke_within(timeout, &function, &event, "response-1", now()).await;
    assert_eq!((answer.status, answer.ret_code), (503, 5030));
    let received = handshake.await.expect("no panic");
    let error = received.expect_err("no request may arrive").to_string();
    assert!(error.contains("UnknownCA"), "{error}");
}

#[tokio::test]
async fn the_trust_store_is_read_once_for_all_connections() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::CloseAfter]).await;
    let server = Server::start().await;
    let url = server.url.clone();
    let trust_store = NamedTempFile::new().expect("a file");
    std::fs::write(trust_store.path(), &server.certificate).expect("written");
    let path = trust_store.path().to_str().expect("text").to_owned();
    let upstream = proxy.url.replace("http://", "");
    tokio::spawn(async move {
        loop {
            let mut client = server.accept().await.expect("a connection");
            let mut upstream = TcpStream::connect(&upstream).await.expect("the proxy");
            // An error is a closed connection, too.
            let _ = copy_bidirectional(&mut client, &mut upstream).await;
        }
    });
    let variables = [("SSL_CERT_FILE", &*path)];
    let mut process = Process::start(&url, &app.table_name, &variables).await;
    assert_eq!(process.send().await, 0);
    trust_store.close().expect("removed");
    for call in 0..3 {
        assert_eq!(process.send().await, 0, "call {call}");
    }
    assert!(proxy.connections() > 3, "each serves one request");
}
