//! The queue of parked callbacks in SQS: the contract's section 6.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::time::{Instant, timeout_at};

use crate::aws::Aws;
use crate::error_chain::error_chain;

/// The maximum time for parking. SQS usually takes a few milliseconds.
const LONGEST: Duration = Duration::from_millis(1_500);

/// The queue, if one is configured.
#[derive(Clone, Debug)]
pub struct Parking {
    aws: Aws,
    /// Created on first use, because most callbacks are stored and never need it.
    client: Arc<OnceLock<Client>>,
    queue_url: Option<String>,
}

/// Why a message was not confirmed as sent. If only the answer was lost, the queue may still hold the message.
#[derive(Debug, thiserror::Error)]
pub enum ParkingError {
    /// No queue is configured.
    #[error("PARKED_QUEUE_URL is not set")]
    NoQueue,
    /// SQS did not accept the message.
    #[error("SQS did not accept the message: {0}")]
    NotTaken(String),
    /// SQS did not answer before the deadline.
    #[error("SQS did not answer in time")]
    TimedOut,
}

impl Parking {
    /// The queue with this URL, accessed through `aws`.
    pub fn new(aws: Aws, queue_url: Option<String>) -> Self {
        Self {
            aws,
            client: Arc::default(),
            queue_url,
        }
    }

    /// The share of the remaining time to reserve for parking: half of it, but at most 1.5 s. Zero without a queue.
    pub(crate) fn share_of(&self, left: Duration) -> Duration {
        match self.queue_url {
            Some(_) => LONGEST.min(left / 2),
            None => Duration::ZERO,
        }
    }

    /// Sends a message to the queue. Returns once SQS has confirmed it.
    ///
    /// # Errors
    ///
    /// Returns a [`ParkingError`] after at most 1.5 s, and no later than `deadline`.
    pub(crate) async fn park(&self, message: &str, deadline: Instant) -> Result<(), ParkingError> {
        let deadline = deadline.min(Instant::now() + LONGEST);
        let queue_url = self.queue_url.as_ref().ok_or(ParkingError::NoQueue)?;
        let client = self.client.get_or_init(|| self.aws.sqs());
        let send = client
            .send_message()
            .queue_url(queue_url)
            .message_body(message);
        // Boxed, because the future is large and rarely needed.
        match timeout_at(deadline, Box::pin(send.send())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(ParkingError::NotTaken(error_chain(&error))),
            Err(_) => Err(ParkingError::TimedOut),
        }
    }
}
