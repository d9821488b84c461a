//! Lambda's side of the Runtime API, for one process of the function.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The time that the template gives the function.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:task-callback";

/// The server, and the requests of the process that uses it.
#[derive(Debug)]
pub struct RuntimeApi {
    /// The server's address: the value for `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    /// The process's requests for an event.
    pub polls: mpsc::UnboundedReceiver<Poll>,
    /// The process's answers, and its error where it cannot start.
    pub answers: mpsc::UnboundedReceiver<Answer>,
    server: JoinHandle<()>,
}

/// The process asks for the next event.
#[derive(Debug)]
pub struct Poll {
    /// When.
    pub at: Instant,
    event: oneshot::Sender<(Bytes, String)>,
}

/// An answer of the process.
#[derive(Debug)]
pub struct Answer {
    /// When.
    pub at: Instant,
    /// The path, which ends with the kind of the answer: `/response`, `/error`, `/init/error`.
    pub path: String,
    /// The body.
    pub body: Bytes,
}

#[derive(Clone)]
struct Reports {
    polls: mpsc::UnboundedSender<Poll>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    /// Starts the server on a free loopback port. Dropping it ends the server.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (polls_sender, polls) = mpsc::unbounded_channel();
        let (answers_sender, answers) = mpsc::unbounded_channel();
        let reports = Reports {
            polls: polls_sender,
            answers: answers_sender,
        };
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let reports = reports.clone();
                let serve = service_fn(move |request| serve(request, reports.clone()));
                // Ends with the process, which closes its connections.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
            }
        });
        Ok(Self {
            address,
            polls,
            answers,
            server,
        })
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Poll {
    /// Sends the process an event, as the invocation `request_id`.
    pub fn hand_out(self, event: Bytes, request_id: &str) {
        // A process that has ended needs no event.
        let _ = self.event.send((event, request_id.to_owned()));
    }
}

impl Answer {
    /// Whether this is the answer to an event and not an error.
    pub fn is_response(&self) -> bool {
        self.path.ends_with("/response")
    }
}

async fn serve(
    request: Request<Incoming>,
    reports: Reports,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if request.method() == Method::GET {
        let (event, next) = oneshot::channel();
        let at = Instant::now();
        let _ = reports.polls.send(Poll { at, event });
        return Ok(match next.await {
            Ok((event, request_id)) => invocation(event, &request_id),
            Err(_) => status(StatusCode::GONE),
        });
    }
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let at = Instant::now();
    let _ = reports.answers.send(Answer { at, path, body });
    Ok(status(StatusCode::ACCEPTED))
}

fn invocation(event: Bytes, request_id: &str) -> Response<Full<Bytes>> {
    let deadline = SystemTime::now() + FUNCTION_TIMEOUT;
    let deadline: Duration = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", request_id)
        .header(
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        )
        .header("lambda-runtime-invoked-function-arn", FUNCTION_ARN)
        .header(
            "lambda-runtime-trace-id",
            "Root=1-6aa5e8ac-22234edc9cde7f5e5d5f8797;Parent=53995c3f42cd8ad8;Sampled=1",
        )
        .body(Full::new(event))
        .expect("the headers are well-formed")
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"status":"OK"}"#)));
    *response.status_mut() = status;
    response
}
