//! The snapshots table in DynamoDB: the contract's section 5.

mod history;
mod item;
mod put_item;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::aws::Aws;
use crate::direct::{Direct, Operation};
use crate::error_chain::error_chain;
use crate::snapshot::{ReportTime, Snapshot};
pub use history::HistoryError;
pub use item::{Item, ItemError, item_of, snapshot_of};

/// The table's partition key.
pub const PARTITION_KEY: &str = "taskID";
/// The table's sort key.
pub const SORT_KEY: &str = "createTs";
/// The index by the customer's own task id.
pub const USER_TASK_INDEX: &str = "userTaskID-createTs-index";
/// What a write asks for: that its key is free.
const CONDITION: &str = "attribute_not_exists(taskID)";
/// The attribute that DynamoDB's TTL looks at.
pub const TTL_ATTRIBUTE: &str = "expiresAt";

/// At start there is no hurry, but no point in waiting for a store that is not there, either.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// The snapshots table.
#[derive(Clone, Debug)]
pub struct Store {
    aws: Aws,
    /// Made when it is needed first: most callbacks go the short way.
    client: Arc<OnceLock<Client>>,
    direct: Arc<OnceCell<Option<Direct>>>,
    table_name: String,
}

/// What became of a snapshot that the store took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was written, under this key.
    New(ReportTime),
    /// The same report is there already, under this key.
    AlreadyStored(ReportTime),
}

/// Why the store did not take a snapshot. Nothing was overwritten, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB could not take it now: throttled, failing, out of reach.
    #[error("DynamoDB could not take the snapshot: {0}")]
    Unavailable(String),
    /// No answer within the time there was.
    #[error("DynamoDB gave no answer in time")]
    TimedOut,
    /// Every place of this second holds another report of the task. A later report has a later second.
    #[error("all places of this second hold other reports of the task")]
    SecondFull,
    /// DynamoDB refused, and would again: permissions, a missing table, a request it cannot accept.
    #[error("DynamoDB refused the snapshot: {0}")]
    Refused(String),
}

impl Store {
    /// The table `table_name`, reached through `aws`.
    pub fn new(aws: Aws, table_name: impl Into<String>) -> Self {
        Self {
            aws,
            client: Arc::default(),
            direct: Arc::default(),
            table_name: table_name.into(),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.aws.dynamodb())
    }

    /// Opens the connection that the first snapshot will take, during the start of the process: its name
    /// lookup and TLS handshake are then not the first callback's to wait for. How it goes does not matter.
    ///
    /// The request is one that the function's role allows and that DynamoDB refuses before it looks at the
    /// table: an item without a key. It costs nothing.
    pub async fn open_connection(&self) {
        let deadline = Instant::now() + CONNECTION_TIMEOUT;
        self.put_directly(&Item::new(), deadline).await;
    }

    /// Keeps a snapshot, under its key or, where another report of the same second has that, under the
    /// second's next free one. Returns once DynamoDB has confirmed it.
    ///
    /// # Errors
    ///
    /// [`StoreError`], at the `deadline` at the latest. The snapshot may have been written all the same, its
    /// confirmation lost: sent again, it will be found there.
    pub async fn put(&self, snapshot: Snapshot, deadline: Instant) -> Result<Put, StoreError> {
        if self.put_directly(&item_of(&snapshot), deadline).await {
            return Ok(Put::New(snapshot.create_ts));
        }
        // Boxed: the client's futures are large, and room for them would be taken with every callback.
        timeout_at(deadline, Box::pin(self.put_in_free_slot(snapshot)))
            .await
            .unwrap_or(Err(StoreError::TimedOut))
    }

    /// Whether the item was written, which it is in one short attempt if its key is free and nothing is wrong.
    async fn put_directly(&self, item: &Item, deadline: Instant) -> bool {
        let direct = self.direct.get_or_init(|| self.aws.direct_dynamodb());
        let Some(direct) = direct.await else {
            return false;
        };
        match put_item::input(&self.table_name, item, CONDITION) {
            Ok(input) => direct.call(Operation::PUT_ITEM, input, deadline).await,
            Err(_) => false,
        }
    }

    async fn put_in_free_slot(&self, mut snapshot: Snapshot) -> Result<Put, StoreError> {
        loop {
            let Some(occupant) = self.put_if_free(&snapshot).await? else {
                return Ok(Put::New(snapshot.create_ts));
            };
            if item::body_sha256(&occupant) == Some(snapshot.body_sha256) {
                // The SDK repeats a write whose confirmation got lost, and then meets its own item.
                let ours = item::response_id(&occupant) == Some(&snapshot.response_id);
                return Ok(if ours {
                    Put::New(snapshot.create_ts)
                } else {
                    Put::AlreadyStored(snapshot.create_ts)
                });
            }
            snapshot.create_ts = snapshot
                .create_ts
                .next_slot()
                .ok_or(StoreError::SecondFull)?;
        }
    }

    /// Writes the snapshot unless its key is taken; returns what it is taken by.
    async fn put_if_free(&self, snapshot: &Snapshot) -> Result<Option<Item>, StoreError> {
        let result = self
            .client()
            .put_item()
            .table_name(&self.table_name)
            .set_item(Some(item_of(snapshot)))
            .condition_expression(CONDITION)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match result {
            Ok(_) => Ok(None),
            Err(error) => occupant_of(error).map(Some),
        }
    }
}

/// The item whose being there failed the write's condition.
fn occupant_of(error: SdkError<PutItemError>) -> Result<Item, StoreError> {
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status();
            match context.into_err() {
                PutItemError::ConditionalCheckFailedException(failure) => {
                    failure.item.ok_or_else(|| {
                        StoreError::Refused(
                            "the key is taken, and DynamoDB did not say by what".to_owned(),
                        )
                    })
                }
                error if status.is_client_error() && !passes(&error) => {
                    Err(StoreError::Refused(error_chain(&error)))
                }
                // Failing, throttling, or an answer that is none.
                error => Err(StoreError::Unavailable(error_chain(&error))),
            }
        }
        error @ SdkError::ConstructionFailure(_) => Err(StoreError::Refused(error_chain(&error))),
        error => Err(StoreError::Unavailable(error_chain(&error))),
    }
}

/// Whether a client error, so called, is one that goes away by itself.
fn passes(error: &PutItemError) -> bool {
    matches!(
        error.code(),
        Some(
            "ProvisionedThroughputExceededException"
                | "ReplicatedWriteConflictException"
                | "RequestLimitExceeded"
                | "RequestTimeoutException"
                | "ThrottlingException"
                | "TooManyRequestsException"
                | "TransactionConflictException"
        )
    )
}
