//! Parses verified bytes into a [`Callback`].

use serde_json::value::RawValue;

use super::{BodyError, Callback, TASK_CALLBACK, TaskStat, TaskStatus};
use crate::contract::decimal::{Decimal, is_digits};
use crate::contract::extra::{Extra, HalfSurrogate, Value, read_extra};
use crate::contract::json::{Fields, FieldsError, fields};
use crate::contract::signature::VerifiedBody;
use crate::contract::text::{QUOTE_LIMIT, excerpt, without_byte_order_mark};

const STRING: &str = "must be a string";
const INTEGER: &str = "must be an integer";
const COUNTER: &str = "must be an integer from 0 to 18446744073709551615";
const RATE: &str =
    "must be a number of at most 38 digits and of a magnitude from 1E-130 to 9.9E+125";

const HALF_SURROGATE: &str =
    "holds half of a surrogate pair: its text was cut in the middle of a character";

/// DynamoDB's limit for a partition key, in bytes. `userTaskID` is the partition key of the index.
const MAX_KEY_BYTES: usize = 2048;

impl Callback {
    /// Parses a verified body.
    ///
    /// # Errors
    ///
    /// Returns the first error. `callbackType` is checked first: the other fields depend on it.
    pub fn parse(body: &VerifiedBody<'_>) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(body.bytes())
            .map_err(|error| malformed("the body", format!("must be a JSON object: {error}")))?;
        let mut body = Object::read(without_byte_order_mark(text), "", 1)?;

        let other = match body.integer("callbackType")?.to_u64() {
            Some(TASK_CALLBACK) => None,
            Some(2) => Some("is 2, an order callback; this endpoint takes task callbacks (1)"),
            Some(3) => Some("is 3, a call callback; this endpoint takes task callbacks (1)"),
            _ => Some("must be 1, a task callback"),
        };
        if let Some(problem) = other {
            return Err(refused("callbackType", problem));
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
            .ok_or(refused("taskStatus", "must be from 1 to 5"))?;
        if task_id.is_empty() || task_id.len() > MAX_KEY_BYTES {
            return Err(refused("taskID", "must be from 1 to 2048 bytes long"));
        }
        if user_task_id.len() > MAX_KEY_BYTES {
            return Err(refused("userTaskID", "must be at most 2048 bytes long"));
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

fn malformed(field: &str, problem: impl Into<String>) -> BodyError {
    let (field, problem) = (excerpt(field, QUOTE_LIMIT), problem.into());
    BodyError::Malformed { field, problem }
}

fn refused(field: &str, problem: &str) -> BodyError {
    let (field, problem) = (field.to_owned(), problem.to_owned());
    BodyError::Unprocessable { field, problem }
}

/// An object in the body. The contract's fields are removed one by one; the rest is extra.
struct Object<'a> {
    /// The path of the object, for errors.
    path: &'static str,
    /// How many DynamoDB maps enclose the extra fields: `extra`, and for `taskStat` one more.
    depth: usize,
    fields: Fields<'a>,
}

impl<'a> Object<'a> {
    fn read(json: &'a str, path: &'static str, depth: usize) -> Result<Self, BodyError> {
        let fields = fields(json).map_err(|error| match error {
            FieldsError::NotAnObject(_) if !path.is_empty() => malformed(path, "must be an object"),
            FieldsError::NotAnObject(problem) => {
                malformed("the body", format!("must be a JSON object: {problem}"))
            }
            FieldsError::Repeated(name) => {
                malformed(&join(path, &name), "appears in the body more than once")
            }
            FieldsError::HalfSurrogate(name) => malformed(&join(path, &name), HALF_SURROGATE),
        })?;
        Ok(Self {
            path,
            depth,
            fields,
        })
    }

    fn take(&mut self, name: &str) -> Result<&'a str, BodyError> {
        let value = self.fields.remove(name).map(RawValue::get);
        value.ok_or_else(|| self.malformed(name, "is missing"))
    }

    /// The value of a JSON string, or `None` if the JSON text is not a string.
    fn quoted(&self, name: &str, json: &str) -> Result<Option<String>, BodyError> {
        if !json.starts_with('"') {
            return Ok(None);
        }
        // A string in valid JSON has no other error.
        let text = serde_json::from_str(json).map(Some);
        text.map_err(|_| self.malformed(name, HALF_SURROGATE))
    }

    fn string(&mut self, name: &str) -> Result<String, BodyError> {
        let json = self.take(name)?;
        let text = self.quoted(name, json)?;
        text.ok_or_else(|| self.malformed(name, STRING))
    }

    /// An integer field: a number without a fraction, or a string of decimal digits.
    fn integer(&mut self, name: &str) -> Result<Decimal, BodyError> {
        let json = self.take(name)?;
        let number = match self.quoted(name, json)? {
            Some(text) if is_digits(&text) => {
                let digits = text.trim_start_matches('0');
                Decimal::parse(if digits.is_empty() { "0" } else { digits })
            }
            Some(_) => None,
            None => Decimal::parse(json),
        };
        number
            .filter(Decimal::is_integer)
            .ok_or_else(|| self.malformed(name, INTEGER))
    }

    fn counter(&mut self, name: &str) -> Result<u64, BodyError> {
        let number = self.integer(name)?;
        number.to_u64().ok_or_else(|| self.malformed(name, COUNTER))
    }

    /// A rate field: a number, or a string that holds one.
    fn rate(&mut self, name: &str) -> Result<Decimal, BodyError> {
        let json = self.take(name)?;
        let number = match self.quoted(name, json)? {
            Some(text) => Decimal::parse(&text),
            None => Decimal::parse(json),
        };
        number.ok_or_else(|| self.malformed(name, RATE))
    }

    fn object(&mut self, name: &'static str) -> Result<Object<'a>, BodyError> {
        Object::read(self.take(name)?, name, self.depth + 1)
    }

    /// The fields that the contract does not name. DynamoDB does not allow an empty attribute name.
    fn rest(self) -> Result<Extra, BodyError> {
        if self.fields.contains_key("") {
            return Err(self.malformed("\"\"", "must be left out: a field needs a name"));
        }
        let path = self.path;
        read_extra(self.fields, self.depth)
            .map_err(|HalfSurrogate(field)| malformed(&join(path, &field), HALF_SURROGATE))
    }

    fn malformed(&self, name: &str, problem: &str) -> BodyError {
        malformed(&join(self.path, name), problem)
    }
}

/// The path of a field in the object with this path.
fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}
