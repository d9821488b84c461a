//! Lists the messages of both queues and gives every one of them back.

use std::collections::HashSet;
use std::pin::pin;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use task_callback::contract::parked::ParkedCallback;

use super::queue::{Message, Queue, VISIBILITY_TIMEOUT};
use crate::Failure;
use crate::process::shutdown_signal;

/// Two thirds of the visibility timeout, after which the first message would be visible again, and be listed twice.
const MAX_TIME: Duration = Duration::from_secs(VISIBILITY_TIMEOUT as u64 * 2 / 3);
/// More than a person reads.
const MAX_MESSAGES: usize = 1_000;
/// A single empty answer does not prove that the queue is empty.
const EMPTY_ANSWERS: u32 = 2;

/// What waits in both queues, as `--json` prints it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing {
    pub(super) parked: Vec<Row>,
    pub(super) dead_letters: Vec<Row>,
    /// How many messages of the parked queue the function has received and not stored, which SQS does not show.
    pub(super) between_tries: u64,
    #[serde(skip)]
    pub(super) complete: bool,
}

/// One message, without its body and its signature.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    message_id: String,
    /// How often it was received, by this listing too.
    pub(super) tries: u64,
    /// When it came to be parked, Unix seconds.
    #[serde(skip)]
    pub(super) since: u64,
    #[serde(flatten)]
    pub(super) content: Content,
}

/// What a message holds.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Content {
    Callback {
        received_at: String,
        ret_code: u16,
        reason: String,
        #[serde(rename = "taskID")]
        task_id: Option<String>,
        #[serde(rename = "requestID")]
        request_id: Option<String>,
        #[serde(rename = "responseID")]
        response_id: String,
    },
    /// No parked callback.
    Other { error: String },
}

impl Listing {
    /// Reads both queues.
    pub(super) async fn read(parked: &Queue, dead_letters: &Queue) -> Result<Self, Failure> {
        // Before the listing, whose own messages would count too.
        let between_tries = parked.counts().await?.in_flight;
        // To the end, even if the other one fails: each gives back what it has received.
        let (parked, dead_letters) = tokio::join!(rows(parked), rows(dead_letters));
        let (parked, parked_complete) = parked?;
        let (dead_letters, dead_letters_complete) = dead_letters?;
        Ok(Self {
            parked,
            dead_letters,
            between_tries,
            complete: parked_complete && dead_letters_complete,
        })
    }
}

/// What to say of a listing that is not complete.
pub(super) const INCOMPLETE: &str =
    "the list is incomplete: it ends after 20 seconds or 1000 messages per queue";

/// The messages of a queue, the oldest first, and whether they are all.
async fn rows(queue: &Queue) -> Result<(Vec<Row>, bool), Failure> {
    let mut rows = Vec::new();
    let mut receipt_handles = Vec::new();
    let received = receive_all(queue, |message| {
        receipt_handles.push(message.receipt_handle.clone());
        rows.push(Row::from(message));
    });
    let received = received.await;
    let given_back = queue.give_back(&receipt_handles).await;
    let complete = received?;
    given_back?;
    // A standard queue may deliver a message twice.
    let mut seen = HashSet::new();
    rows.retain(|row| seen.insert(row.message_id.clone()));
    rows.sort_by_key(|row| row.since);
    Ok((rows, complete))
}

/// Calls `each` with every message that is visible. Returns whether they are all.
async fn receive_all(queue: &Queue, mut each: impl FnMut(Message)) -> Result<bool, Failure> {
    let started = Instant::now();
    let mut interrupted = pin!(shutdown_signal());
    let mut empty_answers = 0;
    let mut count = 0;
    while empty_answers < EMPTY_ANSWERS {
        if started.elapsed() >= MAX_TIME || count >= MAX_MESSAGES {
            return Ok(false);
        }
        let messages = tokio::select! {
            signal = &mut interrupted => {
                signal?;
                return Err("interrupted".into());
            }
            messages = queue.receive() => messages?,
        };
        empty_answers = match messages.is_empty() {
            true => empty_answers + 1,
            false => 0,
        };
        count += messages.len();
        messages.into_iter().for_each(&mut each);
    }
    Ok(true)
}

impl From<Message> for Row {
    fn from(message: Message) -> Self {
        let (since, content) = match ParkedCallback::from_json(&message.text) {
            Ok(parked) => (parked.received_at.unix_seconds(), parked.into()),
            Err(error) => {
                let error = error.to_string();
                (message.sent_at, Content::Other { error })
            }
        };
        Self {
            message_id: message.id,
            tries: message.receive_count,
            since,
            content,
        }
    }
}

impl From<ParkedCallback> for Content {
    fn from(mut parked: ParkedCallback) -> Self {
        let body = serde_json::from_slice::<Value>(&parked.body).ok();
        let task_id = body.as_ref().and_then(|body| body["taskID"].as_str());
        Self::Callback {
            received_at: parked.received_at.to_string(),
            ret_code: parked.ret_code,
            reason: parked.reason,
            task_id: task_id.map(str::to_owned),
            request_id: parked.headers.remove("requestID"),
            response_id: parked.response_id,
        }
    }
}
