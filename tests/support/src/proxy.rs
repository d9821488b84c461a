//! A proxy in front of an engine that injects faults and records the requests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

pub use local_stack::Fault;
use serde_json::Value;

/// The proxy, and the requests that it received.
pub struct Proxy {
    pub url: String,
    proxy: local_stack::Proxy,
    messages: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Proxy {
    /// A proxy that applies the faults to its requests in order, and the last fault to all others.
    pub async fn start(engine_url: &str, faults: &[Fault]) -> Self {
        let last = faults.last().copied().unwrap_or(Fault::None);
        let mut faults = VecDeque::from(faults.to_vec());
        Self::with(engine_url, move || faults.pop_front().unwrap_or(last)).await
    }

    /// A proxy that asks `next` for the fault of each request.
    pub async fn with(engine_url: &str, mut next: impl FnMut() -> Fault + Send + 'static) -> Self {
        let messages = Arc::<Mutex<Vec<_>>>::default();
        let seen = messages.clone();
        let plan = move |request: &[u8]| {
            seen.lock().expect("no panic").push(request.to_owned());
            next()
        };
        let proxy = local_stack::Proxy::start(engine_url, plan).await;
        let proxy = proxy.expect("a free port");
        Self {
            url: proxy.url().to_owned(),
            proxy,
            messages,
        }
    }

    /// How many connections have been opened so far.
    pub fn connections(&self) -> usize {
        self.proxy.connections()
    }

    /// Closes all connections.
    pub async fn close_connections(&self) {
        self.proxy.close_connections().await;
    }

    /// How many requests have been received so far.
    pub fn requests(&self) -> usize {
        self.messages().len()
    }

    /// The requests, head and body.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.messages.lock().expect("no panic").clone()
    }

    /// The operations that were called, by their names on the wire. `GET /` has no name.
    pub fn targets(&self) -> Vec<String> {
        let messages = self.messages();
        let targets = messages
            .iter()
            .filter_map(|message| header(split(message).0, "x-amz-target"));
        targets.map(str::to_owned).collect()
    }

    /// The bodies of the requests, which are JSON.
    pub fn bodies(&self) -> Vec<Value> {
        let messages = self.messages();
        let bodies = messages.iter().map(|message| split(message).1);
        bodies
            .map(|body| serde_json::from_slice(body).expect("JSON"))
            .collect()
    }
}

/// The head and the body of a message.
pub fn split(message: &[u8]) -> (&str, &[u8]) {
    let end = message.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, body) = message.split_at(end.expect("a head") + 4);
    (std::str::from_utf8(head).expect("a head is text"), body)
}

/// A header in a head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let header = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
    header.map(|(_, value)| value.trim())
}
