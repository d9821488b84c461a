//! Reads a task's snapshots.

use aws_sdk_dynamodb::types::AttributeValue;
use task_callback::store::{PARTITION_KEY, SORT_KEY};

use super::{Report, Table, TableError, USER_TASK_INDEX, order};

/// A range of a task's snapshots. The default is all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first second in the range, Unix seconds.
    pub(crate) since: Option<u64>,
    /// The number of snapshots to read, the newest ones; `None` for all.
    pub(crate) last: Option<u32>,
}

impl Table {
    /// The snapshots of the task with this id in their [`order`]. With `user_task`, the id is the
    /// customer's, and is read from an index, which lags about a second behind the table.
    pub(crate) async fn history(
        &self,
        id: &str,
        user_task: bool,
        range: Range,
    ) -> Result<Vec<Report>, TableError> {
        let (index, key) = match user_task {
            true => (Some(USER_TASK_INDEX), "userTaskID"),
            false => (None, PARTITION_KEY),
        };
        let since = range.since.unwrap_or_default().to_string();
        let last = range.last.map(|last| last as usize);
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression("#key = :value AND #time >= :since")
            .expression_attribute_names("#key", key)
            .expression_attribute_names("#time", SORT_KEY)
            .expression_attribute_values(":value", AttributeValue::S(id.to_owned()))
            .expression_attribute_values(":since", AttributeValue::N(since))
            .consistent_read(index.is_none())
            .scan_index_forward(last.is_none())
            .set_limit(last.and_then(|last| i32::try_from(last + 1).ok()))
            .into_paginator()
            .items()
            .send();
        let mut reports: Vec<Report> = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| self.target.failed(error))?;
            let report = Report::new(item)?;
            // The oldest second is read to its end, since the order is not that of the keys.
            let enough = last.is_some_and(|last| reports.len() >= last);
            let before = reports.last().map(|before| before.create_ts.seconds);
            if enough && before != Some(report.create_ts.seconds) {
                break;
            }
            reports.push(report);
        }
        reports.sort_by_key(|report| order(report.create_ts, report.status));
        if let Some(last) = last {
            reports.drain(..reports.len().saturating_sub(last));
        }
        Ok(reports)
    }
}
