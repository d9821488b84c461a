//! A snapshot as a DynamoDB item. Attributes have the names of the wire format.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::contract::callback::TASK_CALLBACK;
use crate::contract::extra::{Extra, Value};
use crate::contract::snapshot::Snapshot;

/// The table's partition key.
pub const PARTITION_KEY: &str = "taskID";
/// The table's sort key.
pub const SORT_KEY: &str = "createTs";
/// The attribute with the item's expiry time, for DynamoDB's TTL.
pub const TTL_ATTRIBUTE: &str = "expiresAt";

/// The condition of every write: no item has the key. One key attribute is enough, because DynamoDB
/// evaluates the condition on the item with the same full key.
pub(super) const CONDITION: &str = "attribute_not_exists(taskID)";

/// A DynamoDB item.
pub type Item = HashMap<String, AttributeValue>;

/// DynamoDB's answer to a conditional write.
#[derive(Debug)]
pub(super) enum WriteOutcome {
    /// The item is written.
    New,
    /// An item has the key.
    KeyExists(ExistingItem),
}

/// Attributes of the item that has the key. Empty if another program wrote an item without them.
#[derive(Debug)]
pub(super) struct ExistingItem {
    pub(super) body_sha256: String,
    pub(super) response_id: String,
}

impl ExistingItem {
    /// Reads the attributes through `text`, which returns an attribute's text.
    pub(super) fn of<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |attribute| text(attribute).unwrap_or_default().to_owned();
        Self {
            body_sha256: text("bodySha256"),
            response_id: text("responseID"),
        }
    }
}

/// Converts a snapshot to the item that stores it.
pub fn item_of(snapshot: &Snapshot) -> Item {
    let callback = &snapshot.callback;
    let stat = &callback.stat;
    let task_stat = map([
        ("answerOrderCount", n(stat.answer_order_count)),
        ("finishOrderCount", n(stat.finish_order_count)),
        ("totalOrderCount", n(stat.total_order_count)),
        ("finishRate", n(&stat.finish_rate)),
        ("totalAnswerCall", n(stat.total_answer_call)),
        ("totalCall", n(stat.total_call)),
        ("answerRate", n(&stat.answer_rate)),
    ]);
    let mut item = map([
        (PARTITION_KEY, s(&callback.task_id)),
        (SORT_KEY, n(snapshot.create_ts)),
        ("requestID", s(&snapshot.request_id)),
        ("uuid", s(&snapshot.uuid)),
        ("sceneID", s(&callback.scene_id)),
        ("callbackType", n(TASK_CALLBACK)),
        ("taskStatus", n(callback.status.number())),
        ("status", s(callback.status.name())),
        ("taskCreateTs", n(callback.create_ts)),
        ("taskStat", AttributeValue::M(task_stat)),
        ("receivedAt", s(snapshot.received_at)),
        ("responseID", s(&snapshot.response_id)),
        ("bodySha256", s(hex::encode(snapshot.body_sha256))),
    ]);
    // DynamoDB does not accept an empty string as an index key.
    if !callback.user_task_id.is_empty() {
        item.insert("userTaskID".to_owned(), s(&callback.user_task_id));
    }
    if let Some(expires_at) = snapshot.expires_at {
        item.insert(TTL_ATTRIBUTE.to_owned(), n(expires_at));
    }
    if !callback.extra.is_empty() {
        item.insert("extra".to_owned(), extra_attribute(&callback.extra));
    }
    item
}

fn s(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn map<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    Item::from(attributes.map(|(name, value)| (name.to_owned(), value)))
}

fn extra_attribute(extra: &Extra) -> AttributeValue {
    let attribute = |(name, value): (&String, _)| (name.clone(), attribute_of(value));
    AttributeValue::M(extra.iter().map(attribute).collect())
}

fn attribute_of(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(bool) => AttributeValue::Bool(*bool),
        Value::Number(number) => n(number),
        Value::Text(text) => s(text),
        Value::List(items) => AttributeValue::L(items.iter().map(attribute_of).collect()),
        Value::Map(map) => extra_attribute(map),
    }
}
