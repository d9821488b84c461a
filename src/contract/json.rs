//! A JSON object's fields, none of them twice, with values as JSON text that keeps every digit.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's fields by name, with unparsed values.
pub(crate) type Fields<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Why a text is not an object with distinct fields.
#[derive(Debug)]
pub(crate) enum FieldsError {
    /// Not JSON, or not an object. The reason does not quote the JSON text.
    NotAnObject(String),
    /// This field occurs more than once.
    Repeated(String),
    /// This name, as in the JSON text, has half of a surrogate pair.
    HalfSurrogate(String),
}

/// Splits the text of a JSON object into its fields.
pub(crate) fn fields(json: &str) -> Result<Fields<'_>, FieldsError> {
    let pairs: Pairs<&RawValue, &RawValue> = serde_json::from_str(json)
        .map_err(|error| FieldsError::NotAnObject(problem(json, &error)))?;
    let mut fields = Fields::new();
    for (name, value) in pairs.0 {
        let Ok(Text(name)) = serde_json::from_str(name.get()) else {
            return Err(FieldsError::HalfSurrogate(
                name.get().trim_matches('"').to_owned(),
            ));
        };
        match fields.entry(name) {
            Entry::Vacant(field) => field.insert(value),
            Entry::Occupied(field) => return Err(FieldsError::Repeated(field.key().to_string())),
        };
    }
    Ok(fields)
}

/// Why a text is not a JSON object. serde's own text quotes the value.
fn problem(json: &str, error: &serde_json::Error) -> String {
    if !error.is_data() {
        return error.to_string();
    }
    let kind = match json.trim_start().as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    };
    format!("it is {kind}")
}

/// Where the JSON is wrong. serde's own text may quote a value, such as a secret or a signature.
pub(crate) fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

/// A string, borrowed from the JSON text unless it contains an escape.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// An object's names and values in their original order, including repeated names.
pub(crate) struct Pairs<K, V>(pub(crate) Vec<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Pairs<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<P>(PhantomData<P>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Object<Pairs<K, V>> {
            type Value = Pairs<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(16);
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object(PhantomData))
    }
}
