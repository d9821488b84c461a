//! What can go wrong between the function and AWS, at the wire.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Nothing: it is passed on.
    None,
    /// It is answered with this status and this error of AWS's instead.
    Answer(u16, &'static str),
    /// Nothing, but the connection ends after the answer, as one does that was idle for long.
    CloseAfter,
    /// The connection ends before AWS gets it.
    CutBefore,
    /// AWS gets it, and the connection ends before its answer arrives.
    CutAfter,
    /// It is never answered.
    Silence,
    /// It is answered with something that is no answer of AWS's.
    Garbage,
}

/// A proxy in front of an engine: the first requests meet the faults in order, the others the last one.
pub(crate) struct Proxy {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    connections: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(engine_url: &str, faults: &[Fault]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let engine = engine_url.trim_start_matches("http://").to_owned();
        let faults = Arc::new(Mutex::new(VecDeque::from(faults.to_vec())));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, accepted) = (requests.clone(), connections.clone());
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                let (engine, faults, requests) = (engine.clone(), faults.clone(), seen.clone());
                tokio::spawn(async move {
                    // Ends when either side has gone, which is what many of these tests are about.
                    let _ = serve(client, &engine, &faults, &requests).await;
                });
            }
        });
        Self {
            url,
            requests,
            connections,
            server,
        }
    }

    /// How many connections have been opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// How many requests have come so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.lock().expect("no test panics with it").len()
    }

    /// The operations they asked for, as AWS names them on the wire.
    pub(crate) fn targets(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("no test panics with it");
        requests.iter().map(|request| target(request)).collect()
    }

    /// They themselves, head and body.
    pub(crate) fn messages(&self) -> Vec<Vec<u8>> {
        self.requests
            .lock()
            .expect("no test panics with it")
            .clone()
    }

    /// Their bodies.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let requests = self.requests.lock().expect("no test panics with it");
        requests.iter().map(|request| body(request)).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    client: TcpStream,
    engine: &str,
    faults: &Mutex<VecDeque<Fault>>,
    requests: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut client = BufStream::new(client);
    loop {
        let request = message(&mut client).await?;
        requests.lock().expect("no panic").push(request.clone());
        let fault = {
            let mut faults = faults.lock().expect("no panic");
            match faults.len() {
                1 => faults[0],
                _ => faults.pop_front().unwrap_or(Fault::None),
            }
        };
        let answer = match fault {
            Fault::None | Fault::CloseAfter => forward(engine, &request).await?,
            Fault::CutBefore => return Ok(()),
            Fault::CutAfter => {
                forward(engine, &request).await?;
                return Ok(());
            }
            Fault::Silence => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                return Ok(());
            }
            Fault::Answer(status, code) => {
                let body = format!(r#"{{"__type":"{code}","message":"by the test"}}"#);
                http(status, &body)
            }
            Fault::Garbage => http(200, "<html>it works</html>"),
        };
        client.write_all(&answer).await?;
        client.flush().await?;
        if let Fault::CloseAfter = fault {
            return Ok(());
        }
    }
}

fn http(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
    );
    [head, body.to_owned()].concat().into_bytes()
}

async fn forward(engine: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut engine = BufStream::new(TcpStream::connect(engine).await?);
    engine.write_all(request).await?;
    engine.flush().await?;
    message(&mut engine).await
}

/// One HTTP message: its head, and as much body as the head says.
async fn message(stream: &mut BufStream<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_until(b'\n', &mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let text = String::from_utf8_lossy(&head).to_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    head.extend(body);
    Ok(head)
}

/// The head and the body of a message.
pub(crate) fn split(message: &[u8]) -> (&str, &[u8]) {
    let end = message.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, body) = message.split_at(end.expect("a head") + 4);
    (std::str::from_utf8(head).expect("a head is text"), body)
}

/// A header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let header = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
    header.map(|(_, value)| value.trim())
}

/// The header `x-amz-target`: service and operation.
fn target(request: &[u8]) -> String {
    let target = header(split(request).0, "x-amz-target");
    target.unwrap_or_default().to_owned()
}

/// The JSON after the head.
fn body(request: &[u8]) -> Value {
    serde_json::from_slice(split(request).1).expect("AWS's requests are JSON")
}
