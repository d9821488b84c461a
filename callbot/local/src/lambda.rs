//! API Gateway and Lambda on this machine: several instances of the function behind one URL. Instances can be killed
//! in the middle of a call.

mod instance;

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::http::{Request, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use instance::Instance;

/// The function to run.
#[derive(Clone, Debug)]
pub struct Function {
    /// The program.
    pub program: PathBuf,
    /// Its environment, in addition to Lambda's own variables.
    pub environment: Vec<(String, String)>,
    /// The file that its standard output and its standard error are appended to. Without one its standard output is
    /// discarded, and its standard error is this process's.
    pub log: Option<Arc<File>>,
}

/// The running service. Dropping it ends the service and its instances.
#[derive(Debug)]
pub struct Lambda {
    url: String,
    counts: Arc<Counts>,
    invoker: Invoker,
    generation: Generation,
    server: JoinHandle<()>,
    _instances: JoinSet<()>,
}

/// Counts since the start.
#[derive(Debug, Default)]
struct Counts {
    starts: AtomicUsize,
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

/// The waiting events of all instances.
type Queue = Arc<Mutex<mpsc::UnboundedReceiver<Invocation>>>;

/// The generation of processes that may take a call: an instance whose process is older starts another.
type Generation = Arc<AtomicUsize>;

/// Decides for each invocation whether, and after what time, its instance is killed.
type Kills = Arc<std::sync::Mutex<dyn FnMut() -> Option<Duration> + Send>>;

impl Lambda {
    /// Starts the service on a free loopback port, with at most this many instances. `kills` returns for each invocation
    /// the time after which its instance is killed, unless it has answered by then.
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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = Arc::new(Counts::default());
        let generation = Generation::default();
        let (invocations, queue) = mpsc::unbounded_channel();
        let invoker = Invoker(invocations);
        let queue = Arc::new(Mutex::new(queue));
        let kills: Kills = Arc::new(std::sync::Mutex::new(kills));
        let instances = (0..instances).map(|_| {
            let (kills, counts) = (kills.clone(), counts.clone());
            let instance = Instance::new(function.clone(), kills, counts, generation.clone());
            instance.serve(queue.clone())
        });
        let instances = instances.collect();
        let requests = invoker.clone();
        let server = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let _ = stream.set_nodelay(true);
                let requests = requests.clone();
                let serve = service_fn(move |request| serve(request, requests.clone()));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
                connections.spawn(connection);
            }
        });
        Ok(Self {
            url,
            counts,
            invoker,
            generation,
            server,
            _instances: instances,
        })
    }

    /// The service's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What invokes the function with events other than requests.
    pub fn invoker(&self) -> Invoker {
        self.invoker.clone()
    }

    /// Has every process ended before its instance's next call, which then is a cold start. A call in progress is not
    /// disturbed.
    pub fn renew_processes(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// How many processes were started.
    pub fn starts(&self) -> usize {
        self.counts.starts.load(Ordering::Relaxed)
    }

    /// How many processes were killed in the middle of a call.
    pub fn kills(&self) -> usize {
        self.counts.kills.load(Ordering::Relaxed)
    }

    /// How many processes ended by themselves, or gave no answer in time.
    pub fn deaths(&self) -> usize {
        self.counts.deaths.load(Ordering::Relaxed)
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Invoker {
    /// Invokes the function with an event, and waits for its answer. `None` where the process was killed or ended, or
    /// gave no answer in time.
    pub async fn invoke(&self, event: Bytes) -> Option<Bytes> {
        let (answer, answered) = oneshot::channel();
        let _ = self.0.send(Invocation { event, answer });
        answered.await.ok().flatten()
    }
}

async fn serve(
    request: Request<Incoming>,
    invoker: Invoker,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes());
    let event = event(&parts, &body.unwrap_or_default());
    let answer = invoker.invoke(event.to_string().into()).await;
    let response = answer.and_then(|answer| response(&answer));
    Ok(response.unwrap_or_else(|| {
        // API Gateway's answer for a function that failed.
        let mut failed = Response::new(Full::from(r#"{"message":"Internal Server Error"}"#));
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    }))
}

/// An HTTP API's event for a request.
fn event(request: &::http::request::Parts, body: &[u8]) -> Value {
    let mut headers = Map::new();
    for name in request.headers.keys() {
        let values = request.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.to_string(), values.join(",").into());
    }
    let (body, is_base64_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.uri.path(),
        "rawQueryString": request.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "http": {"method": request.method.as_str(), "path": request.uri.path()},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    })
}

/// An HTTP API's response for the function's answer; `None` where the answer has not the form of one.
fn response(answer: &[u8]) -> Option<Response<Full<Bytes>>> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let status = answer["statusCode"].as_u64()?.try_into().ok()?;
    let mut response = Response::builder().status::<u16>(status);
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str()?);
    }
    let body = answer["body"].as_str()?.to_owned();
    response.body(Full::from(body)).ok()
}
