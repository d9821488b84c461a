//! An API Gateway event in a file: the samples in `events/`, or one recorded from a log.

mod sign;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Deserializer, Map, Value};

use crate::Failure;
use crate::client::header_map;
use crate::input::read_text;

/// The key of a sample's description, in addition to API Gateway's keys.
const ABOUT_KEY: &str = "callbot";
/// The statuses, each with its sample.
pub(crate) const SAMPLES: [(&str, &str); 5] = [
    ("PENDING", include_str!("../../events/pending.json")),
    ("IN_PROGRESS", include_str!("../../events/in-progress.json")),
    ("COMPLETED", include_str!("../../events/completed.json")),
    ("FAILED", include_str!("../../events/failed.json")),
    ("PAUSED", include_str!("../../events/paused.json")),
];
const ONE_EVENT: &str = "send each event from a separate file";

/// An event, as in its file.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The sample's description.
    pub(crate) about: About,
    json: Map<String, Value>,
}

/// A sample's description, under the key `callbot` of its event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct About {
    /// What happens, in a sentence.
    pub(crate) about: String,
    /// The expected `retCode`.
    pub(crate) ret_code: u16,
    /// The headers that signing leaves unchanged, such as the wrong ones.
    pub(crate) keep: Vec<String>,
    /// Whether the event is sent with the `createTs` of the event before it.
    pub(crate) resend: bool,
}

impl Event {
    /// Reads an event from a file, or from the standard input for `-`. The error names the path.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        Self::of_file(path, read_json(path)?)
    }

    /// A sample as a report about this task, created now.
    pub(crate) fn sample(json: &str, task: &str, now: u64) -> Result<Self, Failure> {
        let fields = [
            ("taskID", task.into()),
            ("userTaskID", task.into()),
            ("createTs", now.into()),
        ];
        Self::parse(serde_json::from_str(json)?)?.with(fields)
    }

    /// The event with these fields in its body.
    pub(crate) fn with<const N: usize>(
        mut self,
        fields: [(&str, Value); N],
    ) -> Result<Self, Failure> {
        let mut body: Value = serde_json::from_slice(&self.body()?)?;
        for (name, value) in fields {
            body[name] = value;
        }
        self.json["body"] = body.to_string().into();
        Ok(self)
    }

    /// Parses an event from this file. The error names the path.
    pub(crate) fn of_file(path: &Path, json: Value) -> Result<Self, Failure> {
        let event = Self::parse(json);
        event.map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn parse(json: Value) -> Result<Self, Failure> {
        let Value::Object(mut json) = json else {
            return Err(format!("not one JSON object: {ONE_EVENT}").into());
        };
        if json.contains_key("Records") {
            return Err("an SQS event: use `make invoke`".into());
        }
        let about = match json.remove(ABOUT_KEY) {
            None => About::default(),
            Some(about) => serde_json::from_value(about)
                .map_err(|error| format!("its key \"{ABOUT_KEY}\": {error}"))?,
        };
        let get = |field| json.get(field).unwrap_or(&Value::Null);
        let headers = get("headers").as_object();
        let are_strings = headers.is_some_and(|map| map.values().all(Value::is_string));
        for (field, is_right, form) in [
            ("body", get("body").is_string(), "a string"),
            (
                "isBase64Encoded",
                get("isBase64Encoded").is_boolean(),
                "true or false",
            ),
            ("headers", are_strings, "an object of strings"),
        ] {
            if !is_right && !get(field).is_null() {
                return Err(format!("its \"{field}\" must be {form}").into());
            }
        }
        let event = Self { about, json };
        event.body()?;
        header_map(event.headers())?;
        if event.method().is_none() || event.http_path().is_none() {
            return Err("not an API Gateway event: it has no method or no path".into());
        }
        Ok(event)
    }

    /// The request's method, in either form of event.
    pub(crate) fn method(&self) -> Option<Method> {
        self.json
            .get("httpMethod")
            .or_else(|| self.json.get("requestContext")?.get("http")?.get("method"))?
            .as_str()?
            .parse()
            .ok()
    }

    /// The request's path, in either form of event.
    pub(crate) fn http_path(&self) -> Option<&str> {
        let path = self.json.get("rawPath").or_else(|| self.json.get("path"))?;
        path.as_str()
    }

    /// The request's body, decoded if it is in base64.
    pub(crate) fn body(&self) -> Result<Vec<u8>, Failure> {
        let body = self.json.get("body").and_then(Value::as_str);
        let body = body.unwrap_or_default();
        if self.json.get("isBase64Encoded") == Some(&Value::Bool(true)) {
            let decoded = STANDARD.decode(body);
            return decoded.map_err(|error| format!("its body is not base64: {error}").into());
        }
        Ok(body.as_bytes().to_vec())
    }

    /// The request's headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.json.get("headers").and_then(Value::as_object);
        headers
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// The value of a header, its name in any case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find_map(|(other, value)| name.eq_ignore_ascii_case(other).then_some(value))
    }

    /// Sets a header in each of the event's header maps: a REST API's event has two.
    fn set_header(&mut self, name: &str, value: &str) {
        if self.json.contains_key("multiValueHeaders") {
            self.set_in("multiValueHeaders", name, vec![value].into());
        }
        self.set_in("headers", name, value.into());
    }

    fn set_in(&mut self, map: &str, name: &str, value: Value) {
        let headers = self.json.entry(map).or_insert_with(|| Map::new().into());
        // API Gateway's test console sends null.
        if headers.is_null() {
            *headers = Map::new().into();
        }
        if let Some(headers) = headers.as_object_mut() {
            let known = headers.keys().find(|key| name.eq_ignore_ascii_case(key));
            let key = known.cloned().unwrap_or_else(|| name.to_ascii_lowercase());
            headers.insert(key, value);
        }
    }

    /// The event as API Gateway passes it to the function.
    pub(crate) fn to_json(&self) -> String {
        format!("{:#}", Value::Object(self.json.clone()))
    }
}

/// The event of a queue as Lambda passes it to the function; `None` for any other event.
pub(crate) fn queue_event(json: &Value) -> Option<String> {
    let mut event = json.as_object()?.clone();
    event.remove(ABOUT_KEY);
    let is_a_queues = event.contains_key("Records");
    is_a_queues.then(|| format!("{:#}", Value::Object(event)))
}

/// Reads the JSON value of a file, or of the standard input for `-`. The error names the path.
pub(crate) fn read_json(path: &Path) -> Result<Value, Failure> {
    let text = read_text(path)?;
    let mut values = Deserializer::from_str(&text).into_iter();
    let error = match (values.next(), values.next()) {
        (Some(Ok(value)), None) => return Ok(value),
        (Some(Ok(_)), Some(_)) => format!("more than one JSON value: {ONE_EVENT}"),
        (Some(Err(error)), _) => format!("not an API Gateway event: {error}"),
        (None, _) => "the file is empty".to_owned(),
    };
    Err(format!("{}: {error}", path.display()).into())
}
