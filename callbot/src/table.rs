//! Reads the snapshots table.

mod history;
mod item;
mod json;
mod report;
mod report_time;
mod scan;

use aws_sdk_dynamodb::Client;
use clap::builder::NonEmptyStringValueParser;
use task_callback::contract::callback::TaskStatus;

use crate::Failure;
use crate::aws::{Aws, AwsArgs, AwsError, DYNAMODB, Resource, Target};
pub(crate) use history::Range;
use item::ItemError;
pub(crate) use report::{Report, Stat};
pub(crate) use report_time::ReportTime;
pub(crate) use scan::Scan;

/// The index by the customer's task id.
const USER_TASK_INDEX: &str = "userTaskID-createTs-index";

const TABLE: Resource = Resource {
    option: "--table (TABLE_NAME)",
    variable: Some("TABLE_NAME"),
    output: "TableName",
};

/// The table that a command reads.
#[derive(clap::Args)]
pub(crate) struct TableArgs {
    /// The snapshots table, instead of the one of --stack [env: TABLE_NAME]
    #[arg(long, conflicts_with = "stack", value_parser = NonEmptyStringValueParser::new())]
    table: Option<String>,
    #[command(flatten)]
    aws: AwsArgs,
}

impl TableArgs {
    /// The table, on AWS or in a local engine.
    pub(crate) async fn table(&self) -> Result<Table, Failure> {
        let (aws, name) = self.aws.find(TABLE, self.table.as_deref()).await?;
        Ok(Table::new(&aws, &name))
    }

    /// The options as given, for a command to copy.
    pub(crate) fn given(&self) -> impl Iterator<Item = &str> {
        let table = self.table.as_deref().map(|table| ["--table", table]);
        table.into_iter().flatten().chain(self.aws.given())
    }
}

/// Whether the status ends a task.
pub(crate) fn is_end(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Completed | TaskStatus::Failed)
}

/// The order of a task's reports: by second and, within a second, by arrival. The report of the
/// task's end is the last one of its second: the platform makes none after it.
pub(crate) fn order(create_ts: ReportTime, status: TaskStatus) -> (u64, bool, ReportTime) {
    (create_ts.seconds, is_end(status), create_ts)
}

/// The snapshots table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: String,
    /// The table and its place, for messages.
    pub(crate) target: Target,
}

/// Why the table could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// DynamoDB did not answer, or refused to read.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// An item is not a snapshot.
    #[error(transparent)]
    Item(#[from] ItemError),
}

impl Table {
    /// The table of this name.
    pub(crate) fn new(aws: &Aws, name: &str) -> Self {
        Self {
            client: aws.dynamodb(),
            name: name.to_owned(),
            target: aws.target(DYNAMODB, format!("table {name}")),
        }
    }
}
