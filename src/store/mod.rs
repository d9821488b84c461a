//! The snapshots table in DynamoDB: the contract's section 5.
//!
//! Each snapshot is one conditional `PutItem`. The [`fast_path`] sends it once, without the SDK's client around
//! the call; where that fails, the SDK's client (`sdk`) sends it with its retries.

mod fast_path;
mod item;
mod sdk;

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::Client;
use tokio::time::{Instant, sleep, timeout_at};

use crate::aws::{Aws, INITIAL_BACKOFF};
use crate::contract::snapshot::{ReportTime, Snapshot};
use fast_path::{Attempt, FastPath};
use item::Written;
pub use item::{Item, ItemError, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, item_of, snapshot_of};

/// The snapshots table.
#[derive(Clone, Debug)]
pub struct Store {
    aws: Aws,
    /// Made when it is first needed: most callbacks take the fast path.
    client: Arc<OnceLock<Client>>,
    fast_path: FastPath,
    table_name: String,
}

/// What became of a snapshot that the store took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was written under this key.
    New(ReportTime),
    /// The same report was already stored under this key.
    AlreadyStored(ReportTime),
}

impl Put {
    /// The key that the snapshot has.
    pub fn key(self) -> ReportTime {
        let (Self::New(key) | Self::AlreadyStored(key)) = self;
        key
    }
}

/// Why the store did not take a snapshot. Nothing was overwritten, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB could not take it now: throttled, failing, out of reach.
    #[error("DynamoDB could not take the snapshot: {0}")]
    Unavailable(String),
    /// No answer before the deadline.
    #[error("DynamoDB did not answer in time{}", cause(first_failure))]
    TimedOut {
        /// Why the first attempt failed, where it ended before the deadline.
        first_failure: Option<String>,
    },
    /// Every key of this second holds another report of the task. A later report has a later second.
    #[error("all keys of this second hold other reports of the task")]
    SecondFull,
    /// DynamoDB refused, and would refuse again: permissions, a missing table, a request it cannot accept.
    #[error("DynamoDB refused the snapshot: {0}")]
    Refused(String),
}

fn cause(first_failure: &Option<String>) -> String {
    first_failure.as_ref().map_or(String::new(), |failure| {
        format!("; the first attempt failed: {failure}")
    })
}

impl Store {
    /// The table `table_name`, reached through `aws`.
    pub fn new(aws: Aws, table_name: impl Into<String>) -> Self {
        Self {
            fast_path: FastPath::new(aws.clone()),
            aws,
            client: Arc::default(),
            table_name: table_name.into(),
        }
    }

    /// Opens the connection to DynamoDB while the process starts, so that the first callback does not wait for
    /// DNS and TLS. A failure does not matter: the first callback then opens the connection.
    pub async fn open_connection(&self) {
        self.fast_path.open_connection().await;
    }

    /// Stores a snapshot under its key or, where another report of the same second has that key, under the
    /// second's next free one. Returns once DynamoDB has confirmed the write.
    ///
    /// # Errors
    ///
    /// [`StoreError`], at the `deadline` at the latest. The snapshot may still have been written, with the
    /// confirmation lost: when it is sent again, it is found.
    pub async fn put(&self, mut snapshot: Snapshot, deadline: Instant) -> Result<Put, StoreError> {
        loop {
            let occupant = match self.put_if_free(&snapshot, deadline).await? {
                Written::New => return Ok(Put::New(snapshot.create_ts)),
                Written::KeyTaken(occupant) => occupant,
            };
            if occupant.body_sha256 == Some(snapshot.body_sha256) {
                // A retry after a lost confirmation meets the item of this same callback.
                let ours = occupant.response_id == snapshot.response_id;
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

    /// Writes the snapshot unless its key is taken: on the fast path first, then by the SDK's client.
    async fn put_if_free(
        &self,
        snapshot: &Snapshot,
        deadline: Instant,
    ) -> Result<Written, StoreError> {
        let item = item_of(snapshot);
        let first_failure = match self.fast_path.put(&self.table_name, &item, deadline).await {
            Attempt::Answered(written) => return Ok(written),
            Attempt::Failed { reason, throttled } => {
                if throttled {
                    sleep(INITIAL_BACKOFF).await;
                }
                Some(reason)
            }
            Attempt::NotAvailable => None,
        };
        if Instant::now() >= deadline {
            return Err(StoreError::TimedOut { first_failure });
        }
        // Boxed, because the SDK's futures are large and most callbacks never need one.
        let put = Box::pin(sdk::put(self.client(), &self.table_name, item));
        let Ok(result) = timeout_at(deadline, put).await else {
            return Err(StoreError::TimedOut { first_failure });
        };
        let written = result?;
        if let Some(reason) = first_failure {
            let outcome = match written {
                Written::New => "stored at the second attempt",
                Written::KeyTaken(_) => "answered at the second attempt",
            };
            tracing::warn!(
                responseID = snapshot.response_id,
                taskID = snapshot.callback.task_id,
                reason,
                "{outcome}"
            );
        }
        Ok(written)
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| self.aws.dynamodb())
    }
}
