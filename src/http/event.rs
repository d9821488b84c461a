//! The HTTP request in API Gateway's event, in either payload format.
//!
//! The request types of `lambda_http` are not used. They copy the whole event, and their conversion
//! to an `http::Request` panics if the body is not the base64 that the event promises, or if the
//! sender's query or host does not form a valid URL.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::contract::headers::Headers;
use crate::contract::json::{Pairs, Text, position};

/// A request in either payload format. Do not log it: its headers hold a signature.
pub struct HttpRequest<'a> {
    /// The method.
    pub method: Cow<'a, str>,
    /// The path, which may begin with a stage or with the base path of a custom domain.
    pub path: Cow<'a, str>,
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
    headers: Option<Pairs<Text<'a>, Text<'a>>>,
    body: Option<Text<'a>>,
    is_base64_encoded: Option<bool>,
    // Format 2.0.
    raw_path: Option<Text<'a>>,
    request_context: Option<RequestContext<'a>>,
    // Format 1.0.
    path: Option<Text<'a>>,
    http_method: Option<Text<'a>>,
    multi_value_headers: Option<Pairs<Text<'a>, Vec<Text<'a>>>>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow)]
    http: Option<Http<'a>>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow)]
    method: Option<Text<'a>>,
}

impl<'a> HttpRequest<'a> {
    /// Reads the request from an event.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, without quoting the event, which holds a signature.
    pub fn from_event(event: &'a str) -> Result<Self, String> {
        let event: Event<'a> = serde_json::from_str(event)
            .map_err(|error| format!("it is not of API Gateway's form at {}", position(&error)))?;
        let context = event.request_context.and_then(|context| context.http);
        let method = context.and_then(|http| http.method).or(event.http_method);
        let path = event.raw_path.or(event.path);
        // A REST API sends every header in both maps, and every value in `multiValueHeaders` only.
        let multi = event.multi_value_headers.map_or(Vec::new(), |map| map.0);
        let single = event.headers.map_or(Vec::new(), |map| map.0).into_iter();
        let is_single = |name: &str| {
            let mut names = multi.iter().map(|(name, _)| &name.0);
            !names.any(|other| other.eq_ignore_ascii_case(name))
        };
        let mut headers: Headers<'a> = single
            .filter(|(name, _)| is_single(&name.0))
            .map(|(name, value)| (name.0, value.0))
            .collect();
        for (name, values) in multi {
            for value in values {
                headers.push((name.0.clone(), value.0));
            }
        }
        Ok(Self {
            method: method.ok_or("it has no method")?.0,
            path: path.ok_or("it has no path")?.0,
            headers,
            body: bytes(event.body, event.is_base64_encoded)?,
        })
    }
}

fn bytes(body: Option<Text<'_>>, is_base64: Option<bool>) -> Result<Cow<'_, [u8]>, String> {
    let body = body.map_or(Cow::Borrowed(""), |body| body.0);
    if is_base64 == Some(true) {
        let decoded = STANDARD.decode(&*body).map(Cow::Owned);
        return decoded.map_err(|error| format!("its body is not base64: {error}"));
    }
    Ok(match body {
        Cow::Borrowed(body) => Cow::Borrowed(body.as_bytes()),
        Cow::Owned(body) => Cow::Owned(body.into_bytes()),
    })
}
