//! API Gateway's events, as `lambda_http` has them, to one plain request.
//!
//! `lambda_http`'s own conversion to an `http::Request` is not used: it panics where the body is not the
//! base64 it claims to be, or where the sender's query or host makes no URL.

use std::borrow::Cow;

use ::http::{HeaderMap, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{
    ApiGatewayProxyRequest, ApiGatewayProxyResponse, ApiGatewayV2httpRequest,
    ApiGatewayV2httpResponse,
};
use serde::{Deserialize, Serialize};

/// The form of an event and of its response: API Gateway's payload format version.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payload {
    /// 1.0, a REST API's.
    V1,
    /// 2.0, an HTTP API's.
    V2,
}

/// What there is of the request in either form.
#[derive(Debug)]
pub(super) struct HttpRequest {
    pub(super) method: Method,
    /// Without the stage.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// The bytes as the sender sent them.
    pub(super) body: Vec<u8>,
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

impl Payload {
    /// The form of an event. Only an HTTP API says its version: the rest counts as 1.0.
    pub(super) fn of(event: &str) -> Self {
        #[derive(Deserialize)]
        struct Version<'a> {
            #[serde(borrow)]
            version: Cow<'a, str>,
        }

        match serde_json::from_str(event) {
            Ok(Version { version }) if version == "2.0" => Self::V2,
            _ => Self::V1,
        }
    }

    /// Decodes an event of this form. `Err` says what is wrong with it.
    pub(super) fn decode(self, event: &str) -> Result<HttpRequest, String> {
        match self {
            Self::V1 => parse::<ApiGatewayProxyRequest>(event)?.try_into(),
            Self::V2 => parse::<ApiGatewayV2httpRequest>(event)?.try_into(),
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
