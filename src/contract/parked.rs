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

/// A complete rejected callback, with the answer it got. Its headers hold a signature, so log it only if the queue does
/// not accept it.
pub struct ParkedCallback {
    /// When it was first received.
    pub received_at: ReceivedAt,
    /// The id of the answer that rejected it.
    pub response_id: String,
    /// The `retCode` of that answer.
    pub ret_code: u16,
    /// The reason as logged, which may say more than the answer did.
    pub reason: String,
    /// Those of the contract's headers that the request had.
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

/// Those of the contract's headers that a request has, with their values byte for byte.
pub fn headers_to_park(headers: &Headers<'_>) -> BTreeMap<String, String> {
    let value = |name: &&str| values(headers, name).next().map(str::to_owned);
    let pairs = CALLBACK_HEADERS.iter();
    pairs
        .filter_map(|name| Some(((*name).to_owned(), value(name)?)))
        .collect()
}

impl ParkedCallback {
    /// Writes the message's text, in ASCII: SQS does not accept every character.
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
        in_ascii(&serde_json::to_string(&message).expect("numbers, strings and a map of strings"))
    }

    /// Reads a message's text.
    ///
    /// # Errors
    ///
    /// Returns what is wrong if the text is not a parked callback, without quoting it.
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

    /// The headers, to be checked like those of a request.
    pub fn headers(&self) -> Headers<'_> {
        let headers = self.headers.iter();
        headers
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect()
    }
}

/// JSON with every character outside ASCII escaped. Such characters occur in strings only.
fn in_ascii(json: &str) -> String {
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
