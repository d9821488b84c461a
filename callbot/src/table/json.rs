//! An item as JSON, with exact numbers.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use task_callback::store::Item;

use super::Report;

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(sorted(&self.item))
    }
}

/// An attribute's name and its value, or a value within it.
struct Attribute<'a>(&'a str, &'a AttributeValue);

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(name, value) = *self;
        match value {
            AttributeValue::S(text) => serializer.serialize_str(text),
            AttributeValue::Bool(bool) => serializer.serialize_bool(*bool),
            AttributeValue::Null(_) => serializer.serialize_unit(),
            AttributeValue::L(items) => {
                serializer.collect_seq(items.iter().map(|item| Attribute(name, item)))
            }
            AttributeValue::M(item) => serializer.collect_map(sorted(item)),
            // Written digit by digit, since serde's numbers have 64 bits.
            AttributeValue::N(number) => RawValue::from_string(number.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            other => Err(S::Error::custom(format!(
                "the item's attribute {name} has a type that the function does not write: {other:?}"
            ))),
        }
    }
}

fn sorted(item: &Item) -> BTreeMap<&str, Attribute<'_>> {
    item.iter()
        .map(|(name, attribute)| (name.as_str(), Attribute(name, attribute)))
        .collect()
}
