//! Fields that the contract does not name. They are stored if their strings are valid Unicode.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::decimal::Decimal;
use crate::contract::json::{Fields, FieldsError, fields};

/// Extra fields by name. Those of `taskStat` form a map of that name.
pub type Extra = BTreeMap<String, Value>;

/// DynamoDB's limit for nested lists and maps: 31 levels are accepted, 32 are not.
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
    /// A string, or the JSON text of a value that DynamoDB cannot store exactly: a number outside
    /// the limits of [`Decimal`], too much nesting, or an empty or repeated field name.
    Text(String),
    /// An array.
    List(Vec<Value>),
    /// An object.
    Map(BTreeMap<String, Value>),
}

/// The path of a field with half of a surrogate pair in its name or value.
pub(crate) struct HalfSurrogate(pub(crate) String);

/// Reads the values of the fields. `depth` is how many DynamoDB maps will enclose them.
pub(crate) fn read_extra(fields: Fields<'_>, depth: usize) -> Result<Extra, HalfSurrogate> {
    read_all(fields, MAX_NESTING - depth)
}

/// `nesting` is how many further levels of lists and maps are allowed.
fn read_all(fields: Fields<'_>, nesting: usize) -> Result<Extra, HalfSurrogate> {
    let value = |(name, value): (Cow<'_, str>, _)| match read(value, nesting) {
        Ok(value) => Ok((name.into_owned(), value)),
        Err(HalfSurrogate(path)) if path.is_empty() => Err(HalfSurrogate(name.into_owned())),
        Err(HalfSurrogate(path)) => Err(HalfSurrogate(format!("{name}.{path}"))),
    };
    fields.into_iter().map(value).collect()
}

fn read(json: &RawValue, nesting: usize) -> Result<Value, HalfSurrogate> {
    let json = json.get();
    let value = match json.as_bytes().first() {
        Some(b'n') => Some(Value::Null),
        Some(b't') => Some(Value::Bool(true)),
        Some(b'f') => Some(Value::Bool(false)),
        // A string in valid JSON has no other error.
        Some(b'"') => Some(Value::Text(
            serde_json::from_str(json).map_err(|_| HalfSurrogate(String::new()))?,
        )),
        Some(b'[') if nesting > 0 => list(json, nesting - 1)?,
        Some(b'{') if nesting > 0 => map(json, nesting - 1)?,
        _ => Decimal::parse(json).map(Value::Number),
    };
    Ok(value.unwrap_or_else(|| Value::Text(json.to_owned())))
}

fn list(json: &str, nesting: usize) -> Result<Option<Value>, HalfSurrogate> {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) else {
        return Ok(None);
    };
    let items = items.into_iter().map(|item| read(item, nesting));
    Ok(Some(Value::List(items.collect::<Result<_, _>>()?)))
}

/// `None` if DynamoDB cannot store the map.
fn map(json: &str, nesting: usize) -> Result<Option<Value>, HalfSurrogate> {
    match fields(json) {
        Ok(fields) if !fields.contains_key("") => Ok(Some(Value::Map(read_all(fields, nesting)?))),
        Err(FieldsError::HalfSurrogate(name)) => Err(HalfSurrogate(name)),
        Ok(_) | Err(_) => Ok(None),
    }
}
