//! API Gateway's events, as `lambda_http` has them, to one plain request.
//!
//! `lambda_http`'s own conversion to an `http::Request` is not used: it panics where the body is not the
//! base64 it claims to be, or where the sender's query or host makes no URL.

use ::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use serde::Deserialize;

/// What there is of the request in either form of event.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) method: Method,
    /// Without the stage.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// The bytes as the sender sent them.
    pub(super) body: Vec<u8>,
}

/// The payload format version, which both forms carry: `1.0` (REST API) or `2.0` (HTTP API).
#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    version: Option<std::borrow::Cow<'a, str>>,
}

impl HttpRequest {
    /// Decodes an event. `Err` says what is wrong with it.
    pub(super) fn decode(event: &str) -> Result<Self, String> {
        let payload: Payload<'_> = parse(event)?;
        if payload.version.as_deref() == Some("2.0") {
            parse::<ApiGatewayV2httpRequest>(event)?.try_into()
        } else {
            parse::<ApiGatewayProxyRequest>(event)?.try_into()
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(event: &'a str) -> Result<T, String> {
    serde_json::from_str(event).map_err(|error| error.to_string())
}

impl TryFrom<ApiGatewayV2httpRequest> for HttpRequest {
    type Error = String;

    fn try_from(event: ApiGatewayV2httpRequest) -> Result<Self, String> {
        let context = event.request_context;
        Ok(Self {
            method: context.http.method,
            path: without_stage(event.raw_path, context.stage.as_deref())?,
            headers: event.headers,
            body: bytes(event.body, event.is_base64_encoded)?,
        })
    }
}

impl TryFrom<ApiGatewayProxyRequest> for HttpRequest {
    type Error = String;

    fn try_from(event: ApiGatewayProxyRequest) -> Result<Self, String> {
        // Both maps hold the same headers, but only this one every value of a repeated one.
        let mut headers = event.multi_value_headers;
        for (name, value) in &event.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        Ok(Self {
            method: event.http_method,
            path: without_stage(event.path, event.request_context.stage.as_deref())?,
            headers,
            body: bytes(event.body, event.is_base64_encoded)?,
        })
    }
}

/// An HTTP API puts the stage in front of the path, unless it is the default one.
fn without_stage(path: Option<String>, stage: Option<&str>) -> Result<String, String> {
    let path = path.ok_or("it has no path")?;
    let rest = stage
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.starts_with('/'));
    Ok(rest.map_or(path.clone(), str::to_owned))
}

fn bytes(body: Option<String>, is_base64: bool) -> Result<Vec<u8>, String> {
    let body = body.unwrap_or_default();
    if is_base64 {
        STANDARD
            .decode(body)
            .map_err(|error| format!("its body is not base64: {error}"))
    } else {
        Ok(body.into_bytes())
    }
}
