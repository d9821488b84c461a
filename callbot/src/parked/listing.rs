//! Lists the messages of both queues and gives every one of them back.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde::Serialize;
use serde_json::Value;
use task_callback::contract::parked::ParkedCallback;

use super::queue::{Queue, VISIBILITY_TIMEOUT};
use crate::Failure;
use crate::terminal::warn;

/// Two thirds of the visibility timeout. After it, the first message would be listed again.
const MAX_TIME: Duration = Duration::from_secs(VISIBILITY_TIMEOUT as u64 * 2 / 3);
/// More than a person reads.
const MAX_MESSAGES: usize = 1_000;

/// What waits in both queues, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing {
    pub(super) parked: Vec<Row>,
    pub(super) dead_letters: Vec<Row>,
    /// The number of parked callbacks that SQS hides after a try.
    pub(super) between_tries: usize,
}

/// One message, without its body and signature. A message of another kind has only a reason.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    message_id: String,
    /// How often the message was received, including by this listing.
    pub(super) tries: u64,
    /// When the callback was received, or else the message was sent, Unix seconds.
    #[serde(skip)]
    pub(super) since: u64,
    received_at: Option<String>,
    pub(super) ret_code: Option<u16>,
    pub(super) reason: String,
    #[serde(rename = "taskID")]
    pub(super) task_id: Option<String>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    #[serde(rename = "responseID")]
    response_id: Option<String>,
}

impl Listing {
    /// Reads both queues. After an interruption, the messages become visible at their timeout.
    pub(super) async fn read(parked: &Queue, dead_letters: &Queue) -> Result<Self, Failure> {
        // Before the listing, whose own messages would count, too.
        let between_tries = parked.in_flight().await?;
        Ok(Self {
            parked: rows(parked).await?,
            dead_letters: rows(dead_letters).await?,
            between_tries,
        })
    }
}

/// The messages of a queue, the oldest first.
async fn rows(queue: &Queue) -> Result<Vec<Row>, Failure> {
    let mut messages = Vec::new();
    let received = receive_all(queue, &mut messages).await;
    let given_back = queue.give_back(&messages).await;
    if !received? {
        warn(
            "callbot: the list is incomplete: it ends after 20 seconds or 1000 messages per queue",
        );
    }
    given_back?;
    let mut rows: Vec<Row> = messages.into_iter().map(Row::from).collect();
    rows.sort_by_key(|row| row.since);
    Ok(rows)
}

/// Receives the visible messages. Returns whether these are all.
pub(super) async fn receive_all(
    queue: &Queue,
    messages: &mut Vec<Message>,
) -> Result<bool, Failure> {
    let started = Instant::now();
    while started.elapsed() < MAX_TIME && messages.len() < MAX_MESSAGES {
        let next = queue.receive().await?;
        if next.is_empty() {
            return Ok(true);
        }
        messages.extend(next);
    }
    Ok(false)
}

impl From<Message> for Row {
    fn from(message: Message) -> Self {
        let number = |name| -> Option<u64> { message.attributes()?.get(&name)?.parse().ok() };
        let tries = number(MessageSystemAttributeName::ApproximateReceiveCount);
        let sent_at = number(MessageSystemAttributeName::SentTimestamp);
        let mut row = Self {
            tries: tries.unwrap_or_default(),
            // SQS gives milliseconds.
            since: sent_at.unwrap_or_default() / 1_000,
            ..Self::default()
        };
        match ParkedCallback::from_json(message.body().unwrap_or_default()) {
            Ok(parked) => {
                let body: Value = serde_json::from_slice(&parked.body).unwrap_or_default();
                row.since = parked.received_at.unix_seconds();
                row.received_at = Some(parked.received_at.to_string());
                row.ret_code = Some(parked.ret_code);
                row.reason = parked.reason;
                row.task_id = body["taskID"].as_str().map(str::to_owned);
                row.request_id = parked.headers.get("requestID").cloned();
                row.response_id = Some(parked.response_id);
            }
            Err(error) => row.reason = format!("not a parked callback: {error}"),
        }
        row.message_id = message.message_id.unwrap_or_default();
        row
    }
}
