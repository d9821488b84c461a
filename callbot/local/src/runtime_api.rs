//! Lambda's side of the Runtime API, for one process of the function.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::server;

/// The function's timeout in the template.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);

const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:task-callback";
const TRACE_ID: &str = "Root=1-6aa5e8ac-22234edc9cde7f5e5d5f8797;Parent=53995c3f42cd8ad8;Sampled=1";

/// The server, and the requests of the process that uses it.
#[derive(Debug)]
pub struct RuntimeApi {
    /// The server's address: the value for `AWS_LAMBDA_RUNTIME_API`.
    pub address: SocketAddr,
    /// The process's requests for an event.
    pub polls: mpsc::UnboundedReceiver<Poll>,
    /// The process's answers, and its error if it cannot start.
    pub answers: mpsc::UnboundedReceiver<Answer>,
    _server: JoinSet<io::Result<()>>,
}

/// The process asks for the next event.
#[derive(Debug)]
pub struct Poll(oneshot::Sender<(Bytes, String)>);

/// An answer of the process.
#[derive(Debug)]
pub struct Answer {
    /// The path, which ends with the kind of the answer: `/response`, `/error`, `/init/error`.
    pub path: String,
    /// The body.
    pub body: Bytes,
}

impl RuntimeApi {
    /// Starts the server on a free loopback port. Dropping it ends the server.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start() -> io::Result<Self> {
        let (polls_sender, polls) = mpsc::unbounded_channel();
        let (answers_sender, answers) = mpsc::unbounded_channel();
        let router = Router::new()
            .route(
                "/2018-06-01/runtime/invocation/next",
                get(next).with_state(polls_sender),
            )
            .fallback(answer)
            .with_state(answers_sender);
        let (address, server) = server::serve(router).await?;
        Ok(Self {
            address,
            polls,
            answers,
            _server: server,
        })
    }
}

impl Poll {
    /// Sends the process an event, as the invocation `request_id`.
    pub fn hand_out(self, event: Bytes, request_id: &str) {
        // A process that has ended needs no event.
        let _ = self.0.send((event, request_id.to_owned()));
    }
}

async fn next(State(polls): State<mpsc::UnboundedSender<Poll>>) -> Response {
    let (event, handed_out) = oneshot::channel();
    let _ = polls.send(Poll(event));
    let Ok((event, request_id)) = handed_out.await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = SystemTime::now() + FUNCTION_TIMEOUT;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("content-type", "application/json"),
        ("lambda-runtime-aws-request-id", &request_id),
        (
            "lambda-runtime-deadline-ms",
            &deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", FUNCTION_ARN),
        ("lambda-runtime-trace-id", TRACE_ID),
    ];
    (headers, event).into_response()
}

async fn answer(
    State(answers): State<mpsc::UnboundedSender<Answer>>,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let path = uri.path().to_owned();
    let _ = answers.send(Answer { path, body });
    (StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
}
