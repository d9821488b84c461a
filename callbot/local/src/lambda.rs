//! API Gateway and Lambda on this machine: instances of the function behind one URL. An instance
//! can be killed during a call.

mod instance;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::server;

/// The function to run.
#[derive(Clone, Debug)]
pub struct Function {
    /// The program.
    pub program: PathBuf,
    /// Its environment, in addition to Lambda's own variables.
    pub environment: Vec<(String, String)>,
    /// The file for its standard output and error. Without a file, its standard output is
    /// discarded, and its standard error is this process's.
    pub log: Option<Arc<File>>,
}

/// The running service. Dropping it ends the service and its instances.
pub struct Lambda {
    url: String,
    invoker: Invoker,
    shared: Arc<Shared>,
    _server: JoinSet<io::Result<()>>,
    _instances: JoinSet<()>,
}

/// What the instances share.
struct Shared {
    function: Function,
    /// Decides for each invocation whether and when its instance is killed.
    kill_after: Mutex<Box<dyn FnMut() -> Option<Duration> + Send>>,
    queue: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    /// An instance with a process of an older generation starts a new one for its next call.
    generation: AtomicUsize,
    kills: AtomicUsize,
    deaths: AtomicUsize,
}

/// Invokes the function. Requests and other events wait in one queue for a free instance.
#[derive(Clone, Debug)]
pub struct Invoker(mpsc::UnboundedSender<Invocation>);

/// An event on its way to an instance.
#[derive(Debug)]
struct Invocation {
    event: Bytes,
    answer: oneshot::Sender<Option<Bytes>>,
}

impl Lambda {
    /// Starts the service on a free loopback port, with at most this many instances. `kills`
    /// returns, for each invocation, when its instance is killed unless it has answered.
    ///
    /// # Errors
    ///
    /// The program cannot be run or does not ask for an event, or no port is free.
    pub async fn start(
        function: Function,
        instances: usize,
        kills: impl FnMut() -> Option<Duration> + Send + 'static,
    ) -> io::Result<Self> {
        instance::try_out(&function).await?;
        let (invocations, queue) = mpsc::unbounded_channel();
        let invoker = Invoker(invocations);
        let router = Router::new().fallback(serve).with_state(invoker.clone());
        let (address, server) = server::serve(router).await?;
        let shared = Arc::new(Shared {
            function,
            kill_after: Mutex::new(Box::new(kills)),
            queue: Mutex::new(queue),
            generation: 0.into(),
            kills: 0.into(),
            deaths: 0.into(),
        });
        let instances = std::iter::repeat_n(shared.clone(), instances);
        let instances = instances.map(instance::serve).collect();
        Ok(Self {
            url: format!("http://{address}"),
            invoker,
            shared,
            _server: server,
            _instances: instances,
        })
    }

    /// The service's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Invokes the function with events other than requests.
    pub fn invoker(&self) -> Invoker {
        self.invoker.clone()
    }

    /// Makes the next call of each instance a cold start. A call in progress is not disturbed.
    pub fn renew_processes(&self) {
        self.shared.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// How many processes were killed during a call.
    pub fn kills(&self) -> usize {
        self.shared.kills.load(Ordering::Relaxed)
    }

    /// How many processes ended by themselves, or gave no answer in time.
    pub fn deaths(&self) -> usize {
        self.shared.deaths.load(Ordering::Relaxed)
    }
}

impl Invoker {
    /// The function's answer to an event. `None` if its process was killed, ended, or timed out.
    pub async fn invoke(&self, event: Bytes) -> Option<Bytes> {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(Invocation { event, answer });
        answered.await.ok().flatten()
    }
}

async fn serve(State(invoker): State<Invoker>, request: Parts, body: Bytes) -> Response {
    let mut headers = Map::new();
    for name in request.headers.keys() {
        let values = request.headers.get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        headers.insert(
            name.to_string(),
            values.collect::<Vec<_>>().join(",").into(),
        );
    }
    let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
    let event = http_api_event(request.method.as_str(), path, query, headers, &body).to_string();
    let answer = invoker.invoke(event.into()).await;
    answer
        .and_then(|answer| response(&answer))
        .unwrap_or_else(|| {
            // API Gateway's answer for a function that failed.
            let body = r#"{"message":"Internal Server Error"}"#;
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        })
}

/// An HTTP API's event for a request. The names of the headers are in lower case.
pub fn http_api_event(
    method: &str,
    path: &str,
    query: &str,
    headers: Map<String, Value>,
    body: &[u8],
) -> Value {
    let (body, is_base64_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    })
}

/// An HTTP API's response for the function's answer; `None` if the answer is malformed.
fn response(answer: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let status = StatusCode::from_u16(answer["statusCode"].as_u64()?.try_into().ok()?).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in answer["headers"].as_object()? {
        let name: HeaderName = name.parse().ok()?;
        headers.insert(name, HeaderValue::from_str(value.as_str()?).ok()?);
    }
    let body = answer["body"].as_str()?.to_owned();
    Some((status, headers, body).into_response())
}
