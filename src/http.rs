//! The HTTP face: API Gateway's event in, the contract's answer out.

mod event;

use std::time::{Duration, Instant, SystemTime};

use lambda_http::lambda_runtime::{Context, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::receive::{Incoming, Receiver};
use crate::refusal::Refusal;
use crate::store::{Put, Store};
use crate::telemetry::CallbackRecord;
use event::HttpRequest;

/// Where the platform sends task callbacks.
pub const CALLBACK_PATH: &str = "/api/v3/taskCallback";
/// How it sends them.
pub const CALLBACK_METHOD: &str = "POST";

/// The store's share of the 10 s that the function is given.
const STORE_BUDGET: Duration = Duration::from_secs(7);
/// What must be left of the function's time when the store gives up, to answer and to log.
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);

/// The function's one endpoint.
#[derive(Clone, Debug)]
pub struct Endpoint {
    receiver: Receiver,
    max_body_bytes: usize,
}

/// The response in the form both of API Gateway's payload versions take.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyResponse {
    /// The HTTP status.
    pub status_code: u16,
    /// The response headers.
    pub headers: ResponseHeaders,
    /// The [`Answer`] as JSON.
    pub body: String,
    /// Never: the body is text.
    pub is_base64_encoded: bool,
}

/// The headers every response has, and those some have.
#[derive(Debug, Serialize)]
pub struct ResponseHeaders {
    /// Always JSON.
    #[serde(rename = "content-type")]
    pub content_type: &'static str,
    /// With a 405: what would have been allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<&'static str>,
}

/// The body of every response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer<'a> {
    /// 0 where the callback is stored.
    pub ret_code: u16,
    /// `success`, or what was wrong.
    pub ret_msg: &'a str,
    /// Unique to this response: Lambda's id of the invocation, so that it leads to the logs.
    #[serde(rename = "responseID")]
    pub response_id: &'a str,
}

impl Endpoint {
    /// The endpoint with this configuration, storing in `store`.
    pub fn new(config: &Config, store: Store) -> Self {
        Self {
            receiver: Receiver::new(config, store),
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
        let response_id = event.context.request_id.clone();
        let mut record = CallbackRecord {
            response_id: response_id.clone(),
            ..CallbackRecord::default()
        };
        let result = self.take(&event, now, &mut record).await;
        match result {
            Ok(put) => {
                record.log_stored(put, started.elapsed());
                respond(200, 0, "success", &response_id)
            }
            Err(refusal) => {
                let answer = refusal.answer();
                record.log_refused(&refusal, &answer, started.elapsed());
                respond(
                    answer.http_status,
                    answer.ret_code,
                    &answer.ret_msg,
                    &response_id,
                )
            }
        }
    }

    async fn take(
        &self,
        event: &LambdaEvent<Box<RawValue>>,
        now: SystemTime,
        record: &mut CallbackRecord,
    ) -> Result<Put, Refusal> {
        let request = HttpRequest::decode(event.payload.get()).map_err(Refusal::Event)?;
        if request.path != CALLBACK_PATH {
            return Err(Refusal::Path(request.path));
        }
        if request.method != CALLBACK_METHOD {
            return Err(Refusal::Method(request.method.to_string()));
        }
        let (bytes, limit) = (request.body.len(), self.max_body_bytes);
        if bytes > limit {
            return Err(Refusal::TooLarge { bytes, limit });
        }
        let incoming = Incoming {
            headers: &request.headers,
            body: &request.body,
            response_id: &record.response_id.clone(),
            now,
            store_budget: store_budget(&event.context, now),
        };
        self.receiver.receive(&incoming, record).await
    }
}

fn respond(status_code: u16, ret_code: u16, ret_msg: &str, response_id: &str) -> ProxyResponse {
    let answer = Answer {
        ret_code,
        ret_msg,
        response_id,
    };
    ProxyResponse {
        status_code,
        headers: ResponseHeaders {
            content_type: "application/json",
            allow: (status_code == 405).then_some(CALLBACK_METHOD),
        },
        body: serde_json::to_string(&answer).expect("an answer is a number and two strings"),
        is_base64_encoded: false,
    }
}

/// How long the store may take, so that the answer leaves before Lambda ends the invocation. cargo-lambda's
/// emulator gives a deadline in 1970: one that has passed is no deadline.
fn store_budget(context: &Context, now: SystemTime) -> Duration {
    match context.deadline().duration_since(now) {
        Ok(left) => STORE_BUDGET.min(left.saturating_sub(TIME_TO_ANSWER)),
        Err(_) => STORE_BUDGET,
    }
}
