//! What all tasks are doing, by the index that has every report's status and time.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{number, string};
use super::{HistoryError, PARTITION_KEY, SORT_KEY, STATUS_INDEX, Store};
use crate::aws::AwsError;
use crate::callback::TaskStatus;
use crate::snapshot::ReportTime;

/// The newest report of a task, as far as the index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastReport {
    /// The vendor's id of the task.
    pub task_id: String,
    /// What it was doing then.
    pub status: TaskStatus,
    /// When that was reported.
    pub create_ts: ReportTime,
}

impl Store {
    /// The newest report of every task that has reported since then (Unix seconds), in no order.
    ///
    /// One query a status, paged: every report since then is read, its keys only. The index follows the table
    /// within a second or so.
    ///
    /// # Errors
    ///
    /// [`HistoryError`]
    pub async fn last_reports(&self, since: u64) -> Result<Vec<LastReport>, HistoryError> {
        let mut newest: HashMap<String, (ReportTime, TaskStatus)> = HashMap::new();
        for status in TaskStatus::ALL {
            let mut pages = self
                .client()
                .query()
                .table_name(&self.table_name)
                .index_name(STATUS_INDEX)
                .key_condition_expression("#status = :status AND #createTs >= :since")
                .expression_attribute_names("#status", "status")
                .expression_attribute_names("#createTs", SORT_KEY)
                .expression_attribute_values(":status", AttributeValue::S(status.name().into()))
                .expression_attribute_values(":since", AttributeValue::N(since.to_string()))
                .into_paginator()
                .items()
                .send();
            while let Some(item) = pages.next().await {
                let asked = || self.aws.asked_of_dynamodb(&self.table_name);
                let item =
                    item.map_err(|error| HistoryError::Query(AwsError::new(asked(), error)))?;
                let create_ts = number(&item, SORT_KEY)?;
                let newest = newest
                    .entry(string(&item, PARTITION_KEY)?.to_owned())
                    .or_insert((create_ts, status));
                if newest.0 < create_ts {
                    *newest = (create_ts, status);
                }
            }
        }
        let reports = newest.into_iter();
        Ok(reports
            .map(|(task_id, (create_ts, status))| LastReport {
                task_id,
                status,
                create_ts,
            })
            .collect())
    }
}
