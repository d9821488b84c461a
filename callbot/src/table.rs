//! Reading the snapshots table.

mod history;
mod last_reports;

use aws_sdk_dynamodb::Client;
use task_callback::store::ItemError;

use crate::aws::{Asked, Aws, AwsError};
pub(crate) use history::Range;
pub(crate) use last_reports::LastReport;

/// The index by the customer's own task id.
const USER_TASK_INDEX: &str = "userTaskID-createTs-index";
/// The index by status, which tells what all tasks are doing. It holds keys only.
const STATUS_INDEX: &str = "status-createTs-index";

/// The snapshots table, to be read.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: String,
    asked: Asked,
}

/// Why the table could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// DynamoDB did not answer the query, or refused it.
    #[error("DynamoDB did not answer the query: {0}")]
    Query(#[source] AwsError),
    /// The table holds something else than snapshots.
    #[error(transparent)]
    Item(#[from] ItemError),
}

impl Table {
    /// The table of this name.
    pub(crate) fn new(aws: &Aws, name: &str) -> Self {
        Self {
            client: aws.dynamodb(),
            name: name.to_owned(),
            asked: aws.asked("DynamoDB", format!("table {name}")),
        }
    }
}
