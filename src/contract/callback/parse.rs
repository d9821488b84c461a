//! Parses verified bytes into a [`Callback`].

use serde_json::value::RawValue;

use super::{BodyError, Callback, TASK_CALLBACK, TaskStat, TaskStatus};
use crate::contract::decimal::{Decimal, is_digits};
use crate::contract::extra::{Extra, Value};
use crate::contract::fields::{Fields, FieldsError};
use crate::contract::signature::VerifiedBody;

const STRING: &str = "a string";
const OBJECT: &str = "an object";
const INTEGER: &str = "an integer";
const COUNTER: &str = "an integer from 0 to 18446744073709551615";
const RATE: &str = "a number of at most 38 digits and of a magnitude from 1E-130 to 9.9E+125";

/// DynamoDB's limit for a partition key, in bytes. `userTaskID` is the partition key of the index.
const MAX_KEY_BYTES: usize = 2048;

impl Callback {
    /// Parses a body whose signature has been verified, as its type guarantees.
    ///
    /// # Errors
    ///
    /// Returns the first error. `callbackType` is checked before the other fields, because they depend on it.
    pub fn parse(body: &VerifiedBody<'_>) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(body.bytes())
            .map_err(|error| BodyError::NotAnObject(error.to_string()))?;
        let mut body = Object::read(text, "", 1).map_err(|error| match error {
            FieldsError::NotAnObject(error) => BodyError::NotAnObject(error.to_string()),
            FieldsError::Repeated(field) => BodyError::Repeated { field },
        })?;

        if body.integer("callbackType")?.to_u64() != Some(TASK_CALLBACK) {
            return Err(not_acceptable("callbackType", "1, a task callback"));
        }
        let user_task_id = body.string("userTaskID")?;
        let task_id = body.string("taskID")?;
        let scene_id = body.string("sceneID")?;
        let status = body.integer("taskStatus")?;
        let create_ts = body.counter("createTs")?;
        let mut stat = body.object("taskStat")?;
        let task_stat = TaskStat {
            answer_order_count: stat.counter("answerOrderCount")?,
            finish_order_count: stat.counter("finishOrderCount")?,
            total_order_count: stat.counter("totalOrderCount")?,
            finish_rate: stat.rate("finishRate")?,
            total_answer_call: stat.counter("totalAnswerCall")?,
            total_call: stat.counter("totalCall")?,
            answer_rate: stat.rate("answerRate")?,
        };
        let mut extra = body.rest()?;
        let stat_extra = stat.rest()?;
        if !stat_extra.is_empty() {
            extra.insert("taskStat".to_owned(), Value::Map(stat_extra));
        }

        let status = status
            .to_u64()
            .and_then(TaskStatus::from_number)
            .ok_or(not_acceptable("taskStatus", "from 1 to 5"))?;
        if task_id.is_empty() || task_id.len() > MAX_KEY_BYTES {
            return Err(not_acceptable("taskID", "from 1 to 2048 bytes long"));
        }
        if user_task_id.len() > MAX_KEY_BYTES {
            return Err(not_acceptable("userTaskID", "at most 2048 bytes long"));
        }
        Ok(Self {
            task_id,
            user_task_id,
            scene_id,
            status,
            create_ts,
            stat: task_stat,
            extra,
        })
    }
}

fn not_acceptable(field: &'static str, expected: &'static str) -> BodyError {
    BodyError::NotAcceptable { field, expected }
}

/// An object in the body. The named fields are removed one by one; the remaining fields are extra.
struct Object<'a> {
    /// The object's path, which prefixes the names of its fields in errors.
    path: &'static str,
    /// The number of DynamoDB maps that enclose its extra fields: `extra`, and one more for `taskStat`.
    depth: usize,
    fields: Fields<'a>,
}

impl<'a> Object<'a> {
    fn read(json: &'a str, path: &'static str, depth: usize) -> Result<Self, FieldsError> {
        let fields = Fields::read(json)?;
        Ok(Self {
            path,
            depth,
            fields,
        })
    }

    fn take(&mut self, name: &str) -> Result<&'a str, BodyError> {
        match self.fields.take(name) {
            Some(value) => Ok(RawValue::get(value)),
            None => Err(BodyError::Missing {
                field: self.path_of(name),
            }),
        }
    }

    fn string(&mut self, name: &str) -> Result<String, BodyError> {
        let json = self.take(name)?;
        serde_json::from_str(json).map_err(|_| self.wrong_type(name, STRING))
    }

    /// An integer field: a number without a fraction, or a string of decimal digits.
    fn integer(&mut self, name: &str) -> Result<Decimal, BodyError> {
        let json = self.take(name)?;
        let number = match quoted(json) {
            Some(text) if is_digits(&text) => {
                let digits = text.trim_start_matches('0');
                Decimal::parse(if digits.is_empty() { "0" } else { digits })
            }
            Some(_) => None,
            None => Decimal::parse(json),
        };
        number
            .filter(Decimal::is_integer)
            .ok_or_else(|| self.wrong_type(name, INTEGER))
    }

    fn counter(&mut self, name: &str) -> Result<u64, BodyError> {
        let number = self.integer(name)?;
        number
            .to_u64()
            .ok_or_else(|| self.wrong_type(name, COUNTER))
    }

    /// A rate field: a number, or a string that holds one.
    fn rate(&mut self, name: &str) -> Result<Decimal, BodyError> {
        let json = self.take(name)?;
        let number = match quoted(json) {
            Some(text) => Decimal::parse(&text),
            None => Decimal::parse(json),
        };
        number.ok_or_else(|| self.wrong_type(name, RATE))
    }

    fn object(&mut self, name: &'static str) -> Result<Object<'a>, BodyError> {
        let json = self.take(name)?;
        Object::read(json, name, self.depth + 1).map_err(|error| match error {
            FieldsError::NotAnObject(_) => self.wrong_type(name, OBJECT),
            FieldsError::Repeated(field) => BodyError::Repeated {
                field: format!("{name}.{field}"),
            },
        })
    }

    /// The fields that the contract does not name. DynamoDB does not allow an empty attribute name.
    fn rest(self) -> Result<Extra, BodyError> {
        if self.fields.has("") {
            return Err(self.wrong_type("\"\"", "left out: a field needs a name"));
        }
        let extra = self.fields.into_iter();
        Ok(extra
            .map(|(name, value)| (name.into_owned(), Value::read(value, self.depth)))
            .collect())
    }

    fn wrong_type(&self, name: &str, expected: &'static str) -> BodyError {
        let field = self.path_of(name);
        BodyError::WrongType { field, expected }
    }

    fn path_of(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}

/// The value of a JSON string, or `None` if the JSON text is not a string.
fn quoted(json: &str) -> Option<String> {
    if json.starts_with('"') {
        serde_json::from_str(json).ok()
    } else {
        None
    }
}
