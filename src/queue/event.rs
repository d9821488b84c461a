//! The messages in an SQS event.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::contract::json::{fields, position};

/// One message. Do not log it: its body holds a signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    /// The id that SQS gave the message.
    pub(crate) message_id: String,
    /// The message's text.
    pub(crate) body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(rename = "eventSource")]
    _event_source: EventSource,
}

#[derive(Deserialize)]
enum EventSource {
    #[serde(rename = "aws:sqs")]
    Sqs,
}

impl Message {
    /// The number of attempts, including this one.
    pub(crate) fn tries(&self) -> Option<u32> {
        let count = self.attributes.get("ApproximateReceiveCount")?;
        count.parse().ok()
    }
}

/// Reads the messages from an event. `None` if the event has no records: API Gateway's events have none.
///
/// Records that are not messages of SQS are an error, because Lambda would take any answer for a success and delete the
/// messages. The text never quotes them.
pub(crate) fn batch_of(event: &str) -> Option<Result<Vec<Message>, String>> {
    // A cheap search rules out API Gateway's events before any parsing.
    if !event.contains("\"Records\"") {
        return None;
    }
    let records = fields(event).ok()?.remove("Records")?;
    let batch = serde_json::from_str(records.get());
    Some(batch.map_err(|error| {
        let position = position(&error);
        format!("the event's Records are no messages of SQS ({position})")
    }))
}
