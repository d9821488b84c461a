//! Reads the attributes of an item.

use std::str::FromStr;

use task_callback::store::Item;

/// An item that is not a snapshot: this attribute is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the item's attribute {0} is missing or is not in the form that the function writes")]
pub(crate) struct ItemError(pub(super) &'static str);

pub(super) fn text<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, ItemError> {
    let text = item.get(attribute).and_then(|value| value.as_s().ok());
    text.map(String::as_str).ok_or(ItemError(attribute))
}

pub(super) fn number<T: FromStr>(item: &Item, attribute: &'static str) -> Result<T, ItemError> {
    let number = item.get(attribute).and_then(|value| value.as_n().ok());
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or(ItemError(attribute))
}
