//! The input of DynamoDB's `PutItem` as it goes over the wire, the same as the SDK writes.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::ser::Error;
use serde::{Serialize, Serializer};

use super::Item;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    table_name: &'a str,
    item: Attributes<'a>,
    condition_expression: &'a str,
}

struct Attributes<'a>(&'a Item);

struct Attribute<'a>(&'a AttributeValue);

/// The JSON of a conditional write. `Err` where the item holds what no snapshot's does: binary values, sets.
pub(super) fn input(
    table_name: &str,
    item: &Item,
    condition_expression: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Input {
        table_name,
        item: Attributes(item),
        condition_expression,
    })
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Attribute(value))))
    }
}

impl Serialize for Attribute<'_> {
    /// An object of one field, which is named after the value's type.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::S(text) => serializer.collect_map([("S", text)]),
            AttributeValue::N(number) => serializer.collect_map([("N", number)]),
            AttributeValue::Bool(bool) => serializer.collect_map([("BOOL", bool)]),
            AttributeValue::Null(null) => serializer.collect_map([("NULL", null)]),
            AttributeValue::M(map) => serializer.collect_map([("M", Attributes(map))]),
            AttributeValue::L(list) => {
                let list: Vec<_> = list.iter().map(Attribute).collect();
                serializer.collect_map([("L", list)])
            }
            _ => Err(S::Error::custom("not a type that a snapshot is made of")),
        }
    }
}
