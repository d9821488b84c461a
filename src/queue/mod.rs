//! The queue entry point: SQS delivers parked callbacks for a retry.

mod event;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;

use crate::contract::parked::ParkedCallback;
use crate::receive::{Incoming, Receipt, Receiver, Refusal};
use crate::telemetry::{self, Delivery, Redelivery};
pub(crate) use event::{Message, batch_of};

/// Retries parked callbacks.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    receiver: Arc<Receiver>,
}

/// The messages that stay in the queue. SQS delivers them again after their visibility timeout. Lambda deletes all
/// other messages of the batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl Consumer {
    /// Creates a consumer that passes parked callbacks to `receiver`.
    pub(crate) fn new(receiver: Arc<Receiver>) -> Self {
        Self { receiver }
    }

    /// Processes all messages of a batch concurrently and writes their log lines. `now` is the current time, `time` the
    /// time limit for the whole batch, and `init` is logged with the first message.
    pub(crate) async fn consume(
        &self,
        batch: Vec<Message>,
        time: Duration,
        now: SystemTime,
        mut init: Option<Duration>,
    ) -> BatchResponse {
        let deadline = Instant::now() + time;
        let tries: Vec<_> = batch
            .into_iter()
            .map(|message| {
                let id = message.message_id.clone();
                let receiver = self.receiver.clone();
                let init = init.take();
                let tried = async move { retry(&receiver, &message, now, deadline, init).await };
                // Each message has its own task, so a panic leaves only this message in the queue.
                (id, tokio::spawn(tried))
            })
            .collect();
        let mut batch_item_failures = Vec::new();
        for (item_identifier, tried) in tries {
            if !tried.await.unwrap_or(false) {
                batch_item_failures.push(BatchItemFailure { item_identifier });
            }
        }
        BatchResponse {
            batch_item_failures,
        }
    }
}

/// Processes one message. Returns whether it leaves the queue.
async fn retry(
    receiver: &Receiver,
    message: &Message,
    now: SystemTime,
    deadline: Instant,
    init: Option<Duration>,
) -> bool {
    let started = Instant::now();
    let log = |receipt: &Receipt<'_>, response_id: &str, received_at| {
        let redelivery = Redelivery {
            received_at,
            tries: message.tries(),
        };
        let delivery = Delivery {
            response_id,
            redelivery: Some(redelivery),
            took: started.elapsed(),
            init,
        };
        telemetry::log(receipt, &delivery);
    };
    let callback = match ParkedCallback::from_json(&message.body) {
        Ok(callback) => callback,
        Err(error) => {
            let receipt = Receipt::refused(Refusal::Message(error));
            log(&receipt, &message.message_id, None);
            return false;
        }
    };
    let incoming = Incoming {
        headers: &callback.headers(),
        body: &callback.body,
        response_id: &callback.response_id,
        received_at: callback.received_at,
        from_queue: true,
        now,
        deadline,
    };
    let receipt = receiver.receive(&incoming).await;
    log(&receipt, &callback.response_id, Some(callback.received_at));
    receipt.result.is_ok() || receipt.is_dead_letter()
}
