//! A snapshot as a DynamoDB item. Attributes have the names of the wire format.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::contract::callback::{Callback, TASK_CALLBACK, TaskStat, TaskStatus};
use crate::contract::decimal::Decimal;
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

/// An item that is not a snapshot. The named attribute is missing, or is not in the form that [`item_of`] writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the item's attribute {0} is missing or is not in the form that the function writes")]
pub struct ItemError(pub &'static str);

/// DynamoDB's answer to a conditional write.
#[derive(Debug)]
pub(super) enum WriteOutcome {
    /// The item is written.
    New,
    /// Another item has the key.
    KeyTaken(Occupant),
}

/// The attributes of the item that already has a key, for comparison with the new item.
#[derive(Debug)]
pub(super) struct Occupant {
    pub(super) body_sha256: Option<[u8; 32]>,
    pub(super) response_id: String,
}

impl Occupant {
    /// Reads the text of the attributes `bodySha256` and `responseID`.
    pub(super) fn new(body_sha256: &str, response_id: String) -> Self {
        let mut digest = [0; 32];
        let decoded = hex::decode_to_slice(body_sha256, &mut digest);
        Self {
            body_sha256: decoded.is_ok().then_some(digest),
            response_id,
        }
    }

    /// Reads a whole item. Another program may have written it, so attributes may be missing.
    pub(super) fn of(item: &Item) -> Self {
        let text = |attribute| string(item, attribute).unwrap_or_default();
        Self::new(text("bodySha256"), text("responseID").to_owned())
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

/// Converts an item to the snapshot that it stores.
///
/// # Errors
///
/// Returns the name of an attribute that is missing or malformed.
pub fn snapshot_of(item: &Item) -> Result<Snapshot, ItemError> {
    let stat = item
        .get("taskStat")
        .and_then(|stat| stat.as_m().ok())
        .ok_or(ItemError("taskStat"))?;
    let status = number::<u64>(item, "taskStatus")?;
    Ok(Snapshot {
        create_ts: number(item, SORT_KEY)?,
        request_id: string(item, "requestID")?.to_owned(),
        uuid: string(item, "uuid")?.to_owned(),
        callback: Callback {
            task_id: string(item, PARTITION_KEY)?.to_owned(),
            user_task_id: match item.get("userTaskID") {
                None => String::new(),
                Some(_) => string(item, "userTaskID")?.to_owned(),
            },
            scene_id: string(item, "sceneID")?.to_owned(),
            status: TaskStatus::from_number(status).ok_or(ItemError("taskStatus"))?,
            create_ts: number(item, "taskCreateTs")?,
            stat: TaskStat {
                answer_order_count: number(stat, "answerOrderCount")?,
                finish_order_count: number(stat, "finishOrderCount")?,
                total_order_count: number(stat, "totalOrderCount")?,
                finish_rate: decimal(stat, "finishRate")?,
                total_answer_call: number(stat, "totalAnswerCall")?,
                total_call: number(stat, "totalCall")?,
                answer_rate: decimal(stat, "answerRate")?,
            },
            extra: match item.get("extra") {
                None => Extra::new(),
                Some(AttributeValue::M(map)) => extra_of(map).ok_or(ItemError("extra"))?,
                Some(_) => return Err(ItemError("extra")),
            },
        },
        received_at: parsed(string(item, "receivedAt")?, "receivedAt")?,
        response_id: string(item, "responseID")?.to_owned(),
        body_sha256: Occupant::of(item)
            .body_sha256
            .ok_or(ItemError("bodySha256"))?,
        expires_at: match item.get(TTL_ATTRIBUTE) {
            None => None,
            Some(_) => Some(number(item, TTL_ATTRIBUTE)?),
        },
    })
}

fn s(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn string<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, ItemError> {
    match item.get(attribute) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(ItemError(attribute)),
    }
}

fn number<T: FromStr>(item: &Item, attribute: &'static str) -> Result<T, ItemError> {
    match item.get(attribute) {
        Some(AttributeValue::N(number)) => parsed(number, attribute),
        _ => Err(ItemError(attribute)),
    }
}

fn decimal(item: &Item, attribute: &'static str) -> Result<Decimal, ItemError> {
    match item.get(attribute) {
        Some(AttributeValue::N(number)) => Decimal::parse(number).ok_or(ItemError(attribute)),
        _ => Err(ItemError(attribute)),
    }
}

fn parsed<T: FromStr>(text: &str, attribute: &'static str) -> Result<T, ItemError> {
    text.parse().map_err(|_| ItemError(attribute))
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

fn extra_of(map: &Item) -> Option<Extra> {
    map.iter()
        .map(|(name, attribute)| Some((name.clone(), value_of(attribute)?)))
        .collect()
}

fn value_of(attribute: &AttributeValue) -> Option<Value> {
    Some(match attribute {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(bool) => Value::Bool(*bool),
        AttributeValue::N(number) => Value::Number(Decimal::parse(number)?),
        AttributeValue::S(text) => Value::Text(text.clone()),
        AttributeValue::L(items) => Value::List(items.iter().map(value_of).collect::<Option<_>>()?),
        AttributeValue::M(map) => Value::Map(extra_of(map)?),
        _ => return None,
    })
}
