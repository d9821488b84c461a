//! A history as JSON, with the table's attribute names and exact numbers.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use task_callback::contract::callback::TASK_CALLBACK;
use task_callback::contract::decimal::Decimal;
use task_callback::contract::extra::{Extra, Value};
use task_callback::contract::snapshot::{ReportTime, Snapshot};

use crate::Failure;

/// Writes the snapshots as one JSON array.
pub(crate) fn render(history: &[Snapshot]) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(&rows(history))?)
}

/// The snapshots, ready to be written.
pub(crate) fn rows(history: &[Snapshot]) -> Vec<Row<'_>> {
    history.iter().map(Row::from).collect()
}

/// Writes a snapshot as one line.
pub(super) fn line(snapshot: &Snapshot) -> Result<String, Failure> {
    Ok(serde_json::to_string(&Row::from(snapshot))?)
}

/// Writes the fields outside the contract as one line.
pub(super) fn extra(extra: &Extra) -> Result<String, Failure> {
    Ok(serde_json::to_string(&exact_map(extra))?)
}

/// A snapshot.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row<'a> {
    #[serde(rename = "taskID")]
    task_id: &'a str,
    #[serde(serialize_with = "exact_time")]
    create_ts: ReportTime,
    #[serde(rename = "requestID")]
    request_id: &'a str,
    uuid: &'a str,
    #[serde(rename = "userTaskID", skip_serializing_if = "str::is_empty")]
    user_task_id: &'a str,
    #[serde(rename = "sceneID")]
    scene_id: &'a str,
    callback_type: u64,
    task_status: u64,
    status: &'static str,
    task_create_ts: u64,
    task_stat: Stat<'a>,
    received_at: String,
    #[serde(rename = "responseID")]
    response_id: &'a str,
    body_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<&'a str, Exact<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stat<'a> {
    answer_order_count: u64,
    finish_order_count: u64,
    total_order_count: u64,
    #[serde(serialize_with = "exact_number")]
    finish_rate: &'a Decimal,
    total_answer_call: u64,
    total_call: u64,
    #[serde(serialize_with = "exact_number")]
    answer_rate: &'a Decimal,
}

impl<'a> From<&'a Snapshot> for Row<'a> {
    fn from(snapshot: &'a Snapshot) -> Self {
        let callback = &snapshot.callback;
        let stat = &callback.stat;
        Self {
            task_id: &callback.task_id,
            create_ts: snapshot.create_ts,
            request_id: &snapshot.request_id,
            uuid: &snapshot.uuid,
            user_task_id: &callback.user_task_id,
            scene_id: &callback.scene_id,
            callback_type: TASK_CALLBACK,
            task_status: callback.status.number(),
            status: callback.status.name(),
            task_create_ts: callback.create_ts,
            task_stat: Stat {
                answer_order_count: stat.answer_order_count,
                finish_order_count: stat.finish_order_count,
                total_order_count: stat.total_order_count,
                finish_rate: &stat.finish_rate,
                total_answer_call: stat.total_answer_call,
                total_call: stat.total_call,
                answer_rate: &stat.answer_rate,
            },
            received_at: snapshot.received_at.to_string(),
            response_id: &snapshot.response_id,
            body_sha256: hex::encode(snapshot.body_sha256),
            expires_at: snapshot.expires_at,
            extra: exact_map(&callback.extra),
        }
    }
}

/// A value outside the contract.
struct Exact<'a>(&'a Value);

impl Serialize for Exact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(*bool),
            Value::Number(number) => exact(number, serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter().map(Exact)),
            Value::Map(map) => serializer.collect_map(exact_map(map)),
        }
    }
}

fn exact_map(map: &BTreeMap<String, Value>) -> BTreeMap<&str, Exact<'_>> {
    map.iter()
        .map(|(name, value)| (name.as_str(), Exact(value)))
        .collect()
}

fn exact_number<S: Serializer>(number: &&Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    exact(number, serializer)
}

fn exact_time<S: Serializer>(time: &ReportTime, serializer: S) -> Result<S::Ok, S::Error> {
    exact(time, serializer)
}

/// Writes a number digit by digit, since serde's numbers have 64 bits.
fn exact<S: Serializer>(number: impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(number.to_string())
        .map_err(serde::ser::Error::custom)?
        .serialize(serializer)
}
