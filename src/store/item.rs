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

/// The condition of every write: no item has this key. DynamoDB evaluates it on the item with the same full key, so
/// testing one key attribute is enough.
pub(super) const CONDITION: &str = "attribute_not_exists(taskID)";

/// A DynamoDB item.
pub type Item = HashMap<String, AttributeValue>;

/// DynamoDB's answer to a conditional write.
#[derive(Debug)]
pub(super) enum WriteOutcome {
    /// The item is written.
    New,
    /// Another item has the key.
    KeyTaken(Occupant),
}

/// Attributes of the item that already has a key. Empty if they are missing: another program may have written it.
#[derive(Debug)]
pub(super) struct Occupant {
    pub(super) body_sha256: String,
    pub(super) response_id: String,
}

impl Occupant {
    /// Reads the attributes through `text`, which returns the text of an attribute.
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
    let mut item = Item::from_iter([
        (PARTITION_KEY.to_owned(), s(&callback.task_id)),
        (SORT_KEY.to_owned(), n(snapshot.create_ts)),
        ("requestID".to_owned(), s(&snapshot.request_id)),
        ("uuid".to_owned(), s(&snapshot.uuid)),
        ("sceneID".to_owned(), s(&callback.scene_id)),
        ("callbackType".to_owned(), n(TASK_CALLBACK)),
        ("taskStatus".to_owned(), n(callback.status.number())),
        ("status".to_owned(), s(callback.status.name())),
        ("taskCreateTs".to_owned(), n(callback.create_ts)),
        (
            "taskStat".to_owned(),
            AttributeValue::M(Item::from_iter([
                ("answerOrderCount".to_owned(), n(stat.answer_order_count)),
                ("finishOrderCount".to_owned(), n(stat.finish_order_count)),
                ("totalOrderCount".to_owned(), n(stat.total_order_count)),
                ("finishRate".to_owned(), n(&stat.finish_rate)),
                ("totalAnswerCall".to_owned(), n(stat.total_answer_call)),
                ("totalCall".to_owned(), n(stat.total_call)),
                ("answerRate".to_owned(), n(&stat.answer_rate)),
            ])),
        ),
        ("receivedAt".to_owned(), s(snapshot.received_at)),
        ("responseID".to_owned(), s(&snapshot.response_id)),
        (
            "bodySha256".to_owned(),
            s(hex::encode(snapshot.body_sha256)),
        ),
    ]);
    // DynamoDB rejects an empty string as an index key.
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

fn extra_attribute(extra: &Extra) -> AttributeValue {
    AttributeValue::M(
        extra
            .iter()
            .map(|(name, value)| (name.clone(), attribute_of(value)))
            .collect(),
    )
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
