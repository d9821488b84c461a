//! The snapshots table in DynamoDB: the contract's section 5.
//!
//! Each snapshot is one conditional `PutItem`. The fast path sends it once, without the SDK's
//! client. If that fails, the fallback (`sdk`) uses the SDK's client and its retries.

mod fast_path;
mod item;
mod sdk;

use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::Client;
use tokio::time::{Instant, sleep, timeout_at};

use crate::aws::{Aws, INITIAL_BACKOFF};
use crate::contract::snapshot::{ReportTime, Snapshot};
use fast_path::FastPath;
use item::WriteOutcome;
pub use item::{Item, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, item_of};

/// The snapshots table.
#[derive(Clone, Debug)]
pub struct Store {
    aws: Aws,
    /// Created on first use, because the fast path rarely fails.
    client: Arc<OnceLock<Client>>,
    fast_path: FastPath,
    table_name: String,
}

/// The outcome of [`Store::put`] if the snapshot is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The key of the stored snapshot.
    pub key: ReportTime,
    /// Whether this callback wrote the snapshot. If SQS delivers a parked callback twice, both
    /// deliveries count as new, because they have the same `responseID`.
    pub new: bool,
    /// Why the first attempt failed, if a later one succeeded.
    pub first_failure: Option<String>,
}

/// Why a snapshot was not confirmed as stored. No item is ever overwritten.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A temporary error: DynamoDB throttled the write, failed or was unreachable.
    #[error("DynamoDB could not take the snapshot: {0}")]
    Unavailable(String),
    /// DynamoDB did not answer before the deadline. Holds why the first attempt failed, if it did.
    #[error("DynamoDB did not answer in time{}", .0.as_ref().map_or(String::new(), |cause| format!("; the first attempt failed: {cause}")))]
    TimedOut(Option<String>),
    /// All keys of the task in this second hold other reports. Other seconds are not affected.
    #[error("all keys of this second hold other reports of the task")]
    SecondFull,
    /// A permanent error, such as missing permissions, a missing table or an invalid request.
    #[error("DynamoDB refused the snapshot: {0}")]
    Refused(String),
}

impl Store {
    /// The table `table_name`, accessed through `aws`.
    pub fn new(aws: Aws, table_name: impl Into<String>) -> Self {
        Self {
            fast_path: FastPath::new(aws.clone()),
            aws,
            client: Arc::default(),
            table_name: table_name.into(),
        }
    }

    /// Opens the connection to DynamoDB, to save the first callback the wait for DNS and TLS. After
    /// a failure, which is ignored, the first callback opens the connection.
    pub async fn open_connection(&self) {
        self.fast_path.open_connection().await;
    }

    /// Stores a snapshot under its key, or under the next free key of the same second if another
    /// report has the key. Returns once DynamoDB has confirmed the write.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] no later than `deadline`. If only the confirmation was lost, the
    /// snapshot is stored, and a retry finds the item.
    pub async fn put(&self, mut snapshot: Snapshot, deadline: Instant) -> Result<Put, StoreError> {
        let mut first_failure = None;
        loop {
            let key = snapshot.create_ts;
            let outcome = self.put_if_free(&snapshot, deadline, &mut first_failure);
            let new = match outcome.await? {
                WriteOutcome::New => true,
                // After a lost confirmation, a retry finds the item that the same callback wrote.
                WriteOutcome::KeyExists(item)
                    if item.body_sha256 == hex::encode(snapshot.body_sha256) =>
                {
                    item.response_id == snapshot.response_id
                }
                WriteOutcome::KeyExists(_) => {
                    snapshot.create_ts = key.next_slot().ok_or(StoreError::SecondFull)?;
                    continue;
                }
            };
            return Ok(Put {
                key,
                new,
                first_failure,
            });
        }
    }

    /// Writes the snapshot unless its key exists: with the fast path, then with the SDK's client.
    async fn put_if_free(
        &self,
        snapshot: &Snapshot,
        deadline: Instant,
        first_failure: &mut Option<String>,
    ) -> Result<WriteOutcome, StoreError> {
        let item = item_of(snapshot);
        match self.fast_path.put(&self.table_name, &item, deadline).await {
            Ok(outcome) => return Ok(outcome),
            Err(failure) => {
                first_failure.get_or_insert(failure.reason);
                if failure.throttled {
                    sleep(INITIAL_BACKOFF).await;
                }
            }
        }
        let timed_out = || StoreError::TimedOut(first_failure.clone());
        if Instant::now() >= deadline {
            return Err(timed_out());
        }
        let client = self.client.get_or_init(|| self.aws.dynamodb());
        // Boxed, because the future is large and rarely needed.
        let put = Box::pin(sdk::put(client, &self.table_name, item));
        timeout_at(deadline, put).await.map_err(|_| timed_out())?
    }
}
