//! The conditional write, either way.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use tokio::time::Instant;

use super::wire::{ErrorAnswer, input, is_output};
use super::{Item, Store, StoreError, item};
use crate::direct::{CallError, Operation};
use crate::error_chain::error_chain;

/// What a write asks for: that the partition key, and with it the whole key, is free.
pub(super) const CONDITION: &str = "attribute_not_exists(taskID)";

/// What became of a write.
#[derive(Debug)]
pub(super) enum Written {
    /// DynamoDB has confirmed it.
    New,
    /// The key is taken.
    Not(Occupant),
}

/// What tells the report under a key from another.
#[derive(Debug)]
pub(super) struct Occupant {
    pub(super) body_sha256: Option<[u8; 32]>,
    pub(super) response_id: Option<String>,
}

impl Store {
    /// Writes an item unless its key is taken, without the SDK's client. `Err` where that did not work, with the
    /// reason unless there is no such way; the item may have been written all the same.
    pub(super) async fn put_directly(
        &self,
        item: &Item,
        deadline: Instant,
    ) -> Result<Written, Option<String>> {
        let direct = self.direct.get_or_init(|| self.aws.direct_dynamodb());
        let direct = direct.await.as_ref().ok_or(None)?;
        let input = input(&self.table_name, item, CONDITION).map_err(|error| error.to_string())?;
        match direct.call(Operation::PUT_ITEM, input, deadline).await {
            Ok(output) if is_output(&output) => Ok(Written::New),
            Ok(_) => Err(Some("200 with something that is not DynamoDB's".to_owned())),
            Err(CallError::Answer(status, json)) => match ErrorAnswer::read(&json) {
                ErrorAnswer::Taken(occupant) => Ok(Written::Not(occupant)),
                ErrorAnswer::Other(error) => Err(Some(format!("{status}: {error}"))),
            },
            Err(CallError::Other(error)) => Err(Some(error_chain(&*error))),
        }
    }

    /// The same by the SDK's client.
    pub(super) async fn put_by_client(&self, item: Item) -> Result<Written, StoreError> {
        let result = self
            .client()
            .put_item()
            .table_name(&self.table_name)
            .set_item(Some(item))
            .condition_expression(CONDITION)
            .return_values_on_condition_check_failure(AllOld)
            .send()
            .await;
        match result {
            Ok(_) => Ok(Written::New),
            Err(error) => occupant_of(error).map(|occupant| {
                Written::Not(Occupant {
                    body_sha256: item::body_sha256(&occupant),
                    response_id: item::response_id(&occupant).map(str::to_owned),
                })
            }),
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
