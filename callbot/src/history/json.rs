//! A history as JSON: the table's items, with exact numbers.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use task_callback::contract::snapshot::Snapshot;
use task_callback::store::{Item, item_of};

/// The snapshots, ready to be written.
pub(crate) fn rows(history: &[Snapshot]) -> Vec<Row> {
    history
        .iter()
        .map(|snapshot| Row(item_of(snapshot)))
        .collect()
}

/// A snapshot's item.
pub(crate) struct Row(Item);

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(sorted(&self.0))
    }
}

struct Attribute<'a>(&'a AttributeValue);

impl Serialize for Attribute<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            AttributeValue::S(text) => serializer.serialize_str(text),
            AttributeValue::Bool(bool) => serializer.serialize_bool(*bool),
            AttributeValue::Null(_) => serializer.serialize_unit(),
            AttributeValue::L(items) => serializer.collect_seq(items.iter().map(Attribute)),
            AttributeValue::M(item) => serializer.collect_map(sorted(item)),
            // Written digit by digit, since serde's numbers have 64 bits.
            AttributeValue::N(number) => RawValue::from_string(number.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            other => Err(S::Error::custom(format!("no JSON has {other:?}"))),
        }
    }
}

fn sorted(item: &Item) -> BTreeMap<&str, Attribute<'_>> {
    item.iter()
        .map(|(name, attribute)| (name.as_str(), Attribute(attribute)))
        .collect()
}
