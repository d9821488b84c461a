//! A request without an answer ends at its time limit.

use std::net::TcpListener;

use super::*;
use crate::event::SAMPLES;

const SOON: Duration = Duration::from_millis(50);
const NEVER: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_request_to_a_silent_server_ends_at_its_limit() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The kernel accepts its connections.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("an address");
    for (scheme, connect, answer, missing) in [
        ("http", NEVER, SOON, "answer from"),
        // The TLS handshake is part of the connection.
        ("https", SOON, NEVER, "connection to"),
    ] {
        let url = format!("{scheme}://{address}");
        let sender = Sender::with_limits(url.parse().expect("a URL"), connect, answer);
        let sender = sender.expect("a client");
        let event = Event::sample(SAMPLES[0].1, "t-1", 0).expect("a sample");
        let credentials = r#"[{"uuid":"u","secretKey":"s"}]"#.parse();
        let reply = sender.send(event, credentials.as_ref().expect("credentials"), 0);
        let error = reply.await.expect_err("no answer").to_string();
        assert_eq!(error, format!("no {missing} {url} within 0.05 s"));
    }
}
