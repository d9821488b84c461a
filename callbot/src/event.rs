//! An API Gateway event in a file: the samples in `events/`, or one recorded from a log.

mod sign;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Failure;
use crate::input::read_text;

/// The key of a sample's description, in addition to API Gateway's keys.
const ABOUT_KEY: &str = "callbot";

/// An event, as in its file.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The file.
    pub(crate) path: PathBuf,
    /// The sample's description.
    pub(crate) about: About,
    json: Map<String, Value>,
}

/// A sample's description, under the key `callbot` of its event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct About {
    /// What happens, in a sentence.
    #[serde(default)]
    pub(crate) about: String,
    /// The `retCode` it must be answered with.
    #[serde(default)]
    pub(crate) ret_code: u16,
    /// The headers that signing leaves unchanged, such as the wrong ones.
    #[serde(default)]
    pub(crate) keep: Vec<String>,
    /// Whether it is sent with the `createTs` of the report before it.
    #[serde(default)]
    pub(crate) resend: bool,
}

impl Event {
    /// Reads an event from its file, or from the standard input if the path is `-`.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        Self::of_file(path, read_json(path)?)
    }

    /// Parses an event from this file.
    pub(crate) fn of_file(path: &Path, json: Value) -> Result<Self, Failure> {
        let event = Self::from_json(json);
        let event = event.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            ..event
        })
    }

    /// Parses an event.
    pub(crate) fn from_json(json: Value) -> Result<Self, Failure> {
        let Value::Object(mut json) = json else {
            return Err("not an API Gateway event: it is not a JSON object".into());
        };
        let about = match json.remove(ABOUT_KEY) {
            None => About::default(),
            Some(about) => serde_json::from_value(about)
                .map_err(|error| format!("its key \"{ABOUT_KEY}\": {error}"))?,
        };
        let event = Self {
            path: PathBuf::new(),
            about,
            json,
        };
        if event.method().is_none() || event.http_path().is_none() {
            return Err("not an API Gateway event: it has no method or no path".into());
        }
        event.body()?;
        Ok(event)
    }

    /// The request's method, in either form of event.
    pub(crate) fn method(&self) -> Option<&str> {
        self.json
            .get("httpMethod")
            .or_else(|| self.json.get("requestContext")?.get("http")?.get("method"))?
            .as_str()
    }

    /// The request's path, in either form of event.
    pub(crate) fn http_path(&self) -> Option<&str> {
        let path = self.json.get("rawPath").or_else(|| self.json.get("path"))?;
        path.as_str()
    }

    /// The request's body, decoded where it is in base64.
    pub(crate) fn body(&self) -> Result<Vec<u8>, Failure> {
        let body = self
            .json
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
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
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find_map(|(other, value)| name.eq_ignore_ascii_case(other).then_some(value))
    }

    /// Sets a header in each of the event's header maps.
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        let rest_api = self.json.contains_key("multiValueHeaders");
        set_in(&mut self.json, "headers", name, value.into());
        if rest_api {
            set_in(
                &mut self.json,
                "multiValueHeaders",
                name,
                vec![value].into(),
            );
        }
    }

    /// The event as API Gateway passes it to the function.
    pub(crate) fn to_json(&self) -> String {
        format!("{:#}", Value::Object(self.json.clone()))
    }
}

/// The event as Lambda passes it to the function, if a queue sends it and not API Gateway.
pub(crate) fn queue_event(json: &Value) -> Option<String> {
    let mut event = json.as_object()?.clone();
    event.remove(ABOUT_KEY);
    let is_a_queues = event.contains_key("Records");
    is_a_queues.then(|| format!("{:#}", Value::Object(event)))
}

/// Reads the JSON of a file, or of the standard input if the path is `-`.
pub(crate) fn read_json(path: &Path) -> Result<Value, Failure> {
    let json = serde_json::from_str(&read_text(path)?);
    Ok(json.map_err(|error| format!("{}: not an API Gateway event: {error}", path.display()))?)
}

fn set_in(event: &mut Map<String, Value>, headers: &str, name: &str, value: Value) {
    let headers = event.entry(headers).or_insert_with(|| Map::new().into());
    if !headers.is_object() {
        *headers = Map::new().into();
    }
    if let Some(headers) = headers.as_object_mut() {
        let known = headers.keys().find(|key| name.eq_ignore_ascii_case(key));
        let key = known.cloned().unwrap_or_else(|| name.to_ascii_lowercase());
        headers.insert(key, value);
    }
}
