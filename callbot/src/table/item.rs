//! Reads the attributes of an item.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use task_callback::store::Item;

/// An item that is not a snapshot. The named attribute is missing, or is not in the form that the function writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the item's attribute {0} is missing or is not in the form that the function writes")]
pub(crate) struct ItemError(pub(super) &'static str);

pub(super) fn text<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, ItemError> {
    match item.get(attribute) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(ItemError(attribute)),
    }
}

pub(super) fn number<T: FromStr>(item: &Item, attribute: &'static str) -> Result<T, ItemError> {
    match item.get(attribute) {
        Some(AttributeValue::N(number)) => number.parse().map_err(|_| ItemError(attribute)),
        _ => Err(ItemError(attribute)),
    }
}
