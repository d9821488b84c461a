//! Compares the table with what was sent.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::plan::{Kind, Report};

/// The names of `taskStatus` 1 to 5.
const STATUSES: [&str; 5] = ["PENDING", "IN_PROGRESS", "COMPLETED", "FAILED", "PAUSED"];
/// What is wrong in one place of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// A report that was not acknowledged is missing.
    Lost,
    /// A report is stored more than once.
    Duplicated,
    /// A snapshot differs from its report, or is not in the next slot of its second.
    Changed,
    /// The platform never sent this.
    Unexpected,
    /// An acknowledged report is missing, and nobody sends it again.
    AcknowledgedAndLost,
}

/// A defect, and the report or item that has it.
pub(crate) type Finding = (Defect, String);

/// Compares the stored items with the reports, each with whether it was acknowledged.
pub(crate) fn audit(expected: &[(&Report, bool)], stored: &[Value]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut items: HashMap<_, Vec<&Value>> = HashMap::new();
    let mut slots: HashMap<_, Vec<u64>> = HashMap::new();
    for item in stored {
        let (second, slot) = second_and_slot(item);
        items.entry(key(item, &second)).or_default().push(item);
        let taken = slots.entry((&item["taskID"], second));
        taken.or_default().push(slot);
    }
    for (report, acknowledged) in expected {
        let item = item_of(report);
        let key = key(&item, &report.create_ts.to_string());
        let found = items.remove(&key).unwrap_or_default();
        let ids = [Kind::Report, Kind::Resend].map(|kind| report.request_id(kind));
        let mut find = |defect| findings.push((defect, ids[0].clone()));
        match found.len() {
            0 if *acknowledged => find(Defect::AcknowledgedAndLost),
            0 => find(Defect::Lost),
            copies => (1..copies).for_each(|_| find(Defect::Duplicated)),
        }
        for stored in found {
            let mut content = stored.clone();
            clear(&mut content);
            if content != item || !ids.iter().any(|id| stored["requestID"] == **id) {
                find(Defect::Changed);
            }
        }
    }
    let unexpected = items.into_values().flatten();
    findings.extend(unexpected.map(|item| (Defect::Unexpected, item.to_string())));
    for (second, mut slots) in slots {
        slots.sort_unstable();
        if !slots.iter().copied().eq(0..slots.len() as u64) {
            let place = format!("{second:?} has the slots {slots:?}");
            findings.push((Defect::Changed, place));
        }
    }
    findings
}

/// What identifies a report.
fn key(item: &Value, second: &str) -> String {
    format!("{} {second} {}", item["taskID"], item["bodySha256"])
}

/// The parts of an item's sort key: `1726200060.01` is slot 10.
fn second_and_slot(item: &Value) -> (String, u64) {
    let text = item["createTs"].to_string();
    let (second, slot) = text.split_once('.').unwrap_or((&text, "0"));
    let slot = format!("{slot:0<3}").parse();
    (second.to_owned(), slot.unwrap_or(u64::MAX))
}

/// The item of a report, made without the function's code.
fn item_of(report: &Report) -> Value {
    let mut item = report.body.clone();
    let status = item["taskStatus"].as_u64().unwrap_or_default() as usize;
    item["bodySha256"] = json!(hex::encode(Sha256::digest(report.body.to_string())));
    item["uuid"] = json!(report.uuid);
    item["status"] = json!(STATUSES[status - 1]);
    item["taskCreateTs"] = item["createTs"].take();
    item["extra"] = json!({"remark": item["remark"].take()});
    clear(&mut item);
    item
}

/// Clears what depends on the receipt of a report, and a body's field that is not an attribute.
fn clear(item: &mut Value) {
    for name in [
        "createTs",
        "requestID",
        "receivedAt",
        "responseID",
        "remark",
    ] {
        item[name] = Value::Null;
    }
}
