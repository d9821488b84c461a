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

/// The time limit of an answer. The function's timeout in the template is 10 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// The time before Lambda's deadline that is reserved to log and return the answer.
const RESERVED: Duration = Duration::from_millis(500);

/// Answers an event, even if it is not a request, and writes its log line with `init`.
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
                    deadline: delivery.started + remaining_time(context, now),
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
    // A stage, a base path or a slash may precede the path. This prefix is not signed.
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

/// The time from `now` to the deadline of the answer, which is before Lambda's deadline.
///
/// Lambda's deadline is ignored if it has passed: cargo-lambda's emulator sends a time in 1970.
pub(crate) fn remaining_time(context: &Context, now: SystemTime) -> Duration {
    match context.deadline().duration_since(now) {
        Ok(left) => ANSWER_TIMEOUT.min(left.saturating_sub(RESERVED)),
        Err(_) => ANSWER_TIMEOUT,
    }
}
