//! Fields that the contract does not name. All of them are stored, if their strings are valid Unicode.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::contract::decimal::Decimal;
use crate::contract::json::{Fields, FieldsError, fields};

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

/// A string or a name holds half of a surrogate pair. The text is the path of its field.
pub(crate) struct HalfSurrogate(pub(crate) String);

/// Reads the values of these fields. `depth` is the number of maps of their attribute that will enclose them.
pub(crate) fn read_extra(fields: Fields<'_>, depth: usize) -> Result<Extra, HalfSurrogate> {
    read_all(fields, MAX_NESTING - depth)
}

/// `nesting` is the number of further levels of lists and maps that are allowed.
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
        // Nothing else can be wrong with a string in valid JSON.
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
