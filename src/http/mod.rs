//! The HTTP entry point: API Gateway's event in, the contract's answer out.

mod event;
mod response;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

use crate::contract::callback::CALLBACK_METHOD;
use crate::contract::snapshot::ReceivedAt;
use crate::receive::{Incoming, Receipt, Receiver, Refusal};
use crate::telemetry::{self, Delivery};
pub use event::{HttpRequest, PayloadFormat};
pub use response::{ProxyResponse, respond};

/// Time from the start of an invocation to the deadline of its answer. The function's timeout in the template is 10 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// Time reserved before Lambda's own deadline, to write the log line and return the answer.
const RESERVED: Duration = Duration::from_millis(500);

/// The function's only endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    receiver: Arc<Receiver>,
    max_body_bytes: usize,
}

impl Endpoint {
    /// Creates the endpoint. It passes callbacks of at most `max_body_bytes` to `receiver`.
    pub(crate) fn new(receiver: Arc<Receiver>, max_body_bytes: usize) -> Self {
        Self {
            receiver,
            max_body_bytes,
        }
    }

    /// Answers one invocation, even if its event is not a request, and writes its log line. `now` is the current time;
    /// `init` is logged.
    pub(crate) async fn answer(
        &self,
        event: &str,
        context: &Context,
        now: SystemTime,
        init: Option<Duration>,
    ) -> ProxyResponse {
        let started = Instant::now();
        let response_id = context.request_id.as_str();
        let deadline = started + time_to_answer(context, now);
        let (format, request) = HttpRequest::from_event(event);
        let receipt = match &request {
            Ok(request) => self.receive(request, response_id, now, deadline).await,
            Err(problem) => Receipt::refused(Refusal::Event(problem.clone())),
        };
        let delivery = Delivery {
            response_id,
            redelivery: None,
            took: started.elapsed(),
            init,
        };
        telemetry::log(&receipt, &delivery);
        match &receipt.result {
            Ok(_) => respond(format, 200, 0, "success", response_id),
            Err(refusal) => {
                let answer = refusal.answer();
                let (status, ret_code) = (answer.http_status, answer.ret_code);
                respond(format, status, ret_code, &answer.ret_msg, response_id)
            }
        }
    }

    async fn receive<'a>(
        &self,
        request: &'a HttpRequest<'_>,
        response_id: &'a str,
        now: SystemTime,
        deadline: Instant,
    ) -> Receipt<'a> {
        if let Some(refusal) = self.refusal_of(request) {
            return Receipt::refused(refusal);
        }
        let incoming = Incoming {
            headers: &request.headers,
            body: &request.body,
            response_id,
            received_at: ReceivedAt::from(now),
            from_queue: false,
            now,
            deadline,
        };
        self.receiver.receive(&incoming).await
    }

    /// Checks the path, the method and the size, before the headers are read.
    fn refusal_of(&self, request: &HttpRequest<'_>) -> Option<Refusal> {
        let (bytes, limit) = (request.body.len(), self.max_body_bytes);
        if !request.is_to_callback_path() {
            Some(Refusal::Path(request.path.to_string()))
        } else if request.method != CALLBACK_METHOD {
            Some(Refusal::Method(request.method.to_string()))
        } else if bytes > limit {
            Some(Refusal::TooLarge { bytes, limit })
        } else {
            None
        }
    }
}

/// Time from now to the deadline of the answer, which must be sent before Lambda ends the invocation.
///
/// A deadline in the past is ignored, because cargo-lambda's emulator sends a deadline in 1970.
pub(crate) fn time_to_answer(context: &Context, now: SystemTime) -> Duration {
    match context.deadline().duration_since(now) {
        Ok(left) => ANSWER_TIMEOUT.min(left.saturating_sub(RESERVED)),
        Err(_) => ANSWER_TIMEOUT,
    }
}
