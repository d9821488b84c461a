//! The fallback: the conditional write with the SDK's client, which retries it.

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;

use super::StoreError;
use super::item::{CONDITION, ExistingItem, Item, WriteOutcome};
use crate::error_chain::error_chain;

/// Writes an item unless its key exists. After an error, the item may have been written.
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
    let Err(error) = put.send().await else {
        return Ok(WriteOutcome::New);
    };
    let (text, is_refusal) = match &error {
        SdkError::ServiceError(context) => {
            let error = context.err();
            if let PutItemError::ConditionalCheckFailedException(failure) = error
                && let Some(item) = &failure.item
            {
                let text = |attribute: &str| Some(item.get(attribute)?.as_s().ok()?.as_str());
                return Ok(WriteOutcome::KeyExists(ExistingItem::of(text)));
            }
            let is_client_error = context.raw().status().is_client_error();
            (error_chain(error), is_client_error && !is_temporary(error))
        }
        error => {
            let is_refusal = matches!(error, SdkError::ConstructionFailure(_));
            (error_chain(error), is_refusal)
        }
    };
    // The next attempt may succeed after throttling, a server error or no readable answer.
    if is_refusal {
        Err(StoreError::Refused(text))
    } else {
        Err(StoreError::Unavailable(text))
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
