//! Reads a task's snapshots.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use task_callback::contract::snapshot::{ReportTime, Snapshot};
use task_callback::store::{PARTITION_KEY, SORT_KEY, snapshot_of};

use super::{Table, TableError, USER_TASK_INDEX, order};

/// A range of a task's snapshots, read with a condition on the sort key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first second in the range, Unix seconds.
    pub(crate) since: Option<u64>,
    /// The first second after the range, Unix seconds.
    pub(crate) until: Option<u64>,
    /// The number of snapshots to read, the newest ones; `None` for all.
    pub(crate) last: Option<usize>,
}

impl Range {
    /// Every snapshot.
    pub(crate) const ALL: Self = Self {
        since: None,
        until: None,
        last: None,
    };

    /// The newest of all.
    pub(crate) const LATEST: Self = Self {
        last: Some(1),
        ..Self::ALL
    };

    /// Whether the range is empty. DynamoDB refuses such a query.
    fn is_empty(self) -> bool {
        let before = |until| self.since.is_some_and(|since| since >= until);
        self.until.is_some_and(before)
    }
}

impl Table {
    /// The snapshots of the vendor's task `task_id`, oldest first.
    pub(crate) async fn task_history(
        &self,
        task_id: &str,
        range: Range,
    ) -> Result<Vec<Snapshot>, TableError> {
        self.query(None, PARTITION_KEY, task_id, range).await
    }

    /// The snapshots of the customer's task `user_task_id`, oldest first. Read from the index, which lags about
    /// a second behind the table.
    pub(crate) async fn user_task_history(
        &self,
        user_task_id: &str,
        range: Range,
    ) -> Result<Vec<Snapshot>, TableError> {
        let index = Some(USER_TASK_INDEX);
        self.query(index, "userTaskID", user_task_id, range).await
    }

    async fn query(
        &self,
        index: Option<&str>,
        key: &str,
        value: &str,
        range: Range,
    ) -> Result<Vec<Snapshot>, TableError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index.map(str::to_owned))
            .expression_attribute_names("#key", key)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .consistent_read(index.is_none())
            .scan_index_forward(range.last.is_none())
            .set_limit(range.last.and_then(|last| i32::try_from(last + 1).ok()));
        let mut items = within(query, range).into_paginator().items().send();
        let mut snapshots: Vec<Snapshot> = Vec::new();
        while let Some(item) = items.next().await {
            let snapshot = snapshot_of(&item.map_err(|error| self.query_error(error))?)?;
            let before = snapshots.last().map(|before| before.create_ts.seconds);
            // All reports of a second are read: the end of the task may be among them.
            let enough = range.last.is_some_and(|last| snapshots.len() >= last);
            if enough && before != Some(snapshot.create_ts.seconds) {
                break;
            }
            snapshots.push(snapshot);
        }
        if let Some(last) = range.last {
            snapshots.sort_by_key(|snapshot| order(snapshot.create_ts, snapshot.callback.status));
            snapshots.drain(..snapshots.len().saturating_sub(last));
            snapshots.sort_by_key(|snapshot| snapshot.create_ts);
        }
        Ok(snapshots)
    }
}

/// Adds the key condition. DynamoDB allows one condition on the sort key, and BETWEEN includes both ends.
fn within(query: QueryFluentBuilder, range: Range) -> QueryFluentBuilder {
    let n = |time: ReportTime| AttributeValue::N(time.to_string());
    let (condition, since, until) = match (range.since, range.until) {
        (None, None) => return query.key_condition_expression("#key = :value"),
        (Some(since), None) => (">= :since", Some(since), None),
        (None, Some(until)) => ("< :until", None, Some(ReportTime::new(until))),
        (Some(since), Some(until)) => (
            "BETWEEN :since AND :until",
            Some(since),
            Some(ReportTime::last_before(until)),
        ),
    };
    let mut query = query
        .key_condition_expression(format!("#key = :value AND #time {condition}"))
        .expression_attribute_names("#time", SORT_KEY);
    if let Some(since) = since {
        query = query.expression_attribute_values(":since", n(ReportTime::new(since)));
    }
    if let Some(until) = until {
        query = query.expression_attribute_values(":until", n(until));
    }
    query
}
