//! The contract's answer as API Gateway's response.

use ::http::HeaderValue;
use ::http::header::{ALLOW, CONTENT_TYPE};
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyResponse;
use serde::Serialize;

use crate::contract::callback::CALLBACK_METHOD;

/// The response, in either payload format.
#[derive(Debug, Serialize)]
pub struct ProxyResponse {
    #[serde(flatten)]
    response: ApiGatewayProxyResponse,
    /// In format 2.0 only (HTTP APIs and function URLs), where `cargo lambda watch` demands the
    /// field. A REST API does not accept it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[String; 0]>,
}

/// The body of every response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    ret_code: u16,
    ret_msg: &'a str,
    /// Lambda's request id of the invocation, which the log line also holds.
    #[serde(rename = "responseID")]
    response_id: &'a str,
}

/// The response with the contract's answer to an event, which may be unreadable.
pub(crate) fn respond(
    event: &str,
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
    // Only events of format 2.0 have a raw path.
    let cookies = event.contains("\"rawPath\"").then_some([]);
    ProxyResponse { response, cookies }
}
