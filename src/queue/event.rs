//! The messages in the event of an SQS queue.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The messages that one invocation gets.
pub(crate) type Batch = Vec<Message>;

/// One message. Not to be logged: its body holds a signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// SQS's id of it.
    pub(crate) message_id: String,
    /// Its text.
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
    /// How often it was tried, this time included.
    pub(crate) fn tries(&self) -> Option<u32> {
        self.attributes.approximate_receive_count.parse().ok()
    }
}

/// Reads the messages out of an event; `None` where the event is not a queue's.
///
/// # Errors
///
/// The event is a queue's, but its messages have another form. The text quotes nothing of them.
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

    // A quick look, which most events do not pass.
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
