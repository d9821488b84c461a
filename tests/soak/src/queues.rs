//! The parked queue and its dead-letter queue, in moto.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use local_stack::{EventSource, Invoker};
use serde_json::{Value, from_str};
use tokio::time::{Instant, sleep};

use crate::Failure;
use crate::plan::FORGED_ID;

/// AWS demands at least the function's timeout, which is ten seconds.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a message that was looked at stays hidden: longer than the run.
const HIDDEN_SECONDS: i32 = 3_600;
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
        let timeout = VISIBILITY_TIMEOUT.as_secs().to_string();
        let parked = client.create_queue().queue_name("parked");
        let parked = parked.attributes(QueueAttributeName::VisibilityTimeout, timeout);
        Ok(Self {
            parked: parked.send().await?.queue_url.unwrap_or_default(),
            dead_letters: dead_letters.send().await?.queue_url.unwrap_or_default(),
            client,
        })
    }

    /// Delivers the parked messages to the function, until the source is dropped.
    pub(crate) fn deliver(&self, invoker: Invoker) -> EventSource {
        EventSource::start(self.client.clone(), &self.parked, invoker)
    }

    /// Takes the forgeries off the parked queue, and delivers all else until nothing is left, or for the limit. Nothing
    /// else may deliver meanwhile. The numbers of forgeries and of other messages that are left.
    pub(crate) async fn drain(&self, invoker: Invoker) -> Result<(usize, usize), Failure> {
        let started = Instant::now();
        let is_over = || started.elapsed() > DRAIN_LIMIT;
        let mut forgeries = 0;
        loop {
            // The function cannot tell a forgery from a callback whose secret it does not know yet. A forgery that is
            // received here stays hidden.
            let mut genuine = Vec::new();
            while self.count(&self.parked).await? > forgeries + genuine.len() && !is_over() {
                let receive = self.client.receive_message().queue_url(&self.parked);
                let receive = receive.visibility_timeout(HIDDEN_SECONDS);
                let received = receive.max_number_of_messages(10).send().await?.messages;
                let (forged, others): (Vec<_>, Vec<_>) =
                    received.into_iter().flatten().partition(is_forgery);
                forgeries += forged.len();
                genuine.extend(others);
                sleep(POLL / 10).await;
            }
            for message in &genuine {
                let show = self
                    .client
                    .change_message_visibility()
                    .visibility_timeout(0);
                let show = show.set_receipt_handle(message.receipt_handle.clone());
                show.queue_url(&self.parked).send().await?;
            }
            if genuine.is_empty() || is_over() {
                let left = self.count(&self.parked).await?.saturating_sub(forgeries);
                return Ok((forgeries, left + self.count(&self.dead_letters).await?));
            }
            let _events = self.deliver(invoker.clone());
            let until = Instant::now() + VISIBILITY_TIMEOUT;
            while self.count(&self.parked).await? > forgeries && Instant::now() < until {
                sleep(POLL).await;
            }
        }
    }

    /// The number of messages in a queue, visible or not. A message that becomes visible between moto's two sums is in
    /// neither, so it counts twice.
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

fn is_forgery(message: &Message) -> bool {
    let parked: Value = from_str(message.body().unwrap_or_default()).unwrap_or_default();
    let id = parked["headers"]["requestID"].as_str();
    id.is_some_and(|id| id.ends_with(FORGED_ID))
}
