//! The messages in an SQS event.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The messages of one invocation.
pub(crate) type Batch = Vec<Message>;

/// One message. Do not log it: its body holds a signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// The id that SQS gave the message.
    pub(crate) message_id: String,
    /// The message's text.
    pub(crate) body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attributes {
    approximate_receive_count: String,
}

impl Message {
    /// The number of attempts, including this one.
    pub(crate) fn tries(&self) -> Option<u32> {
        self.attributes.approximate_receive_count.parse().ok()
    }
}

/// Reads the messages from an event. `None` if the event is not from SQS.
///
/// # Errors
///
/// Returns an error if the event is from SQS but its messages are malformed. The text never quotes the messages.
pub(crate) fn batch_of(event: &str) -> Option<Result<Batch, String>> {
    #[derive(Deserialize)]
    struct Event<'a> {
        #[serde(rename = "Records", borrow)]
        records: &'a RawValue,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Record {
        event_source: Option<String>,
    }

    // A cheap search rules out most events before any parsing.
    if !event.contains("\"aws:sqs\"") {
        return None;
    }
    let event: Event<'_> = serde_json::from_str(event).ok()?;
    let records: Vec<Record> = serde_json::from_str(event.records.get()).ok()?;
    let of_a_queue = |record: &Record| record.event_source.as_deref() == Some("aws:sqs");
    if !records.iter().any(of_a_queue) {
        return None;
    }
    let batch = serde_json::from_str(event.records.get());
    Some(batch.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("the event's Records are no messages of SQS (line {line}, column {column})")
    }))
}
