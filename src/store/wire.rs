//! `PutItem` in DynamoDB's JSON: the input as the SDK writes it, and as much of the answers as is needed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::IgnoredAny;
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};

use super::Item;
use super::put_item::Occupant;

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

/// A conditional write that tells by what its key is taken. `Err` where the item holds what no snapshot's does:
/// binary values, sets.
pub(super) fn input(
    table_name: &str,
    item: &Item,
    condition_expression: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Input {
        table_name,
        item: Attributes(item),
        condition_expression,
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
            _ => Err(S::Error::custom("an attribute that no snapshot has")),
        }
    }
}

/// Whether a 200 is DynamoDB's: something on the way may answer 200, too, but not with JSON.
pub(super) fn is_output(json: &[u8]) -> bool {
    serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(json).is_ok()
}

/// An answer that is no 200.
pub(super) enum ErrorAnswer {
    /// The key is taken.
    Taken(Occupant),
    /// Another error: its name and message, or what stands in their place.
    Other(String),
}

impl ErrorAnswer {
    pub(super) fn read(json: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "__type")]
            name: String,
            #[serde(alias = "Message", default)]
            message: String,
            #[serde(rename = "Item")]
            item: Option<Taken>,
        }

        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Taken {
            body_sha256: Text,
            #[serde(rename = "responseID")]
            response_id: Text,
        }

        #[derive(Deserialize)]
        struct Text {
            #[serde(rename = "S")]
            text: String,
        }

        let Ok(body) = serde_json::from_slice::<Body>(json) else {
            return Self::Other("not DynamoDB's JSON".to_owned());
        };
        match body.item {
            Some(item) if body.name.ends_with("#ConditionalCheckFailedException") => {
                let mut digest = [0; 32];
                let decoded = hex::decode_to_slice(item.body_sha256.text, &mut digest);
                Self::Taken(Occupant {
                    body_sha256: decoded.is_ok().then_some(digest),
                    response_id: Some(item.response_id.text),
                })
            }
            _ => Self::Other(format!("{} {}", body.name, body.message)),
        }
    }
}
