//! Fields that the contract does not name. All of them are stored, whatever their values.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::decimal::Decimal;
use crate::contract::fields::Fields;

/// The fields that the contract does not name, by name. Those of `taskStat` are under the name `taskStat`.
pub type Extra = BTreeMap<String, Value>;

/// How deep DynamoDB lets lists and maps be nested: 31 levels are accepted, 32 are refused.
const MAX_NESTING: usize = 31;

/// A JSON value in a form that a DynamoDB attribute holds exactly.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// A string. Also the JSON text of a value that DynamoDB cannot store exactly: a number of more than 38
    /// digits, lists and maps nested too deep, a map with an empty or a repeated field name.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Reads a value that this many maps of its attribute will enclose.
    pub(crate) fn read(json: &RawValue, depth: usize) -> Self {
        read(json.get(), MAX_NESTING - depth)
    }
}

/// `nesting` is how many more levels of lists and maps are allowed.
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
