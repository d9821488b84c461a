//! Lambda's side of the Runtime API: hands out events, takes the answers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Nothing here takes nearly as long.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
const REQUEST_ID: &str = "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11";
const FUNCTION_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:task-callback";

/// The server, and what the process that runs against it does.
pub(crate) struct RuntimeApi {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    polls: mpsc::UnboundedReceiver<Poll>,
    answers: mpsc::UnboundedReceiver<Answer>,
}

/// The process asks for the next event.
pub(crate) struct Poll {
    /// When.
    pub(crate) at: Instant,
    event: oneshot::Sender<Bytes>,
}

struct Answer {
    at: Instant,
    path: String,
    body: Bytes,
}

#[derive(Clone)]
struct Reports {
    polls: mpsc::UnboundedSender<Poll>,
    answers: mpsc::UnboundedSender<Answer>,
}

impl RuntimeApi {
    /// Starts the server on a free port of this machine.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (polls_sender, polls) = mpsc::unbounded_channel();
        let (answers_sender, answers) = mpsc::unbounded_channel();
        let reports = Reports {
            polls: polls_sender,
            answers: answers_sender,
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let reports = reports.clone();
                let serve = service_fn(move |request| serve(request, reports.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
            }
        });
        Ok(Self {
            address,
            polls,
            answers,
        })
    }

    /// Waits until the process asks for an event.
    pub(crate) async fn poll(&mut self) -> Result<Poll> {
        let next = async {
            tokio::select! {
                poll = self.polls.recv() => poll.context("the Runtime API has ended"),
                answer = self.answers.recv() => {
                    let body = answer.map(|answer| answer.body).unwrap_or_default();
                    bail!("the process did not start: {}", String::from_utf8_lossy(&body))
                }
            }
        };
        timeout(LIMIT, next)
            .await
            .context("the process does not ask for an event")?
    }

    /// Hands out an event; returns how long it took until the answer came. The answer must be a success.
    pub(crate) async fn invoke(&mut self, poll: Poll, event: Bytes) -> Result<Duration> {
        let started = Instant::now();
        let _ = poll.event.send(event);
        let answer = timeout(LIMIT, self.answers.recv()).await;
        let answer = answer.context("the process gives no answer")?;
        let Answer { at, path, body } = answer.context("the Runtime API has ended")?;
        let text = String::from_utf8_lossy(&body);
        ensure!(
            path.ends_with("/response")
                && text.contains(r#""statusCode":200"#)
                && text.contains(r#"\"retCode\":0"#),
            "the event was not acknowledged: {path} {text}"
        );
        Ok(at - started)
    }

    /// Forgets what an ended process has asked for.
    pub(crate) fn clear(&mut self) {
        while self.polls.try_recv().is_ok() {}
        while self.answers.try_recv().is_ok() {}
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
            Ok(event) => invocation(event),
            Err(_) => status(StatusCode::GONE),
        });
    }
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let at = Instant::now();
    let _ = reports.answers.send(Answer { at, path, body });
    Ok(status(StatusCode::ACCEPTED))
}

fn invocation(event: Bytes) -> Response<Full<Bytes>> {
    let deadline = SystemTime::now() + Duration::from_secs(10);
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", REQUEST_ID)
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
