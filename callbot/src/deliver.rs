//! A signed callback's way to an acknowledgement: sent again, after a pause, while the answer is none for good.

use std::time::{Duration, Instant};

use rand::RngExt;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use task_callback::contract::callback::CALLBACK_PATH;
use tokio::time::sleep;

use crate::Failure;
use crate::client::{Reply, Sender};
use crate::platform::Headers;

/// How long a sender goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// How often a callback is sent, at the most.
    pub(crate) attempts: u32,
    /// The first pause; every further one is twice as long, up to the longest.
    pub(crate) pause: Duration,
    pub(crate) longest_pause: Duration,
}

/// A sender that somebody watches: a passing trouble passes, a lasting one is soon told.
pub(crate) const WATCHED: Patience = Patience {
    attempts: 4,
    pause: Duration::from_millis(500),
    longest_pause: Duration::from_secs(2),
};

/// Sends a callback until it is acknowledged, refused for good or given up. `each` is told of every answer and how
/// long it took.
///
/// # Errors
///
/// The last attempt had no answer at all.
pub(crate) async fn deliver(
    sender: &Sender,
    headers: &Headers,
    body: &[u8],
    patience: Patience,
    mut each: impl FnMut(&Result<Reply, Failure>, Duration),
) -> Result<Reply, Failure> {
    let headers = header_map(headers)?;
    let mut pause = patience.pause;
    let mut left = patience.attempts;
    loop {
        let started = Instant::now();
        let (headers, body) = (headers.clone(), body.to_owned());
        let reply = sender
            .request(Method::POST, CALLBACK_PATH, headers, body)
            .await;
        each(&reply, started.elapsed());
        left = left.saturating_sub(1);
        if left == 0 || reply.as_ref().is_ok_and(Reply::is_final) {
            return reply;
        }
        sleep(pause.mul_f64(rand::rng().random_range(0.5..1.0))).await;
        pause = patience.longest_pause.min(pause * 2);
    }
}

fn header_map(headers: &Headers) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers.iter() {
        // Not as text: that could be ASCII only.
        let value = HeaderValue::from_bytes(value.as_bytes())?;
        map.insert(HeaderName::try_from(name)?, value);
    }
    Ok(map)
}
