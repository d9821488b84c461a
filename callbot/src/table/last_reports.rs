//! The newest report of each task, from the index by status.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use task_callback::contract::callback::TaskStatus;
use task_callback::store::{Item, PARTITION_KEY, SORT_KEY};

use super::item::{ItemError, number, text};
use super::{ReportTime, STATUS_INDEX, Table, TableError, order};

/// The newest report of a task in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastReport {
    /// The vendor's id of the task.
    pub(crate) task_id: String,
    /// The status reported.
    pub(crate) status: TaskStatus,
    /// The time of the report.
    pub(crate) create_ts: ReportTime,
}

impl Table {
    /// The newest report of every task with a report since `since` (Unix seconds), the newest first.
    ///
    /// Queries the index by status, which has keys only and lags about a second behind the table.
    pub(crate) async fn last_reports(&self, since: u64) -> Result<Vec<LastReport>, TableError> {
        let mut newest: HashMap<String, LastReport> = HashMap::new();
        for status in TaskStatus::ALL {
            let query = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(STATUS_INDEX)
                .key_condition_expression("#status = :status AND #createTs >= :since")
                .expression_attribute_names("#status", "status")
                .expression_attribute_names("#createTs", SORT_KEY)
                .expression_attribute_values(":status", AttributeValue::S(status.name().into()))
                .expression_attribute_values(":since", AttributeValue::N(since.to_string()));
            let mut items = query.into_paginator().items().send();
            while let Some(item) = items.next().await {
                let item = item.map_err(|error| self.query_error(error))?;
                let report = LastReport::new(&item, status)?;
                let known = newest.get(&report.task_id);
                if known.is_none_or(|known| known.order() < report.order()) {
                    newest.insert(report.task_id.clone(), report);
                }
            }
        }
        let mut reports: Vec<_> = newest.into_values().collect();
        // The task id makes the order deterministic.
        reports.sort_by(|a, b| (b.create_ts, &a.task_id).cmp(&(a.create_ts, &b.task_id)));
        Ok(reports)
    }
}

impl LastReport {
    fn new(item: &Item, status: TaskStatus) -> Result<Self, ItemError> {
        Ok(Self {
            task_id: text(item, PARTITION_KEY)?.to_owned(),
            status,
            create_ts: number(item, SORT_KEY)?,
        })
    }

    fn order(&self) -> (u64, bool, ReportTime) {
        order(self.create_ts, self.status)
    }
}
