//! `PutItem` in DynamoDB's JSON protocol: the SDK's request, and the fields used of the answer.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::IgnoredAny;
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::store::item::{CONDITION, ExistingItem, Item};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    table_name: &'a str,
    item: Attributes<'a>,
    condition_expression: &'a str,
    return_values_on_condition_check_failure: &'a str,
}

struct Attributes<'a>(&'a Item);

struct Attribute<'a>(&'a AttributeValue);

/// The body of a conditional write. If the key exists, DynamoDB returns the item that has the key.
/// Types that no snapshot has, binary values and sets, are an error.
pub(super) fn input(table_name: &str, item: &Item) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Input {
        table_name,
        item: Attributes(item),
        condition_expression: CONDITION,
        return_values_on_condition_check_failure: "ALL_OLD",
    })
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let attributes = self.0.iter();
        serializer.collect_map(attributes.map(|(name, value)| (name, Attribute(value))))
    }
}

impl Serialize for Attribute<'_> {
    /// `{"S":"text"}`: an object with one field, named after the value's type.
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
            _ => Err(S::Error::custom("an attribute that no snapshot has")),
        }
    }
}

/// Whether the body of a 200 answer is a JSON object. A proxy may answer 200 with another body.
pub(super) fn is_output(json: &[u8]) -> bool {
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(json).is_ok()
}

/// The body of an answer with a status other than 200.
#[derive(Deserialize)]
pub(super) struct ErrorAnswer {
    /// Such as `com.amazonaws.dynamodb.v20120810#ThrottlingException`.
    #[serde(rename = "__type")]
    r#type: String,
    #[serde(alias = "Message", default)]
    pub(super) message: String,
    #[serde(rename = "Item")]
    item: Option<Value>,
}

impl ErrorAnswer {
    /// The error's name, such as `ThrottlingException`.
    pub(super) fn name(&self) -> &str {
        self.r#type.rsplit('#').next().unwrap_or_default()
    }

    /// The item that has the key, if the condition failed.
    pub(super) fn existing_item(&self) -> Option<ExistingItem> {
        let item = self.item.as_ref()?;
        let existing = || ExistingItem::of(|attribute| item[attribute]["S"].as_str());
        (self.name() == "ConditionalCheckFailedException").then(existing)
    }
}
