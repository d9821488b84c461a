//! The function's own process: frozen and thawed between two calls as Lambda does it, and over TLS.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_stack::runtime_api::RuntimeApi;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;
use task_callback_test_support::app::{TestApp, variables};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{Request, body};
use tempfile::NamedTempFile;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A process that does nothing for so long never will.
const LIMIT: Duration = Duration::from_secs(60);

/// The function's process, its Runtime API, and its log.
struct Process {
    child: Child,
    api: RuntimeApi,
    log: NamedTempFile,
}

impl Process {
    async fn start(dynamodb_url: &str, table_name: &str, environment: &[(&str, &str)]) -> Self {
        let api = RuntimeApi::start().await.expect("a free port");
        let log = NamedTempFile::new().expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_task-callback"))
            .env_clear()
            .envs(variables())
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url),
                ("TABLE_NAME", table_name),
                ("AWS_LAMBDA_RUNTIME_API", &api.address.to_string()),
            ])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.reopen().expect("the file is there"))
            .kill_on_drop(true)
            .spawn()
            .expect("the function starts");
        Self { child, api, log }
    }

    /// Waits until the process has started, and asks for an event.
    async fn poll(&mut self) -> local_stack::runtime_api::Poll {
        let poll = timeout(LIMIT, self.api.polls.recv()).await;
        poll.expect("in time").expect("the function asks")
    }

    /// The `retCode` of a callback that is signed now.
    async fn send(&mut self, id: &str) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let request = Request::at(now.expect("after 1970").as_secs(), body());
        let event = request.http_api_event().to_string();
        self.poll().await.hand_out(event.into(), id);
        let answer = timeout(LIMIT, self.api.answers.recv()).await;
        let answer = answer.expect("in time").expect("the function answers");
        let response: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let body = response["body"].as_str().expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["retCode"].as_u64().expect("a retCode")
    }

    /// Asserts that every write was answered on the fast path.
    fn assert_no_fallback(&self) {
        let log = std::fs::read_to_string(self.log.path()).expect("text");
        assert!(log.contains(r#""retCode":0"#), "{log}");
        assert!(!log.contains("second attempt"), "{log}");
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is there");
    }

    fn pid(&self) -> Pid {
        let id = self.child.id().expect("the process is there");
        Pid::from_raw(id.try_into().expect("a process id")).expect("not 0")
    }
}

#[tokio::test]
async fn a_process_that_was_frozen_loses_no_callback() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let mut process = Process::start(&proxy.url, &app.table_name, &[]).await;
    for round in 0..5 {
        assert_eq!(process.send(&format!("warm-{round}")).await, 0);
        let before = proxy.requests();

        process.signal(Signal::STOP);
        let stopped = waitpid(Some(process.pid()), WaitOptions::UNTRACED);
        assert!(stopped.is_ok_and(|status| status.is_some_and(|(_, status)| status.stopped())));
        proxy.close_connections().await;
        process.signal(Signal::CONT);

        assert_eq!(process.send(&format!("thawed-{round}")).await, 0);
        assert_eq!(proxy.requests() - before, 1, "one request, sent once");
    }
    process.assert_no_fallback();
}

/// A server in DynamoDB's place that takes every write, on a new connection each, over TLS.
async fn tls_server(certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> String {
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("the key is the certificate's");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut stream = BufReader::new(stream);
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await.expect("a head");
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.expect("a body");
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(answer).await.expect("sent");
            stream.shutdown().await.expect("closed");
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn the_trust_store_is_read_once_however_many_connections_there_are() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let certified = certified.expect("a certificate");
    let url = tls_server(&certified).await;
    let trust_store = NamedTempFile::new().expect("a file");
    std::fs::write(trust_store.path(), certified.cert.pem()).expect("written");
    let path = trust_store.path().to_str().expect("text").to_owned();
    let mut process = Process::start(&url, "snapshots", &[("SSL_CERT_FILE", &path)]).await;
    assert_eq!(process.send("first").await, 0);
    trust_store.close().expect("removed");
    for call in 0..3 {
        assert_eq!(process.send(&call.to_string()).await, 0, "call {call}");
    }
    process.assert_no_fallback();
}
