//! The HTTP face: API Gateway's event in, the contract's answer out.

mod event;
mod response;

use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::config::Config;
use crate::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use crate::credentials::Keyring;
use crate::receive::{Incoming, Receipt, Receiver, Refusal};
use crate::store::Store;
use crate::telemetry;
pub use event::{HttpRequest, PayloadFormat};
pub use response::{ProxyResponse, respond};

/// How long after the start of an invocation the store may still try. The template gives the function 10 s.
const STORE_TIME: Duration = Duration::from_secs(7);
/// What must be left of the function's time when the store gives up, to answer and to log.
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// The function's one endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    receiver: Receiver,
    max_body_bytes: usize,
}

impl Endpoint {
    /// The endpoint with this configuration, verifying with `keyring` and storing in `store`.
    pub fn new(config: &Config, keyring: Keyring, store: Store) -> Self {
        Self {
            receiver: Receiver::new(config, keyring, store),
            max_body_bytes: config.max_body_bytes,
        }
    }

    /// Answers one invocation, whatever its event, and writes its log line. `now` is the clock.
    pub async fn answer(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now: SystemTime,
    ) -> ProxyResponse {
        let started = Instant::now();
        let LambdaEvent { payload, context } = event;
        let response_id = context.request_id.as_str();
        let deadline = started + store_time(&context, now);
        let request = HttpRequest::from_event(payload.get());
        let receipt = match &request {
            Ok(request) => self.receive(request, response_id, now, deadline).await,
            Err(problem) => Receipt::refused(Refusal::Event(problem.clone())),
        };
        telemetry::log(&receipt, response_id, started.elapsed());
        // An event that is no request comes from `cargo lambda invoke` or a console, not from API Gateway.
        let format = request
            .as_ref()
            .map_or(PayloadFormat::V2, |request| request.format);
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
            now,
            deadline,
        };
        self.receiver.receive(&incoming).await
    }

    /// Why a request is refused before its headers are read: path, method and size.
    fn refusal_of(&self, request: &HttpRequest<'_>) -> Option<Refusal> {
        let (bytes, limit) = (request.body.len(), self.max_body_bytes);
        if !request.is_to(CALLBACK_PATH) {
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

/// How long after the start of the invocation the store may try, so that the answer leaves before Lambda ends
/// the invocation. cargo-lambda's emulator sends a deadline in 1970: a deadline that has passed is none.
fn store_time(context: &Context, now: SystemTime) -> Duration {
    match context.deadline().duration_since(now) {
        Ok(left) => STORE_TIME.min(left.saturating_sub(TIME_TO_ANSWER)),
        Err(_) => STORE_TIME,
    }
}
