//! Delivery of a signed callback, with retries.

use std::time::{Duration, Instant};

use rand::RngExt;
use reqwest::Method;
use task_callback::contract::callback::CALLBACK_PATH;
use tokio::time::sleep;

use crate::Failure;
use crate::client::{Reply, Sender};
use crate::headers::Headers;

const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");

/// How often, and after which pauses, a callback is sent again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// The maximum number of requests.
    pub(crate) attempts: u32,
    /// The first pause. Each further pause is twice as long, up to the longest.
    pub(crate) pause: Duration,
    pub(crate) longest_pause: Duration,
}

/// For a command that a person waits for: it survives a short failure and reports a lasting one within seconds.
pub(crate) const INTERACTIVE: RetryPolicy = RetryPolicy {
    attempts: 4,
    pause: Duration::from_millis(500),
    longest_pause: Duration::from_secs(2),
};

/// Sends a callback until the answer is final or the attempts are used up. `each` is called with every answer and its
/// latency.
///
/// # Errors
///
/// The last attempt got no answer.
pub(crate) async fn deliver(
    sender: &Sender,
    headers: &Headers,
    body: &[u8],
    policy: RetryPolicy,
    mut each: impl FnMut(&Result<Reply, Failure>, Duration),
) -> Result<Reply, Failure> {
    let mut pause = policy.pause;
    let mut left = policy.attempts;
    loop {
        let started = Instant::now();
        let headers = headers.iter().chain([CONTENT_TYPE]);
        let reply = sender
            .request(Method::POST, CALLBACK_PATH, headers, body.to_owned())
            .await;
        each(&reply, started.elapsed());
        left = left.saturating_sub(1);
        if left == 0 || reply.as_ref().is_ok_and(Reply::is_final) {
            return reply;
        }
        sleep(pause.mul_f64(rand::rng().random_range(0.5..1.0))).await;
        pause = policy.longest_pause.min(pause * 2);
    }
}
