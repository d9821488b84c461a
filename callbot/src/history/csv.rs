//! A history as CSV: a row per snapshot, a column per attribute, exact numbers.

use csv::Writer;
use task_callback::contract::callback::TASK_CALLBACK;
use task_callback::contract::snapshot::Snapshot;

use super::json;
use crate::Failure;

/// The table's attribute names; `extra` is JSON.
const COLUMNS: [&str; 22] = [
    "taskID",
    "createTs",
    "requestID",
    "uuid",
    "userTaskID",
    "sceneID",
    "callbackType",
    "taskStatus",
    "status",
    "taskCreateTs",
    "taskStat.answerOrderCount",
    "taskStat.finishOrderCount",
    "taskStat.totalOrderCount",
    "taskStat.finishRate",
    "taskStat.totalAnswerCall",
    "taskStat.totalCall",
    "taskStat.answerRate",
    "receivedAt",
    "responseID",
    "bodySha256",
    "expiresAt",
    "extra",
];

/// Writes the snapshots, with a header row if `names` is set. A missing attribute is an empty cell.
pub(super) fn render(history: &[Snapshot], names: bool) -> Result<String, Failure> {
    let mut csv = Writer::from_writer(Vec::new());
    if names {
        csv.write_record(COLUMNS)?;
    }
    for snapshot in history {
        csv.write_record(row(snapshot)?)?;
    }
    let text = String::from_utf8(csv.into_inner()?)?;
    Ok(text.trim_end_matches('\n').to_owned())
}

fn row(snapshot: &Snapshot) -> Result<[String; COLUMNS.len()], Failure> {
    let callback = &snapshot.callback;
    let stat = &callback.stat;
    let extra = match callback.extra.is_empty() {
        true => String::new(),
        false => json::extra(&callback.extra)?,
    };
    let expires_at = snapshot.expires_at.map(|time| time.to_string());
    Ok([
        callback.task_id.clone(),
        snapshot.create_ts.to_string(),
        snapshot.request_id.clone(),
        snapshot.uuid.clone(),
        callback.user_task_id.clone(),
        callback.scene_id.clone(),
        TASK_CALLBACK.to_string(),
        callback.status.number().to_string(),
        callback.status.name().to_owned(),
        callback.create_ts.to_string(),
        stat.answer_order_count.to_string(),
        stat.finish_order_count.to_string(),
        stat.total_order_count.to_string(),
        stat.finish_rate.to_string(),
        stat.total_answer_call.to_string(),
        stat.total_call.to_string(),
        stat.answer_rate.to_string(),
        snapshot.received_at.to_string(),
        snapshot.response_id.clone(),
        hex::encode(snapshot.body_sha256),
        expires_at.unwrap_or_default(),
        extra,
    ])
}
