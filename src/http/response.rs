//! The contract's answer as API Gateway's response.

use ::http::HeaderValue;
use ::http::header::{ALLOW, CONTENT_TYPE};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use serde::Serialize;

use super::event::PayloadFormat;
use crate::contract::callback::CALLBACK_METHOD;

/// The response in the payload format of its event.
#[derive(Debug, Serialize)]
pub struct ProxyResponse {
    #[serde(flatten)]
    response: ApiGatewayProxyResponse,
    /// In format 2.0 only: a REST API rejects a response with this field, and `cargo lambda watch` rejects one without.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[String; 0]>,
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
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = status.into();
    response.body = Some(Body::Text(body));
    let headers = &mut response.headers;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if status == 405 {
        headers.insert(ALLOW, HeaderValue::from_static(CALLBACK_METHOD));
    }
    let cookies = (format == PayloadFormat::V2).then_some([]);
    ProxyResponse { response, cookies }
}
