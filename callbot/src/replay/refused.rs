//! A callback that the function has refused, as its log line has it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::log::Object;
use crate::terminal::shown;

/// What the function answers once a callback is known to be authentic: only those bodies are to be signed again.
const AUTHENTIC: [u16; 4] = [4001, 4220, 5000, 5030];

/// What stands in a replay's `requestID` between the original one and the time of the report.
const REPLAY: &str = "-replay-";

/// What an object in the log is.
pub(super) enum Entry {
    /// An authentic callback that was not stored.
    Refused(Box<Refused>),
    /// A callback that was stored.
    Stored,
    /// A callback that was refused before anybody knew whose it was.
    NotAuthentic,
    /// A callback's line that is not as the function writes it.
    Broken(String),
    /// Something else.
    Other,
}

/// An authentic callback that was not stored.
#[derive(Debug)]
pub(super) struct Refused {
    /// When, as the line has it.
    pub(super) timestamp: String,
    pub(super) ret_code: u16,
    /// Why.
    pub(super) reason: String,
    pub(super) request_id: String,
    /// The account.
    pub(super) uuid: String,
    /// When it was reported, Unix seconds.
    pub(super) create_ts: u64,
    pub(super) body: Vec<u8>,
    pub(super) body_sha256: [u8; 32],
    /// Whose report it is, where the body says so.
    pub(super) task_id: Option<String>,
}

/// The fields of the function's line that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    timestamp: String,
    outcome: String,
    ret_code: u16,
    reason: Option<String>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    uuid: Option<String>,
    create_ts: Option<String>,
    body: Option<String>,
    body_base64: Option<String>,
}

impl Entry {
    /// Reads the function's line out of an object: that line itself, or what CloudWatch wraps around it.
    pub(super) fn of(object: &Object) -> Self {
        if !object.whole {
            return cut_off(&object.text);
        }
        let Ok(object) = serde_json::from_slice::<Map<String, Value>>(&object.text) else {
            return cut_off(&object.text);
        };
        match wrapped(&object) {
            None => Self::of_line(object),
            Some(message) => match serde_json::from_str(message) {
                Ok(object) => Self::of_line(object),
                Err(_) => cut_off(message.as_bytes()),
            },
        }
    }

    fn of_line(object: Map<String, Value>) -> Self {
        if object.get("message").and_then(Value::as_str) != Some("callback") {
            return Self::Other;
        }
        match serde_json::from_value::<Line>(Value::Object(object)) {
            Ok(line) if line.ret_code == 0 => Self::Stored,
            Ok(line) if line.body.is_none() && line.body_base64.is_none() => Self::NotAuthentic,
            Ok(line) => line.refused().map_or_else(Self::Broken, Self::Refused),
            Err(error) => Self::Broken(error.to_string()),
        }
    }
}

/// The function's line as an event of CloudWatch's (`filter-log-events`) or a field of a query's result (Logs
/// Insights) has it.
fn wrapped(object: &Map<String, Value>) -> Option<&str> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if text("field") == Some("@message") {
        return text("value");
    }
    let event = object.contains_key("eventId") || object.contains_key("logStreamName");
    text("message").filter(|_| event).or(text("@message"))
}

/// Whatever is not JSON, and matters only where it began as a callback's line.
fn cut_off(text: &[u8]) -> Entry {
    let text = String::from_utf8_lossy(text);
    if text.contains("\"retCode\"") && text.contains("\"callback\"") {
        return Entry::Broken("it is cut off, or no JSON".to_owned());
    }
    Entry::Other
}

impl Line {
    fn refused(self) -> Result<Box<Refused>, String> {
        if !AUTHENTIC.contains(&self.ret_code) {
            let ret_code = self.ret_code;
            return Err(format!("a {ret_code} has no body that is authentic"));
        }
        if !["refused", "failed"].contains(&self.outcome.as_str()) {
            return Err(format!("no callback with a body is {:?}", self.outcome));
        }
        let body = match (self.body, self.body_base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|error| format!("its bodyBase64 is not base64: {error}"))?,
            _ => return Err("it has two bodies".to_owned()),
        };
        let header = |name: &str, value: Option<String>| {
            let value =
                value.filter(|value| !value.is_empty() && !value.contains(char::is_control));
            value.ok_or_else(|| format!("its {name} is missing or malformed"))
        };
        let create_ts = header("createTs", self.create_ts)?;
        let is_digits = create_ts.bytes().all(|byte| byte.is_ascii_digit());
        let create_ts = create_ts.parse().ok().filter(|_| is_digits);
        let request_id = header("requestID", self.request_id)?;
        if request_id.contains('&') {
            return Err("its requestID holds an ampersand".to_owned());
        }
        let create_ts = create_ts.ok_or("its createTs is no Unix time")?;
        // A replay that was refused in its turn is the report that it was before.
        let (request_id, create_ts) = replayed(&request_id).unwrap_or((request_id, create_ts));
        Ok(Box::new(Refused {
            timestamp: self.timestamp,
            ret_code: self.ret_code,
            reason: self.reason.unwrap_or_default(),
            request_id,
            uuid: header("uuid", self.uuid)?,
            create_ts,
            body_sha256: Sha256::digest(&body).into(),
            task_id: task_id(&body),
            body,
        }))
    }
}

/// The `requestID` and the time of the report of which this is a replay's `requestID`.
fn replayed(request_id: &str) -> Option<(String, u64)> {
    let (original, time) = request_id.rsplit_once(REPLAY)?;
    let is_digits = time.bytes().all(|byte| byte.is_ascii_digit());
    let time = time.parse().ok().filter(|_| is_digits)?;
    (!original.is_empty()).then(|| (original.to_owned(), time))
}

/// Leniently: the body may have been refused for anything else in it.
fn task_id(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let task_id = body.get("taskID")?.as_str()?;
    (!task_id.is_empty()).then(|| task_id.to_owned())
}

impl Refused {
    /// What makes two lines the same report: the platform may have sent it again, and been refused again.
    pub(super) fn identity(&self) -> [u8; 32] {
        let mut identity = Sha256::new();
        identity.update(self.uuid.len().to_be_bytes());
        identity.update(&self.uuid);
        identity.update(self.create_ts.to_be_bytes());
        identity.update(self.body_sha256);
        identity.finalize().into()
    }

    /// The `requestID` it is replayed under: the original's, so that the two can be told to belong together, and with
    /// the time of the report, by which a later replay recognises it wherever it is stored.
    pub(super) fn replay_id(&self) -> String {
        format!("{}{}", self.request_id, self.replay_suffix())
    }

    /// How the `requestID` of every replay of this report ends.
    pub(super) fn replay_suffix(&self) -> String {
        format!("{REPLAY}{}", self.create_ts)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.task_id.as_deref().unwrap_or("(not in the body)");
        write!(
            f,
            "task {}  createTs {}  account {}  requestID {}",
            shown(task),
            self.create_ts,
            shown(&self.uuid),
            shown(&self.request_id)
        )
    }
}
