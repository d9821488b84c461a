//! Reading a task's snapshots back.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{ItemError, PARTITION_KEY, Store, USER_TASK_INDEX, snapshot_of};
use crate::aws::AwsError;
use crate::snapshot::Snapshot;

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// DynamoDB did not answer the query, or refused it.
    #[error("DynamoDB did not give the history: {0}")]
    Query(#[source] AwsError),
    /// The table holds something else than snapshots.
    #[error(transparent)]
    Item(#[from] ItemError),
}

impl Store {
    /// Every snapshot of the vendor's task `task_id`, oldest first; only the newest where `latest`.
    ///
    /// # Errors
    ///
    /// [`HistoryError`]
    pub async fn task_history(
        &self,
        task_id: &str,
        latest: bool,
    ) -> Result<Vec<Snapshot>, HistoryError> {
        self.query(None, PARTITION_KEY, task_id, latest).await
    }

    /// Every snapshot of the customer's task `user_task_id`, oldest first; only the newest where `latest`.
    /// Read from the index, which follows the table within a second or so.
    ///
    /// # Errors
    ///
    /// [`HistoryError`]
    pub async fn user_task_history(
        &self,
        user_task_id: &str,
        latest: bool,
    ) -> Result<Vec<Snapshot>, HistoryError> {
        let index = Some(USER_TASK_INDEX);
        self.query(index, "userTaskID", user_task_id, latest).await
    }

    async fn query(
        &self,
        index: Option<&str>,
        key: &str,
        value: &str,
        latest: bool,
    ) -> Result<Vec<Snapshot>, HistoryError> {
        let query = self
            .client()
            .query()
            .table_name(&self.table_name)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression("#key = :value")
            .expression_attribute_names("#key", key)
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .consistent_read(index.is_none())
            .scan_index_forward(!latest);
        let items = if latest {
            query
                .limit(1)
                .send()
                .await
                .map(|page| page.items.unwrap_or_default())
        } else {
            query.into_paginator().items().send().collect().await
        };
        let asked = || self.aws.asked_of_dynamodb(&self.table_name);
        let items = items.map_err(|error| HistoryError::Query(AwsError::new(asked(), error)))?;
        Ok(items.iter().map(snapshot_of).collect::<Result<_, _>>()?)
    }
}
