//! A parked callback as a queue message: the contract's section 6.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::contract::headers::{CALLBACK_HEADERS, Headers, values};
use crate::contract::json::position;
use crate::contract::snapshot::ReceivedAt;
use crate::contract::text::without_byte_order_mark;

const VERSION: u32 = 1;

/// A refused callback with its answer. Its headers hold a signature, so log it only if the queue
/// does not accept it.
pub struct ParkedCallback {
    /// When it was first received.
    pub received_at: ReceivedAt,
    /// The id of the answer that refused it.
    pub response_id: String,
    /// The `retCode` of that answer.
    pub ret_code: u16,
    /// The reason as logged, which may say more than the answer did.
    pub reason: String,
    /// The contract's headers, as far as the request had them.
    pub headers: BTreeMap<String, String>,
    /// The bytes as the sender sent them.
    pub body: Vec<u8>,
}

/// The message's JSON form.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    version: u32,
    received_at: String,
    #[serde(rename = "responseID")]
    response_id: String,
    ret_code: u16,
    reason: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// The contract's headers, as far as a request has them, byte for byte.
pub fn headers_to_park(headers: &Headers<'_>) -> BTreeMap<String, String> {
    let value = |name: &&str| values(headers, name).next().map(str::to_owned);
    let pairs = CALLBACK_HEADERS.iter();
    pairs
        .filter_map(|name| Some(((*name).to_owned(), value(name)?)))
        .collect()
}

impl ParkedCallback {
    /// The message's text, in ASCII: SQS does not accept every Unicode character.
    pub fn into_json(self) -> String {
        let message = Message {
            version: VERSION,
            received_at: self.received_at.to_string(),
            response_id: self.response_id,
            ret_code: self.ret_code,
            reason: self.reason,
            headers: self.headers,
            body: STANDARD.encode(self.body),
        };
        let json = serde_json::to_string(&message).expect("numbers, strings and a map of strings");
        escape_non_ascii(&json)
    }

    /// Reads a message's text.
    ///
    /// # Errors
    ///
    /// Returns why the text is not a parked callback, without quoting the text.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let text = without_byte_order_mark(text);
        let message: Message = serde_json::from_str(text).map_err(|error| {
            let form = "it is no JSON object with the fields of a parked callback";
            format!("{form} ({})", position(&error))
        })?;
        if message.version != VERSION {
            let version = message.version;
            return Err(format!("version is {version}; only {VERSION} is supported"));
        }
        let not_a_time =
            "receivedAt is not a UTC time with milliseconds, such as 2026-09-13T00:05:00.000Z";
        let body = STANDARD.decode(message.body);
        Ok(Self {
            received_at: message.received_at.parse().map_err(|_| not_a_time)?,
            response_id: message.response_id,
            ret_code: message.ret_code,
            reason: message.reason,
            headers: message.headers,
            body: body.map_err(|error| format!("body is not base64: {error}"))?,
        })
    }

    /// The headers, as [`CallbackHeaders`](crate::contract::headers::CallbackHeaders) reads them.
    pub fn headers(&self) -> Headers<'_> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect()
    }
}

/// JSON with every non-ASCII character escaped. Such characters occur in strings only.
fn escape_non_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() {
            ascii.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("a string takes all text");
            }
        }
    }
    ascii
}
