//! The HTTP face: API Gateway's event in, the contract's answer out.

mod event;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use ::http::header::{ALLOW, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue};
use lambda_runtime::{Context, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use crate::config::Config;
use crate::keyring::Keyring;
use crate::receive::{Incoming, Receiver};
use crate::refusal::Refusal;
use crate::store::{Put, Store};
use crate::telemetry::CallbackRecord;
pub use event::{HttpRequest, Payload, ProxyResponse};

/// The time that the template gives the function.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of it may have gone by when the store gives up.
const STORE_TIME: Duration = Duration::from_secs(7);
/// What must be left of the function's time when the store gives up, to answer and to log.
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// The function's one endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    receiver: Receiver,
    max_body_bytes: usize,
}

/// The body of every response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// 0 where the callback is stored.
    ret_code: u16,
    /// `success`, or what was wrong.
    ret_msg: &'a str,
    /// Unique to this response: Lambda's id of the invocation, so that it leads to the logs.
    #[serde(rename = "responseID")]
    response_id: &'a str,
}

impl Endpoint {
    /// The endpoint with this configuration, verifying with `keyring` and storing in `store`.
    pub fn new(config: &Config, keyring: Keyring, store: Store) -> Self {
        Self {
            receiver: Receiver::new(config, keyring, store),
            max_body_bytes: config.max_body_bytes,
        }
    }

    /// Answers one invocation, whatever it holds, and writes its log line. `now` is the clock.
    pub async fn answer(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now: SystemTime,
    ) -> ProxyResponse {
        let started = Instant::now();
        let LambdaEvent { payload, context } = event;
        let event = payload.get();
        let (form, request) = Payload::decode(event);
        let mut record = CallbackRecord {
            response_id: context.request_id.clone(),
            ..CallbackRecord::default()
        };
        let result = match request {
            Ok(request) => {
                self.take(request, &context, now, started, &mut record)
                    .await
            }
            Err(problem) => Err(Refusal::Event(problem)),
        };
        let (status, ret_code, ret_msg) = match result {
            Ok(put) => {
                record.log_stored(put, started.elapsed());
                (200, 0, Cow::from("success"))
            }
            Err(refusal) => {
                let answer = refusal.answer();
                record.log_refused(&refusal, &answer, started.elapsed());
                (answer.http_status, answer.ret_code, answer.ret_msg)
            }
        };
        respond(form, status, ret_code, &ret_msg, &context.request_id)
    }

    async fn take(
        &self,
        request: HttpRequest<'_>,
        context: &Context,
        now: SystemTime,
        started: Instant,
        record: &mut CallbackRecord,
    ) -> Result<Put, Refusal> {
        if !request.is_to(CALLBACK_PATH) {
            return Err(Refusal::Path(request.path.into_owned()));
        }
        if request.method != CALLBACK_METHOD {
            return Err(Refusal::Method(request.method.into_owned()));
        }
        let (bytes, limit) = (request.body.len(), self.max_body_bytes);
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let incoming = Incoming {
            headers: &request.headers,
            body: &request.body,
            response_id: &context.request_id,
            now,
            deadline: started + time_for_store(context, now),
        };
        self.receiver.receive(&incoming, record).await
    }
}

/// The response that carries the contract's answer.
pub fn respond(
    form: Payload,
    status: u16,
    ret_code: u16,
    ret_msg: &str,
    response_id: &str,
) -> ProxyResponse {
    let answer = Answer {
        ret_code,
        ret_msg,
        response_id,
    };
    let body = serde_json::to_string(&answer).expect("an answer is a number and two strings");
    form.respond(status, response_headers(status), body)
}

fn response_headers(status: u16) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static(CALLBACK_METHOD));
    }
    headers
}

/// How long after the start of the invocation the store may still be at it, so that the answer leaves before
/// Lambda ends the invocation. cargo-lambda's emulator gives a deadline in 1970: one that has passed is none.
fn time_for_store(context: &Context, now: SystemTime) -> Duration {
    match context.deadline().duration_since(now) {
        Ok(left) => STORE_TIME.min(left.saturating_sub(TIME_TO_ANSWER)),
        Err(_) => STORE_TIME,
    }
}
