//! The Lambda handler: dispatches an event to the HTTP endpoint or to the queue consumer.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::credentials::Keyring;
use crate::http::{self, ProxyResponse};
use crate::parking::Parking;
use crate::queue::{BatchResponse, batch_of, retry_all};
use crate::receive::Receiver;
use crate::store::Store;

/// The function.
#[derive(Clone, Debug)]
pub struct Handler {
    receiver: Arc<Receiver>,
    /// How long the process took to start. `None` after the first invocation.
    init: Arc<Mutex<Option<Duration>>>,
}

/// What an invocation returns.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To API Gateway.
    Http(Box<ProxyResponse>),
    /// To the event source mapping of the queue.
    Queue(BatchResponse),
}

impl Handler {
    /// Creates the function: verifies with `keyring`, stores in `store`, parks in `parking`.
    pub fn new(config: &Config, keyring: Keyring, store: Store, parking: Parking) -> Self {
        Self {
            receiver: Arc::new(Receiver::new(config, keyring, store, parking)),
            init: Arc::default(),
        }
    }

    /// Sets how long the process took to start. The first callback's log line reports it.
    pub fn started_in(self, init: Duration) -> Self {
        Self {
            init: Arc::new(Mutex::new(Some(init))),
            ..self
        }
    }

    /// Handles one invocation. `now` is the current time.
    ///
    /// # Errors
    ///
    /// Returns an error if the event's records are not SQS messages. They then stay in the queue.
    pub async fn handle(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now: SystemTime,
    ) -> Result<Response, Error> {
        let LambdaEvent { payload, context } = event;
        let init = self.init.lock().ok().and_then(|mut init| init.take());
        Ok(match batch_of(payload.get()) {
            None => {
                let response = http::answer(&self.receiver, payload.get(), &context, now, init);
                Response::Http(Box::new(response.await))
            }
            Some(batch) => {
                let time = http::remaining_time(&context, now);
                // Boxed, because most events are API Gateway's.
                let response = Box::pin(retry_all(&self.receiver, batch?, time, now, init));
                Response::Queue(response.await)
            }
        })
    }
}
