//! The HTTP request in API Gateway's event, in either payload format.
//!
//! The event is read once, and strings are borrowed from it. The request types of `lambda_http` copy the whole event,
//! and their conversion to an `http::Request` panics if the body is not valid base64 although the event says so, or if
//! the sender's query or host does not form a valid URL. Therefore only the response types of `lambda_http` are used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::contract::headers::Headers;

/// The payload format of an event. The response must have the same format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// 1.0, used by REST APIs.
    V1,
    /// 2.0, used by HTTP APIs and function URLs.
    V2,
}

/// A request in either payload format. Do not log it: its headers hold a signature.
pub struct HttpRequest<'a> {
    /// The payload format of the event.
    pub format: PayloadFormat,
    /// The method.
    pub method: Cow<'a, str>,
    /// The path as it is in the event. An HTTP API may prefix it with the stage.
    pub path: Cow<'a, str>,
    /// The stage, which may be the path's first segment.
    stage: Option<Cow<'a, str>>,
    /// The headers.
    pub headers: Headers<'a>,
    /// The bytes as the sender sent them.
    pub body: Cow<'a, [u8]>,
}

/// The fields that the function uses, from both payload formats.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    headers: Option<Pairs<'a, Text<'a>>>,
    body: Option<Text<'a>>,
    is_base64_encoded: Option<bool>,
    // Format 2.0: HTTP APIs and function URLs.
    raw_path: Option<Text<'a>>,
    request_context: Option<RequestContext<'a>>,
    // Format 1.0: REST APIs.
    path: Option<Text<'a>>,
    http_method: Option<Text<'a>>,
    multi_value_headers: Option<Pairs<'a, Vec<Text<'a>>>>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: Option<Http<'a>>,
    stage: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Option<Text<'a>>,
}

/// A string, borrowed from the event unless it contains an escape.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object's entries in their original order, including repeated names.
struct Pairs<'a, V>(Vec<(Text<'a>, V)>);

impl<'a> HttpRequest<'a> {
    /// Reads the request from an event.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the event. The text never quotes the event, which holds a signature.
    pub fn from_event(event: &'a str) -> Result<Self, String> {
        let event: Event<'a> = serde_json::from_str(event).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("it is not of API Gateway's form at line {line}, column {column}")
        })?;
        // Only format 2.0 always names its version.
        if event
            .version
            .as_ref()
            .is_some_and(|version| version.0 == "2.0")
        {
            event.into_v2_request()
        } else {
            event.into_v1_request()
        }
    }

    /// Whether the request is to this path, with or without the stage.
    pub(super) fn is_to(&self, path: &str) -> bool {
        let after_stage = || {
            let stage = self.stage.as_deref()?;
            self.path.strip_prefix('/')?.strip_prefix(stage)
        };
        self.path == path || after_stage() == Some(path)
    }
}

impl<'a> Event<'a> {
    fn into_v2_request(self) -> Result<HttpRequest<'a>, String> {
        let context = self.request_context.ok_or(NO_METHOD)?;
        let method = context.http.and_then(|http| http.method);
        let headers = self.headers.map_or(Vec::new(), |headers| headers.0);
        Ok(HttpRequest {
            format: PayloadFormat::V2,
            method: method.ok_or(NO_METHOD)?.0,
            path: self.raw_path.ok_or(NO_PATH)?.0,
            stage: context.stage.map(|stage| stage.0),
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.0, value.0))
                .collect(),
            body: bytes(self.body, self.is_base64_encoded)?,
        })
    }

    fn into_v1_request(self) -> Result<HttpRequest<'a>, String> {
        // Both maps hold the same headers, but only `multiValueHeaders` has every value of a repeated header.
        let multi = self
            .multi_value_headers
            .map_or(Vec::new(), |headers| headers.0);
        let single = self.headers.map_or(Vec::new(), |headers| headers.0);
        let is_multi = |name: &str| {
            multi
                .iter()
                .any(|(other, _)| other.0.eq_ignore_ascii_case(name))
        };
        let mut headers: Headers<'a> = single
            .into_iter()
            .filter(|(name, _)| !is_multi(&name.0))
            .map(|(name, value)| (name.0, value.0))
            .collect();
        for (name, values) in multi {
            for value in values {
                headers.push(name.0.clone(), value.0);
            }
        }
        Ok(HttpRequest {
            format: PayloadFormat::V1,
            method: self.http_method.ok_or(NO_METHOD)?.0,
            path: self.path.ok_or(NO_PATH)?.0,
            // A REST API's path does not include the stage.
            stage: None,
            headers,
            body: bytes(self.body, self.is_base64_encoded)?,
        })
    }
}

const NO_METHOD: &str = "it has no method";
const NO_PATH: &str = "it has no path";

fn bytes(body: Option<Text<'_>>, is_base64: Option<bool>) -> Result<Cow<'_, [u8]>, String> {
    let body = body.map_or(Cow::Borrowed(""), |body| body.0);
    if is_base64 == Some(true) {
        let decoded = STANDARD.decode(&*body);
        return decoded
            .map(Cow::Owned)
            .map_err(|error| format!("its body is not base64: {error}"));
    }
    Ok(match body {
        Cow::Borrowed(body) => Cow::Borrowed(body.as_bytes()),
        Cow::Owned(body) => Cow::Owned(body.into_bytes()),
    })
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<P>(PhantomData<P>);

        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for Map<Pairs<'a, V>> {
            type Value = Pairs<'a, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                // API Gateway usually sends about this many headers.
                let mut pairs = Vec::with_capacity(16);
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Map(PhantomData))
    }
}
