//! The queue of parked callbacks in SQS: the contract's section 6.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::time::{Instant, timeout_at};

use crate::aws::Aws;
use crate::error_chain::error_chain;

/// The longest that parking may take. SQS usually takes some milliseconds.
const LONGEST: Duration = Duration::from_millis(1_500);

/// The queue, where there is one.
#[derive(Clone, Debug)]
pub struct Parking {
    aws: Aws,
    /// Made when it is first needed: most callbacks are stored.
    client: Arc<OnceLock<Client>>,
    queue_url: Option<String>,
}

/// Why the queue did not take a message. It may hold the message all the same, where an answer got lost.
#[derive(Debug, thiserror::Error)]
pub enum ParkingError {
    /// No queue is configured.
    #[error("PARKED_QUEUE_URL is not set")]
    NoQueue,
    /// SQS did not take the message.
    #[error("SQS did not accept the message: {0}")]
    NotTaken(String),
    /// No answer before the deadline.
    #[error("SQS did not answer in time")]
    TimedOut,
}

impl Parking {
    /// The queue of this URL, reached through `aws`.
    pub fn new(aws: Aws, queue_url: Option<String>) -> Self {
        Self {
            aws,
            client: Arc::default(),
            queue_url,
        }
    }

    /// How much of the time that is left parking may take: 1.5 s, or half of less. Without a queue it takes none.
    pub(crate) fn share_of(&self, left: Duration) -> Duration {
        match self.queue_url {
            Some(_) => LONGEST.min(left / 2),
            None => Duration::ZERO,
        }
    }

    /// Puts a message on the queue. Returns once SQS has confirmed that it has the message.
    ///
    /// # Errors
    ///
    /// [`ParkingError`], after 1.5 s or at the `deadline` at the latest.
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
