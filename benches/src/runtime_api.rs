//! Sequential calls of a program over the Runtime API.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use local_stack::runtime_api::{Answer, Poll, RuntimeApi};
use tokio::time::timeout;

/// The time limit for every wait. Nothing takes nearly that long.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
const REQUEST_ID: &str = "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11";

/// Waits until the process asks for an event.
pub(crate) async fn poll(api: &mut RuntimeApi) -> Result<Poll> {
    let next = async {
        tokio::select! {
            poll = api.polls.recv() => poll.context("the Runtime API has ended"),
            answer = api.answers.recv() => {
                let body = answer.map(|answer| answer.body).unwrap_or_default();
                bail!("the process did not start: {}", String::from_utf8_lossy(&body))
            }
        }
    };
    timeout(LIMIT, next)
        .await
        .context("the process does not ask for an event")?
}

/// Sends an event and returns the time until its answer, which must be a success.
pub(crate) async fn invoke(api: &mut RuntimeApi, poll: Poll, event: Bytes) -> Result<Duration> {
    let started = Instant::now();
    poll.hand_out(event, REQUEST_ID);
    let answer = timeout(LIMIT, api.answers.recv()).await;
    let answer = answer.context("the process gives no answer")?;
    let answer: Answer = answer.context("the Runtime API has ended")?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(
        answer.is_response()
            && text.contains(r#""statusCode":200"#)
            && text.contains(r#"\"retCode\":0"#),
        "the event was not acknowledged: {} {text}",
        answer.path
    );
    Ok(answer.at - started)
}

/// Discards the pending requests of a process that has ended.
pub(crate) fn clear(api: &mut RuntimeApi) {
    while api.polls.try_recv().is_ok() {}
    while api.answers.try_recv().is_ok() {}
}
