//! The messages in an SQS event.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::contract::json::{fields, position};

/// One message. Do not log it: its body holds a signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
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
    /// How often SQS has delivered the message, including this delivery.
    pub(crate) fn tries(&self) -> Option<u32> {
        let count = self.attributes.get("ApproximateReceiveCount")?;
        count.parse().ok()
    }
}

/// Reads the messages of an event. `None` if the event has no records, like API Gateway's events.
///
/// Records that are not SQS messages are an error, because after any answer Lambda would delete
/// the messages. The error never quotes them.
pub(crate) fn batch_of(event: &str) -> Option<Result<Vec<Message>, String>> {
    // A cheap search excludes API Gateway's events before any parsing.
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
