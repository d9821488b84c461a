//! The parked queue and its dead-letter queue, in moto.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use local_stack::{EventSource, Invoker};
use serde_json::{Value, from_str};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::plan::FORGED_ID;

/// In seconds. AWS demands at least the function's timeout, which is ten seconds.
const VISIBILITY_TIMEOUT: &str = "12";
/// How long the parked queue may take to become empty.
const DRAIN_LIMIT: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(250);

/// The queues' URLs.
pub(crate) struct Queues {
    client: Client,
    pub(crate) parked: String,
    pub(crate) dead_letters: String,
}

impl Queues {
    pub(crate) async fn create(client: Client) -> Result<Self, Failure> {
        let dead_letters = client.create_queue().queue_name("dead-letters");
        let parked = client.create_queue().queue_name("parked");
        let parked = parked.attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_TIMEOUT);
        Ok(Self {
            parked: parked.send().await?.queue_url.unwrap_or_default(),
            dead_letters: dead_letters.send().await?.queue_url.unwrap_or_default(),
            client,
        })
    }

    /// Delivers the parked messages to the function, until the source is dropped.
    pub(crate) fn deliver(&self, invoker: Invoker) -> EventSource {
        EventSource::start(self.client.clone(), &self.parked, |_| true, invoker)
    }

    /// Delivers the parked messages until none is left or the limit is reached, and returns how
    /// many are left. The forgeries are dropped, since the function would leave them in the queue.
    pub(crate) async fn drain(&self, invoker: Invoker) -> Result<usize, Failure> {
        let client = self.client.clone();
        let _events = EventSource::start(client, &self.parked, is_no_forgery, invoker);
        let until = Instant::now() + DRAIN_LIMIT;
        while self.count(&self.parked).await? > 0 && Instant::now() < until {
            sleep(POLL).await;
        }
        Ok(self.count(&self.parked).await? + self.count(&self.dead_letters).await?)
    }

    /// The number of messages in a queue, visible or not. It is read twice: a message that becomes
    /// visible between moto's two sums is in neither.
    async fn count(&self, url: &str) -> Result<usize, Failure> {
        let mut most = 0;
        for _ in 0..2 {
            let request = self.client.get_queue_attributes().queue_url(url);
            let request = request
                .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
                .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
            let counts = request.send().await?.attributes.unwrap_or_default();
            let counts = counts.values().map(|count| count.parse::<usize>());
            most = most.max(counts.sum::<Result<usize, _>>()?);
        }
        Ok(most)
    }
}

fn is_no_forgery(message: &Message) -> bool {
    let parked: Value = from_str(message.body().unwrap_or_default()).unwrap_or_default();
    let id = parked["headers"]["requestID"].as_str();
    !id.is_some_and(|id| id.ends_with(FORGED_ID))
}
