//! API Gateway's events to one plain request, and its responses.
//!
//! The event is read once, and what need not be copied out of it is not. `lambda_http`'s types copy all of it,
//! and its conversion to an `http::Request` panics where the body is not the base64 it claims to be, or where
//! the sender's query or host makes no URL. So of `lambda_http` only the responses are used.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use ::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::headers::Headers;

/// The form of an event and of its response: API Gateway's payload format version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// 1.0, a REST API's.
    V1,
    /// 2.0, an HTTP API's.
    V2,
}

/// What there is of the request in either form. Not to be logged: its headers hold a signature.
pub struct HttpRequest<'a> {
    /// The method.
    pub method: Cow<'a, str>,
    /// As the event has it: an HTTP API may have put the stage in front.
    pub path: Cow<'a, str>,
    /// The stage that may stand in front of the path.
    stage: Option<Cow<'a, str>>,
    /// The headers.
    pub headers: Headers<'a>,
    /// The bytes as the sender sent them.
    pub body: Cow<'a, [u8]>,
}

/// The response to an event, in the event's form.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ProxyResponse {
    /// To a REST API.
    V1(ApiGatewayProxyResponse),
    /// To an HTTP API.
    V2(ApiGatewayV2httpResponse),
}

/// Both forms at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,
    headers: Option<Pairs<'a, Text<'a>>>,
    body: Option<Text<'a>>,
    is_base64_encoded: Option<bool>,
    // 2.0
    raw_path: Option<Text<'a>>,
    request_context: Option<RequestContext<'a>>,
    // 1.0
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

/// A string, copied only where it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object as it stands there.
struct Pairs<'a, V>(Vec<(Text<'a>, V)>);

impl Payload {
    /// The form of an event, and the request in it. `Err` says what is wrong with that.
    ///
    /// Only an HTTP API says its version: the rest counts as 1.0.
    pub fn decode(event: &str) -> (Self, Result<HttpRequest<'_>, String>) {
        match serde_json::from_str::<Event<'_>>(event) {
            Ok(event) if event.version.as_ref().is_some_and(|v| v.0 == "2.0") => {
                (Self::V2, event.into_v2_request())
            }
            Ok(event) => (Self::V1, event.into_v1_request()),
            Err(error) => {
                // Where and not what: an event holds a signature.
                let (line, column) = (error.line(), error.column());
                let error =
                    format!("it is not of API Gateway's form at line {line}, column {column}");
                (Self::of(event), Err(error))
            }
        }
    }

    /// The form of an event of which no more may be right than its version.
    fn of(event: &str) -> Self {
        #[derive(Deserialize)]
        struct Version<'a> {
            #[serde(borrow)]
            version: Text<'a>,
        }

        match serde_json::from_str(event) {
            Ok(Version { version }) if version.0 == "2.0" => Self::V2,
            _ => Self::V1,
        }
    }

    /// A response of this form.
    pub(super) fn respond(self, status: u16, headers: HeaderMap, body: String) -> ProxyResponse {
        let status_code = i64::from(status);
        let body = Some(Body::Text(body));
        match self {
            Self::V1 => {
                let mut response = ApiGatewayProxyResponse::default();
                response.status_code = status_code;
                response.headers = headers;
                response.body = body;
                ProxyResponse::V1(response)
            }
            Self::V2 => {
                let mut response = ApiGatewayV2httpResponse::default();
                response.status_code = status_code;
                response.headers = headers;
                response.body = body;
                ProxyResponse::V2(response)
            }
        }
    }
}

impl<'a> Event<'a> {
    fn into_v2_request(self) -> Result<HttpRequest<'a>, String> {
        let context = self.request_context.ok_or(NO_METHOD)?;
        let method = context.http.and_then(|http| http.method);
        let headers = self.headers.map_or(Vec::new(), |headers| headers.0);
        Ok(HttpRequest {
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
        // Both maps hold the same headers, but only this one every value of a repeated one.
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
            method: self.http_method.ok_or(NO_METHOD)?.0,
            path: self.path.ok_or(NO_PATH)?.0,
            // A REST API keeps it out of the path.
            stage: None,
            headers,
            body: bytes(self.body, self.is_base64_encoded)?,
        })
    }
}

impl HttpRequest<'_> {
    /// Whether the request is to this path, whichever the stage.
    pub(super) fn is_to(&self, path: &str) -> bool {
        let after_stage = || {
            let stage = self.stage.as_deref()?;
            self.path.strip_prefix('/')?.strip_prefix(stage)
        };
        self.path == path || after_stage() == Some(path)
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
                // As many as API Gateway usually hands over.
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
