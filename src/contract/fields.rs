//! The fields of a JSON object, with each value as JSON text. Numbers keep every digit, and a repeated field is an
//! error instead of replacing the first one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's fields by name, with unparsed values.
pub(crate) struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

/// Why a text is not an object with distinct fields.
#[derive(Debug)]
pub(crate) enum FieldsError {
    /// Not JSON, or a JSON value that is not an object.
    NotAnObject(serde_json::Error),
    /// The field with this name occurs more than once.
    Repeated(String),
}

impl<'a> Fields<'a> {
    /// Splits the text of a JSON object.
    pub(crate) fn read(json: &'a str) -> Result<Self, FieldsError> {
        let split: Split<'a> = serde_json::from_str(json).map_err(FieldsError::NotAnObject)?;
        match split.repeated {
            Some(name) => Err(FieldsError::Repeated(name)),
            None => Ok(Self(split.fields)),
        }
    }

    /// Removes a field and returns it.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.0.remove(name)
    }

    /// Whether a field with this name remains.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, &'a RawValue);
    type IntoIter = std::collections::btree_map::IntoIter<Cow<'a, str>, &'a RawValue>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A deserialized object. serde's own maps would let a later field replace an earlier one.
struct Split<'a> {
    fields: BTreeMap<Cow<'a, str>, &'a RawValue>,
    repeated: Option<String>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Split<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SplitVisitor)
    }
}

struct SplitVisitor;

impl<'de> Visitor<'de> for SplitVisitor {
    type Value = Split<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut split = Split {
            fields: BTreeMap::new(),
            repeated: None,
        };
        while let Some((Name(name), value)) = map.next_entry()? {
            match split.fields.entry(name) {
                Entry::Vacant(field) => {
                    field.insert(value);
                }
                Entry::Occupied(field) => split.repeated = Some(field.key().to_string()),
            }
        }
        Ok(split)
    }
}

/// A field's name, borrowed unless it contains an escape.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
