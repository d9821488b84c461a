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

/// What there is of the request in either form. Not to be logged: its headers hold a signature.
pub(super) struct HttpRequest {
    pub(super) method: Method,
    /// As the event has it: an HTTP API may have put the stage in front.
    pub(super) path: String,
    /// The stage that may stand in front of the path.
    stage: Option<String>,
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

/// The error says where and not what: an event holds a signature.
fn parse<'a, T: Deserialize<'a>>(event: &'a str) -> Result<T, String> {
    serde_json::from_str(event).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("it is not of API Gateway's form at line {line}, column {column}")
    })
}

impl HttpRequest {
    /// Whether the request is to this path, whichever the stage.
    pub(super) fn is_to(&self, path: &str) -> bool {
        let after_stage = || {
            let stage = self.stage.as_deref()?;
            self.path.strip_prefix('/')?.strip_prefix(stage)
        };
        self.path == path || after_stage() == Some(path)
    }
}

impl TryFrom<ApiGatewayV2httpRequest> for HttpRequest {
    type Error = String;

    fn try_from(event: ApiGatewayV2httpRequest) -> Result<Self, String> {
        let context = event.request_context;
        Ok(Self {
            method: context.http.method,
            path: event.raw_path.ok_or(NO_PATH)?,
            stage: context.stage,
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
            path: event.path.ok_or(NO_PATH)?,
            // A REST API keeps it out of the path.
            stage: None,
            headers,
            body: bytes(event.body, event.is_base64_encoded)?,
        })
    }
}

const NO_PATH: &str = "it has no path";

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
