//! Fields that the contract does not name. All of them are stored, regardless of their values.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::decimal::Decimal;
use crate::contract::fields::Fields;

/// The fields that the contract does not name, by name. Those of `taskStat` are under the name `taskStat`.
pub type Extra = BTreeMap<String, Value>;

/// DynamoDB's limit for nested lists and maps: it accepts 31 levels and rejects 32.
const MAX_NESTING: usize = 31;

/// A JSON value in a form that a DynamoDB attribute can hold exactly.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string. Also the JSON text of a value that DynamoDB cannot store exactly: a number outside the limits of
    /// [`Decimal`], lists and maps nested too deep, or a map with an empty or repeated field name.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Reads a value. `depth` is the number of maps of its attribute that will enclose it.
    pub(crate) fn read(json: &RawValue, depth: usize) -> Self {
        read(json.get(), MAX_NESTING - depth)
    }
}

/// `nesting` is the number of further levels of lists and maps that are allowed.
fn read(json: &str, nesting: usize) -> Value {
    let value = match json.as_bytes().first() {
        Some(b'n') => Some(Value::Null),
        Some(b't') => Some(Value::Bool(true)),
        Some(b'f') => Some(Value::Bool(false)),
        Some(b'"') => serde_json::from_str(json).ok().map(Value::Text),
        Some(b'[') => nesting.checked_sub(1).and_then(|rest| list(json, rest)),
        Some(b'{') => nesting.checked_sub(1).and_then(|rest| map(json, rest)),
        _ => Decimal::parse(json).map(Value::Number),
    };
    value.unwrap_or_else(|| Value::Text(json.to_owned()))
}

fn list(json: &str, nesting: usize) -> Option<Value> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(Value::List(
        items
            .into_iter()
            .map(|item| read(item.get(), nesting))
            .collect(),
    ))
}

fn map(json: &str, nesting: usize) -> Option<Value> {
    let fields = Fields::read(json).ok()?;
    if fields.has("") {
        return None;
    }
    Some(Value::Map(
        fields
            .into_iter()
            .map(|(name, value)| (name.into_owned(), read(value.get(), nesting)))
            .collect(),
    ))
}
