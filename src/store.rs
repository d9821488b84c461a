//! The snapshots table in DynamoDB: the contract's section 5.

mod history;
mod item;
mod put_item;
mod tasks;
mod wire;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::aws::Aws;
use crate::direct::Direct;
use crate::snapshot::{ReportTime, Snapshot};
pub use history::{HistoryError, Range};
pub use item::{Item, ItemError, item_of, snapshot_of};
use put_item::Written;
pub use tasks::LastReport;

/// The table's partition key.
pub const PARTITION_KEY: &str = "taskID";
/// The table's sort key.
pub const SORT_KEY: &str = "createTs";
/// The index by the customer's own task id.
pub const USER_TASK_INDEX: &str = "userTaskID-createTs-index";
/// The index by status, which tells what all tasks are doing. It holds keys only.
pub const STATUS_INDEX: &str = "status-createTs-index";
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
        let _ = self.put_directly(&Item::new(), deadline).await;
    }

    /// Keeps a snapshot, under its key or, where another report of the same second has that, under the
    /// second's next free one. Returns once DynamoDB has confirmed it.
    ///
    /// # Errors
    ///
    /// [`StoreError`], at the `deadline` at the latest. The snapshot may have been written all the same, its
    /// confirmation lost: sent again, it will be found there.
    pub async fn put(&self, mut snapshot: Snapshot, deadline: Instant) -> Result<Put, StoreError> {
        loop {
            let occupant = match self.put_if_free(&snapshot, deadline).await? {
                Written::New => return Ok(Put::New(snapshot.create_ts)),
                Written::Not(occupant) => occupant,
            };
            if occupant.body_sha256 == Some(snapshot.body_sha256) {
                // A write whose confirmation got lost is repeated, and then meets its own item.
                let ours = occupant.response_id.as_ref() == Some(&snapshot.response_id);
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

    /// Writes the snapshot unless its key is taken: the short way, once, and where that does not work, by the
    /// SDK's client, with its retries.
    async fn put_if_free(
        &self,
        snapshot: &Snapshot,
        deadline: Instant,
    ) -> Result<Written, StoreError> {
        let item = item_of(snapshot);
        let why_not = match self.put_directly(&item, deadline).await {
            Ok(written) => return Ok(written),
            Err(why_not) => why_not,
        };
        if Instant::now() >= deadline {
            return Err(StoreError::TimedOut);
        }
        // Boxed: the client's futures are large, and room for them would be taken with every callback.
        let written = timeout_at(deadline, Box::pin(self.put_by_client(item)))
            .await
            .unwrap_or(Err(StoreError::TimedOut))?;
        if let Some(reason) = why_not {
            tracing::warn!(reason, "written at the second attempt");
        }
        Ok(written)
    }
}
