//! An SQS event source mapping: Lambda polls a queue and invokes the function with its messages.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::lambda::Invoker;

/// The default of an event source mapping.
const BATCH_SIZE: i32 = 10;
/// A placeholder: the function does not read the queue's ARN.
const QUEUE_ARN: &str = "arn:aws:sqs:us-east-1:123456789012:parked";
/// The pause after an empty answer or an error.
const PAUSE: Duration = Duration::from_millis(200);

/// A running event source mapping. It ends when it is dropped.
#[derive(Debug)]
pub struct EventSource {
    _pollers: JoinSet<()>,
}

/// One of the queue's pollers, which has one batch at a time.
#[derive(Clone)]
struct Poller {
    client: Client,
    queue_url: String,
    filter: fn(&Message) -> bool,
    invoker: Invoker,
}

impl EventSource {
    /// The most batches at once. Lambda allows no lower limit.
    pub const MAX_CONCURRENCY: usize = 2;

    /// Starts to poll the queue. As in AWS, a message is deleted if it does not pass the filter, or
    /// if the function does not report it as failed. A failed invocation deletes none of its batch.
    pub fn start(
        client: Client,
        queue_url: &str,
        filter: fn(&Message) -> bool,
        invoker: Invoker,
    ) -> Self {
        let poller = Poller {
            client,
            queue_url: queue_url.to_owned(),
            filter,
            invoker,
        };
        Self {
            _pollers: std::iter::repeat_n(poller, Self::MAX_CONCURRENCY)
                .map(Poller::poll)
                .collect(),
        }
    }
}

impl Poller {
    async fn poll(self) {
        loop {
            let request = self.client.receive_message().queue_url(&self.queue_url);
            let received = request
                .max_number_of_messages(BATCH_SIZE)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .send();
            let mut messages = received
                .await
                .ok()
                .and_then(|received| received.messages)
                .unwrap_or_default();
            for other in messages.extract_if(.., |message| !(self.filter)(message)) {
                self.delete(&other).await;
            }
            if messages.is_empty() {
                sleep(PAUSE).await;
                continue;
            }
            let event = sqs_event(&messages).to_string();
            let Some(answer) = self.invoker.invoke(event.into()).await else {
                continue;
            };
            for message in done(&messages, &answer) {
                self.delete(message).await;
            }
        }
    }

    async fn delete(&self, message: &Message) {
        let delete = self.client.delete_message().queue_url(&self.queue_url);
        let delete = delete.set_receipt_handle(message.receipt_handle.clone());
        // A message that is not deleted is delivered again, like a failed one.
        let _ = delete.send().await;
    }
}

/// Lambda's event for a batch.
pub fn sqs_event(messages: &[Message]) -> Value {
    let record = |message: &Message| {
        let attributes = message.attributes().into_iter().flatten();
        let attributes: Map<String, Value> = attributes
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
            .collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE_ARN,
            "awsRegion": "us-east-1",
        })
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// The messages to delete after this answer. As in AWS, all succeeded if it has no
/// `batchItemFailures`, and all failed if it is not JSON or names a message of another batch.
fn done<'a>(messages: &'a [Message], answer: &[u8]) -> Vec<&'a Message> {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return Vec::new();
    };
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    let failed: HashSet<_> = failures
        .map(|failure| failure["itemIdentifier"].as_str())
        .collect();
    let has_failed = |message: &&Message| failed.contains(&message.message_id());
    let (left, done): (Vec<_>, Vec<_>) = messages.iter().partition(has_failed);
    if left.len() == failed.len() {
        done
    } else {
        Vec::new()
    }
}
