//! The contract's answer as API Gateway's response.

use ::http::header::{ALLOW, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderValue};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde::Serialize;

use super::event::PayloadFormat;
use crate::contract::callback::CALLBACK_METHOD;

/// The response in the payload format of its event.
///
/// One format for both would be simpler, but a REST API rejects a response that has the field `cookies`, and
/// `cargo lambda watch` rejects one without it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ProxyResponse {
    /// Format 1.0, for REST APIs.
    V1(ApiGatewayProxyResponse),
    /// Format 2.0, for HTTP APIs and function URLs.
    V2(ApiGatewayV2httpResponse),
}

/// The body of every response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    /// 0 if the callback is stored.
    ret_code: u16,
    /// `success`, or what was wrong.
    ret_msg: &'a str,
    /// Lambda's request id of the invocation: unique to this response, and also in the log line.
    #[serde(rename = "responseID")]
    response_id: &'a str,
}

/// Creates the response that carries the contract's answer.
pub fn respond(
    format: PayloadFormat,
    status: u16,
    ret_code: u16,
    ret_msg: &str,
    response_id: &str,
) -> ProxyResponse {
    let answer = Answer {
        ret_code,
        ret_msg,
        response_id,
    };
    let body = serde_json::to_string(&answer).expect("an answer is a number and two strings");
    let body = Some(Body::Text(body));
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static(CALLBACK_METHOD));
    }
    match format {
        PayloadFormat::V1 => {
            let mut response = ApiGatewayProxyResponse::default();
            response.status_code = status.into();
            response.headers = headers;
            response.body = body;
            ProxyResponse::V1(response)
        }
        PayloadFormat::V2 => {
            let mut response = ApiGatewayV2httpResponse::default();
            response.status_code = status.into();
            response.headers = headers;
            response.body = body;
            ProxyResponse::V2(response)
        }
    }
}
