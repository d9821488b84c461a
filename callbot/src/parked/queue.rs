//! An SQS queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use serde_json::Value;

use crate::Failure;
use crate::aws::{Aws, AwsError, SQS, Target};

/// How long a received message is hidden from other receivers, in seconds.
pub(super) const VISIBILITY_TIMEOUT: i32 = 30;
/// In seconds. Short polling (0) asks only some of SQS's servers and may miss messages.
const LONG_POLLING: i32 = 1;
/// SQS's limit for one call.
const BATCH: usize = 10;

/// A queue. Its messages must not be printed: the text of a parked callback holds a signature.
pub(super) struct Queue {
    client: Client,
    url: String,
    target: Target,
}

impl Queue {
    /// The queue at this URL.
    pub(super) fn new(aws: &Aws, url: &str) -> Self {
        let name = url.rsplit('/').next().unwrap_or(url);
        Self {
            client: aws.sqs(),
            url: url.to_owned(),
            target: aws.target(SQS, format!("queue {name}")),
        }
    }

    /// The dead-letter queue. SQS demands the same account and Region, so only its name differs.
    pub(super) async fn dead_letter_queue(&self, aws: &Aws) -> Result<Self, Failure> {
        let policy = self.attribute(QueueAttributeName::RedrivePolicy).await?;
        let policy: Value = serde_json::from_str(policy.as_deref().unwrap_or("{}"))?;
        let arn = policy["deadLetterTargetArn"].as_str();
        let Some(name) = arn.and_then(|arn| arn.rsplit(':').next()) else {
            let url = &self.url;
            let advice = "is it the parked queue, the stack's output ParkedQueueUrl?";
            return Err(format!("{url} has no dead-letter queue: {advice}").into());
        };
        let folder = self.url.trim_end_matches(|character| character != '/');
        Ok(Self::new(aws, &format!("{folder}{name}")))
    }

    /// The number of messages that are received, and neither deleted nor visible again.
    pub(super) async fn in_flight(&self) -> Result<usize, Failure> {
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let count = self.attribute(name).await?.unwrap_or_default();
        Ok(count.parse()?)
    }

    async fn attribute(&self, name: QueueAttributeName) -> Result<Option<String>, AwsError> {
        let get = self.client.get_queue_attributes().queue_url(&self.url);
        let answer = get.attribute_names(name.clone()).send().await;
        let answer = answer.map_err(|error| self.target.failed(error))?;
        Ok(answer.attributes.and_then(|mut all| all.remove(&name)))
    }

    /// The next messages; none if the queue has no more.
    pub(super) async fn receive(&self) -> Result<Vec<Message>, AwsError> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive
            .max_number_of_messages(BATCH as i32)
            .visibility_timeout(VISIBILITY_TIMEOUT)
            .wait_time_seconds(LONG_POLLING)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = receive.send().await;
        let answer = answer.map_err(|error| self.target.failed(error))?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Makes received messages visible again. A message that SQS refuses here is deleted already,
    /// or becomes visible when its visibility timeout ends.
    pub(super) async fn give_back(&self, messages: &[Message]) -> Result<(), Failure> {
        for messages in messages.chunks(BATCH) {
            let entries = messages.iter().enumerate().map(|(place, message)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(place.to_string())
                    .set_receipt_handle(message.receipt_handle.clone())
                    .visibility_timeout(0)
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let change = self.client.change_message_visibility_batch();
            let change = change.queue_url(&self.url).set_entries(Some(entries));
            let answer = change.send().await;
            answer.map_err(|error| self.target.failed(error))?;
        }
        Ok(())
    }

    /// Moves a received message to another queue: sends a copy, and then deletes the message here.
    pub(super) async fn move_to(&self, other: &Self, message: &Message) -> Result<(), Failure> {
        let send = other.client.send_message().queue_url(&other.url);
        let answer = send.set_message_body(message.body.clone()).send().await;
        answer.map_err(|error| other.target.failed(error))?;
        // The function stores both copies once, like any resend.
        let twice =
            "This dead letter is also in the parked queue now, and moving it again does no harm";
        let deleted = self.delete(message).await;
        deleted.map_err(|error| format!("{error}. {twice}").into())
    }

    /// Deletes a received message.
    pub(super) async fn delete(&self, message: &Message) -> Result<(), AwsError> {
        let delete = self.client.delete_message().queue_url(&self.url);
        let delete = delete.set_receipt_handle(message.receipt_handle.clone());
        let answer = delete.send().await;
        answer.map(drop).map_err(|error| self.target.failed(error))
    }
}
