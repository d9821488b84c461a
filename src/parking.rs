//! The queues of parked callbacks in SQS: the contract's section 6.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::time::{Instant, timeout_at};

use crate::aws::Aws;
use crate::error_chain::error_chain;

/// The maximum time for parking. SQS usually takes a few milliseconds.
const PARK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// A queue of parked callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    /// For callbacks that a retry may store.
    Parked,
    /// For callbacks that only a new version or another setting can store.
    DeadLetter,
}

/// The queues that are configured.
#[derive(Clone, Debug)]
pub struct Parking {
    aws: Aws,
    /// Created on first use, because few callbacks are parked.
    client: Arc<OnceLock<Client>>,
    parked_queue_url: Option<String>,
    dead_letter_queue_url: Option<String>,
}

impl Parking {
    /// The queues with these URLs, accessed through `aws`.
    pub fn new(
        aws: Aws,
        parked_queue_url: Option<String>,
        dead_letter_queue_url: Option<String>,
    ) -> Self {
        Self {
            aws,
            client: Arc::default(),
            parked_queue_url,
            dead_letter_queue_url,
        }
    }

    /// Whether callbacks can be parked.
    pub(crate) fn has_queue(&self) -> bool {
        self.parked_queue_url.is_some()
    }

    /// The time to reserve for parking: half of `left`, at most 1.5 s. Zero without a queue.
    pub(crate) fn reserved_of(&self, left: Duration) -> Duration {
        let reserved = |_| PARK_TIMEOUT.min(left / 2);
        self.parked_queue_url
            .as_ref()
            .map_or(Duration::ZERO, reserved)
    }

    /// The queue for a callback: without a dead-letter queue, the parked queue.
    pub(crate) fn queue_for(&self, queue: Queue) -> Queue {
        match self.dead_letter_queue_url {
            Some(_) => queue,
            None => Queue::Parked,
        }
    }

    /// Sends a message to a queue, within 1.5 s and no later than `deadline`. After an error, the
    /// queue may hold the message all the same, if only the confirmation was lost.
    pub(crate) async fn park(
        &self,
        queue: Queue,
        message: &str,
        deadline: Instant,
    ) -> Result<(), String> {
        let deadline = deadline.min(Instant::now() + PARK_TIMEOUT);
        let (variable, queue_url) = match queue {
            Queue::Parked => ("PARKED_QUEUE_URL", &self.parked_queue_url),
            Queue::DeadLetter => ("DEAD_LETTER_QUEUE_URL", &self.dead_letter_queue_url),
        };
        let url = queue_url.as_ref().ok_or(format!("{variable} is not set"))?;
        let client = self.client.get_or_init(|| self.aws.sqs());
        let send = client.send_message().queue_url(url).message_body(message);
        // Boxed, because the future is large and rarely needed.
        match timeout_at(deadline, Box::pin(send.send())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let cause = error_chain(&error);
                Err(format!("SQS did not accept the message: {cause}"))
            }
            Err(_) => Err("SQS did not answer in time".to_owned()),
        }
    }
}
