//! The queue entry point: SQS delivers parked callbacks for a retry.

mod event;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::time::Instant;

use crate::contract::parked::ParkedCallback;
use crate::receive::{Delivery, Incoming, Receipt, Receiver, Refusal};
use crate::telemetry;
pub(crate) use event::{Message, batch_of};

/// The messages that stay in the queue until SQS delivers them again, after their visibility
/// timeout. Lambda deletes all other messages of the batch.
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

/// Retries all messages of a batch concurrently, within `time`, and writes their log lines. The
/// first line holds `init`.
pub(crate) async fn retry_all(
    receiver: &Arc<Receiver>,
    batch: Vec<Message>,
    time: Duration,
    now: SystemTime,
    mut init: Option<Duration>,
) -> BatchResponse {
    let deadline = Instant::now() + time;
    let retry = |message: Message| {
        let (id, receiver, init) = (message.message_id.clone(), receiver.clone(), init.take());
        let done = async move { retry(&receiver, &message, now, deadline, init).await };
        // Each message has its own Tokio task: a panic leaves only this message in the queue.
        (id, tokio::spawn(done))
    };
    let retries: Vec<_> = batch.into_iter().map(retry).collect();
    let mut batch_item_failures = Vec::new();
    for (item_identifier, done) in retries {
        if !done.await.unwrap_or(false) {
            batch_item_failures.push(BatchItemFailure { item_identifier });
        }
    }
    BatchResponse {
        batch_item_failures,
    }
}

/// Retries one message. Returns whether its callback is stored.
async fn retry(
    receiver: &Receiver,
    message: &Message,
    now: SystemTime,
    deadline: Instant,
    init: Option<Duration>,
) -> bool {
    let mut delivery = Delivery {
        response_id: &message.message_id,
        from_queue: true,
        received_at: None,
        tries: message.tries(),
        started: Instant::now(),
        init,
    };
    let callback = match ParkedCallback::from_json(&message.body) {
        Ok(callback) => callback,
        Err(error) => {
            let receipt = Receipt::of(Err(Refusal::Message(error)));
            telemetry::log(&receipt, &delivery);
            return false;
        }
    };
    delivery.response_id = &callback.response_id;
    delivery.received_at = Some(callback.received_at);
    let incoming = Incoming {
        headers: &callback.headers(),
        body: &callback.body,
        delivery: &delivery,
        received_at: callback.received_at,
        now,
        deadline,
    };
    let receipt = receiver.receive(&incoming).await;
    telemetry::log(&receipt, &delivery);
    receipt.result.is_ok()
}
