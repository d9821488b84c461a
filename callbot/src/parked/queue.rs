//! A queue of SQS, and its messages.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
};
use serde::Deserialize;

use crate::Failure;
use crate::aws::{Aws, AwsError, Target};

/// For how long a received message is hidden from the other receivers, in seconds.
pub(super) const VISIBILITY_TIMEOUT: i32 = 30;
/// The wait for a message asks all of SQS's servers, while an answer without a wait may leave messages out.
const LONG_POLLING: i32 = 1;
/// SQS's own limit.
const BATCH: usize = 10;

/// A queue.
pub(super) struct Queue {
    client: Client,
    url: String,
    target: Target,
}

/// A received message. Not to be printed: the text of a parked callback holds a signature.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt_handle: String,
    pub(super) text: String,
    /// How often it was received, this time included.
    pub(super) receive_count: u64,
    /// Unix seconds.
    pub(super) sent_at: u64,
}

/// The number of messages, which SQS calls approximate.
pub(super) struct Counts {
    visible: u64,
    /// Those that somebody has received and neither deleted nor given back.
    pub(super) in_flight: u64,
}

impl Counts {
    pub(super) fn all(&self) -> u64 {
        self.visible + self.in_flight
    }
}

impl Queue {
    /// The queue at this URL.
    pub(super) fn new(aws: &Aws, url: &str) -> Self {
        let name = url.rsplit('/').next().unwrap_or(url);
        Self {
            client: aws.sqs(),
            url: url.to_owned(),
            target: aws.target("SQS", format!("queue {name}")),
        }
    }

    /// The queue to which SQS moves what was received too often.
    pub(super) async fn dead_letter_queue(&self, aws: &Aws) -> Result<Self, Failure> {
        let attributes = self
            .attributes(&[QueueAttributeName::RedrivePolicy])
            .await?;
        let Some(arn) = attributes
            .get(&QueueAttributeName::RedrivePolicy)
            .map(|policy| dead_letter_target(policy))
            .transpose()?
        else {
            return Err(format!(
                "{} has no dead-letter queue: is it the parked queue, the stack's output ParkedQueueUrl?",
                self.target.resource
            )
            .into());
        };
        let ["arn", _, "sqs", _, account, name] = arn.split(':').collect::<Vec<_>>()[..] else {
            return Err(format!(
                "the dead-letter queue of {} is no queue's ARN: {arn}",
                self.target.resource
            )
            .into());
        };
        let get = self.client.get_queue_url().queue_name(name);
        let answer = get.queue_owner_aws_account_id(account).send().await;
        let target = aws.target("SQS", format!("queue {name}"));
        let answer = answer.map_err(|error| AwsError::new(target, error))?;
        let url = answer.queue_url.ok_or("SQS gave no URL of a queue")?;
        Ok(Self::new(aws, &url))
    }

    /// How many messages there are.
    pub(super) async fn counts(&self) -> Result<Counts, Failure> {
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let attributes = self
            .attributes(&[visible.clone(), in_flight.clone()])
            .await?;
        let count = |name| {
            let count = attributes.get(name).and_then(|count| count.parse().ok());
            count.ok_or_else(|| format!("SQS gave no {name} of {}", self.target.resource))
        };
        Ok(Counts {
            visible: count(&visible)?,
            in_flight: count(&in_flight)?,
        })
    }

    async fn attributes(
        &self,
        names: &[QueueAttributeName],
    ) -> Result<HashMap<QueueAttributeName, String>, AwsError> {
        let get = self.client.get_queue_attributes().queue_url(&self.url);
        let get = get.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = get.map_err(|error| AwsError::new(self.target.clone(), error))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    /// The next messages, none where no message has come within a second.
    pub(super) async fn receive(&self) -> Result<Vec<Message>, AwsError> {
        let receive = self.client.receive_message().queue_url(&self.url);
        let receive = receive
            .max_number_of_messages(BATCH as i32)
            .visibility_timeout(VISIBILITY_TIMEOUT)
            .wait_time_seconds(LONG_POLLING)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = receive.send().await;
        let answer = answer.map_err(|error| AwsError::new(self.target.clone(), error))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        Ok(messages.map(Message::from).collect())
    }

    /// Makes messages visible to the other receivers again. One that SQS refuses is deleted already, or becomes visible by
    /// itself once its visibility timeout ends.
    pub(super) async fn give_back(&self, receipt_handles: &[String]) -> Result<(), Failure> {
        for handles in receipt_handles.chunks(BATCH) {
            let entries = handles.iter().enumerate().map(|(place, handle)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(handle)
                    .visibility_timeout(0)
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            let change = self.client.change_message_visibility_batch();
            let change = change.queue_url(&self.url).set_entries(Some(entries));
            let answer = change.send().await;
            answer.map_err(|error| AwsError::new(self.target.clone(), error))?;
        }
        Ok(())
    }

    /// Adds a message.
    pub(super) async fn send(&self, text: &str) -> Result<(), AwsError> {
        let send = self.client.send_message().queue_url(&self.url);
        let answer = send.message_body(text).send().await;
        answer.map_err(|error| AwsError::new(self.target.clone(), error))?;
        Ok(())
    }

    /// Deletes a received message.
    pub(super) async fn delete(&self, receipt_handle: &str) -> Result<(), AwsError> {
        let delete = self.client.delete_message().queue_url(&self.url);
        let answer = delete.receipt_handle(receipt_handle).send().await;
        answer.map_err(|error| AwsError::new(self.target.clone(), error))?;
        Ok(())
    }
}

impl From<aws_sdk_sqs::types::Message> for Message {
    fn from(message: aws_sdk_sqs::types::Message) -> Self {
        let attributes = message.attributes.unwrap_or_default();
        let number = |name| {
            let number = attributes.get(&name).and_then(|text| text.parse().ok());
            number.unwrap_or(0_u64)
        };
        Self {
            id: message.message_id.unwrap_or_default(),
            receipt_handle: message.receipt_handle.unwrap_or_default(),
            text: message.body.unwrap_or_default(),
            receive_count: number(MessageSystemAttributeName::ApproximateReceiveCount),
            // In milliseconds.
            sent_at: number(MessageSystemAttributeName::SentTimestamp) / 1_000,
        }
    }
}

/// The ARN of the dead-letter queue in a redrive policy.
fn dead_letter_target(policy: &str) -> Result<String, Failure> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RedrivePolicy {
        dead_letter_target_arn: String,
    }

    let policy: Result<RedrivePolicy, _> = serde_json::from_str(policy);
    let policy = policy.map_err(|error| format!("the queue's RedrivePolicy: {error}"))?;
    Ok(policy.dead_letter_target_arn)
}
