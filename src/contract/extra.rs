//! Fields that the contract does not name: kept, whatever they hold.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::decimal::Decimal;
use crate::contract::fields::Fields;

/// The unnamed fields of a body, by name. Those of `taskStat` are under the name `taskStat`.
pub type Extra = BTreeMap<String, Value>;

/// How many lists and maps DynamoDB lets a value be wrapped in: it takes 31 and refuses 32.
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
    /// A string. Also the JSON text of what DynamoDB has no exact form for: a number beyond 38 digits,
    /// lists and maps nested deeper than an attribute may be, a map with an empty or a repeated field name.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
}

impl Value {
    /// Reads a value that will stand in this many maps of its attribute.
    pub(crate) fn read(json: &RawValue, maps: usize) -> Self {
        read(json.get(), MAX_NESTING - maps)
    }
}

/// `nesting` is how many more lists and maps may stand in one another.
fn read(json: &str, nesting: usize) -> Value {
    let held = match json.as_bytes().first() {
        Some(b'n') => Some(Value::Null),
        Some(b't') => Some(Value::Bool(true)),
        Some(b'f') => Some(Value::Bool(false)),
        Some(b'"') => serde_json::from_str(json).ok().map(Value::Text),
        Some(b'[') => nesting.checked_sub(1).and_then(|rest| list(json, rest)),
        Some(b'{') => nesting.checked_sub(1).and_then(|rest| map(json, rest)),
        _ => Decimal::parse(json).map(Value::Number),
    };
    held.unwrap_or_else(|| Value::Text(json.to_owned()))
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
