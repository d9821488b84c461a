//! The HTTP entry point: API Gateway's event in, the contract's answer out.

mod event;
mod response;

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

use crate::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use crate::contract::snapshot::ReceivedAt;
use crate::receive::{Delivery, Incoming, Receipt, Receiver, Refusal};
use crate::telemetry;
pub use event::HttpRequest;
pub use response::ProxyResponse;
use response::respond;

/// Time from the start of an invocation to the deadline of its answer. The function's timeout in the template is 10 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// Time reserved before Lambda's own deadline, to write the log line and return the answer.
const RESERVED: Duration = Duration::from_millis(500);

/// Answers one invocation, even if its event is not a request, and writes its log line. `now` is the current time;
/// `init` is logged.
pub(crate) async fn answer(
    receiver: &Receiver,
    event: &str,
    context: &Context,
    now: SystemTime,
    init: Option<Duration>,
) -> ProxyResponse {
    let delivery = Delivery {
        response_id: &context.request_id,
        from_queue: false,
        received_at: None,
        tries: None,
        started: Instant::now(),
        init,
    };
    let request = HttpRequest::from_event(event);
    let receipt = match &request {
        Ok(request) => match refusal_of(request, receiver.config.max_body_bytes) {
            Some(refusal) => Receipt::of(Err(refusal)),
            None => {
                let incoming = Incoming {
                    headers: &request.headers,
                    body: &request.body,
                    delivery: &delivery,
                    received_at: ReceivedAt::from(now),
                    now,
                    deadline: delivery.started + time_to_answer(context, now),
                };
                receiver.receive(&incoming).await
            }
        },
        Err(problem) => Receipt::of(Err(Refusal::Event(problem.clone()))),
    };
    telemetry::log(&receipt, &delivery);
    let refusal = receipt.result.as_ref().err().map(Refusal::answer);
    let (status, ret_code, ret_msg) = match &refusal {
        None => (200, 0, "success"),
        Some(answer) => (answer.http_status, answer.ret_code, &*answer.ret_msg),
    };
    respond(event, status, ret_code, ret_msg, delivery.response_id)
}

/// Checks the path, the method and the size, before the headers are read.
fn refusal_of(request: &HttpRequest<'_>, limit: usize) -> Option<Refusal> {
    let bytes = request.body.len();
    // A stage, a base path or a doubled slash may precede the path. What precedes it is not signed and has no meaning.
    if !request.path.ends_with(CALLBACK_PATH) {
        Some(Refusal::Path(request.path.to_string()))
    } else if request.method != CALLBACK_METHOD {
        Some(Refusal::Method(request.method.to_string()))
    } else if bytes > limit {
        Some(Refusal::TooLarge { bytes, limit })
    } else {
        None
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
