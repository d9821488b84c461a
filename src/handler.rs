//! The Lambda handler: hands an event to the face that it is for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::credentials::Keyring;
use crate::http::{Endpoint, ProxyResponse, answer_time};
use crate::parking::Parking;
use crate::queue::{BatchResponse, Consumer, batch_of};
use crate::receive::Receiver;
use crate::store::Store;

/// The function.
#[derive(Clone, Debug)]
pub struct Handler {
    endpoint: Endpoint,
    consumer: Consumer,
    /// For the first callback's log line.
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
    /// The function with this configuration, verifying with `keyring`, storing in `store` and parking in `parking`.
    pub fn new(config: &Config, keyring: Keyring, store: Store, parking: Parking) -> Self {
        let receiver = Arc::new(Receiver::new(config, keyring, store, parking));
        Self {
            endpoint: Endpoint::new(receiver.clone(), config.max_body_bytes),
            consumer: Consumer::new(receiver),
            init: Arc::default(),
        }
    }

    /// The same function in a process that took so long to start: the first callback's log line says so.
    pub fn started_in(self, init: Duration) -> Self {
        Self {
            init: Arc::new(Mutex::new(Some(init))),
            ..self
        }
    }

    /// Handles one invocation. `now` is the clock.
    ///
    /// # Errors
    ///
    /// The event is a queue's, but cannot be read: Lambda then leaves all of its messages in the queue. Whatever else an
    /// event is, there is a response to it.
    pub async fn handle(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now: SystemTime,
    ) -> Result<Response, Error> {
        let LambdaEvent { payload, context } = event;
        let init = self.init.lock().ok().and_then(|mut init| init.take());
        match batch_of(payload.get()) {
            None => {
                let response = self.endpoint.answer(payload.get(), &context, now, init);
                Ok(Response::Http(Box::new(response.await)))
            }
            Some(batch) => {
                let time = answer_time(&context, now);
                // Boxed, because most events are API Gateway's.
                let response = Box::pin(self.consumer.consume(batch?, time, now, init));
                Ok(Response::Queue(response.await))
            }
        }
    }
}
