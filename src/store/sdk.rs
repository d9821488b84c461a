//! The fallback: the conditional write with the SDK's client, which retries it.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::StoreError;
use super::item::{CONDITION, Item, Occupant, WriteOutcome};
use crate::error_chain::error_chain;

/// Writes an item unless its key is taken.
///
/// # Errors
///
/// Returns the error of the last attempt. The item may have been written.
pub(super) async fn put(
    client: &Client,
    table_name: &str,
    item: Item,
) -> Result<WriteOutcome, StoreError> {
    let put = client
        .put_item()
        .table_name(table_name)
        .set_item(Some(item))
        .condition_expression(CONDITION)
        .return_values_on_condition_check_failure(AllOld);
    match put.send().await {
        Ok(_) => Ok(WriteOutcome::New),
        Err(error) => {
            let occupant = occupant_of(error)?;
            Ok(WriteOutcome::KeyTaken(Occupant::of(&occupant)))
        }
    }
}

/// The item that has the key, if the write failed because the key is taken.
///
/// # Errors
///
/// Returns every other failure of the write.
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
                error if status.is_client_error() && !is_temporary(&error) => {
                    Err(StoreError::Refused(error_chain(&error)))
                }
                // A server error, throttling, or an answer that the SDK cannot read.
                error => Err(StoreError::Unavailable(error_chain(&error))),
            }
        }
        error @ SdkError::ConstructionFailure(_) => Err(StoreError::Refused(error_chain(&error))),
        error => Err(StoreError::Unavailable(error_chain(&error))),
    }
}

/// Whether an error is temporary in spite of its 4xx status.
fn is_temporary(error: &PutItemError) -> bool {
    let of_dynamodb = [
        "ReplicatedWriteConflictException",
        "TransactionConflictException",
    ];
    error.code().is_some_and(|code| {
        [THROTTLING_ERRORS, TRANSIENT_ERRORS, &of_dynamodb]
            .iter()
            .any(|codes| codes.contains(&code))
    })
}
