//! A queue in moto for parked callbacks, and a stand-in for its event source mapping.

use std::time::SystemTime;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use local_stack::sqs_event;
use serde_json::Value;
use task_callback::handler::Handler;
use task_callback::parking::Parking;

use crate::aws::local_aws;
use crate::function::deliver;
use crate::moto;

/// Parking in these queues through the proxy at this URL.
pub fn parking(url: &str, parked: Option<&TestQueue>, dead_letters: Option<&TestQueue>) -> Parking {
    let url_of = |queue: Option<&TestQueue>| queue.map(|queue| queue.url.clone());
    Parking::new(local_aws(url), url_of(parked), url_of(dead_letters))
}

/// A queue for one test. Its messages can be received again immediately.
pub struct TestQueue {
    pub client: Client,
    pub url: String,
}

impl TestQueue {
    pub async fn create() -> Self {
        Self::with("parked", QueueAttributeName::VisibilityTimeout, "0").await
    }

    /// A queue with this attribute, whose name ends with `name`.
    pub async fn with(name: &str, attribute: QueueAttributeName, value: &str) -> Self {
        // Without the function's short timeouts, since a late answer would send the message again.
        let config = local_aws(moto::url()).sqs().config().to_builder();
        let config = config.timeout_config(TimeoutConfig::disabled());
        let client = Client::from_conf(config.build());
        let create = client
            .create_queue()
            .queue_name(format!("{}-{name}", uuid::Uuid::new_v4()))
            .attributes(attribute, value);
        let created = create.send().await.expect("the queue is made");
        let url = created.queue_url().expect("a URL").to_owned();
        Self { client, url }
    }

    /// Parking in this queue, without another one for dead letters.
    pub fn parking(&self) -> Parking {
        self.parking_through(moto::url())
    }

    /// The same through the proxy at this URL.
    pub fn parking_through(&self, url: &str) -> Parking {
        parking(url, Some(self), None)
    }

    /// Reads up to ten messages and leaves them in the queue.
    pub async fn messages(&self) -> Vec<Value> {
        let messages = self.receive().await;
        let body = |message: &Message| serde_json::from_str(message.body().expect("a text"));
        let bodies: Result<Vec<Value>, _> = messages.iter().map(body).collect();
        bodies.expect("JSON")
    }

    pub async fn send(&self, message: &str) {
        let send = self.client.send_message().queue_url(&self.url);
        let sent = send.message_body(message).send().await;
        sent.expect("the message is sent");
    }

    /// Delivers up to ten messages to the function. Returns how many of them stay in the queue.
    pub async fn deliver(&self, function: &Handler, now: SystemTime) -> usize {
        let messages = self.receive().await;
        let left = deliver(function, &sqs_event(&messages), now).await;
        for message in &messages {
            if !left.iter().any(|id| message.message_id() == Some(id)) {
                let delete = self.client.delete_message().queue_url(&self.url);
                let handle = message.receipt_handle().expect("a handle");
                let deleted = delete.receipt_handle(handle).send().await;
                deleted.expect("the message is deleted");
            }
        }
        left.len()
    }

    async fn receive(&self) -> Vec<Message> {
        let receive = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let received = receive.send().await.expect("the queue answers");
        received.messages.unwrap_or_default()
    }
}
