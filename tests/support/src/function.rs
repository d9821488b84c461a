//! The function as Lambda invokes it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, Error, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use task_callback::config::{Config, ConfigError, CredentialsSource};
use task_callback::credentials::Keyring;
use task_callback::handler::{Handler, Response};
use task_callback::parking::Parking;
use task_callback::store::Store;

use crate::request::{SECRET, UUID};

/// The function's timeout in the template.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP answer that API Gateway makes from the function's response.
#[derive(Debug)]
pub struct Answer {
    pub status: u64,
    pub headers: Value,
    pub ret_code: u64,
    pub ret_msg: String,
    pub response_id: String,
}

/// The configuration of most tests.
pub fn variables() -> HashMap<&'static str, String> {
    let credentials = format!(r#"[{{"uuid":"{UUID}","secretKey":"{SECRET}"}}]"#);
    HashMap::from([
        ("TABLE_NAME", "set by the app".to_owned()),
        ("CALLBOT_CREDENTIALS", credentials),
    ])
}

/// A function with the usual configuration that verifies with `keyring`.
pub fn function_of(keyring: Keyring, store: Store, parking: Parking) -> Handler {
    let config = config(&[]).expect("a good configuration");
    Handler::new(&config, keyring, store, parking)
}

pub fn function(store: Store, parking: Parking, changes: &[(&'static str, &str)]) -> Handler {
    let config = config(changes).expect("a good configuration");
    let CredentialsSource::Variable(credentials) = &config.credentials else {
        panic!("these tests have their credentials in the variable")
    };
    let keyring = Keyring::fixed(credentials.clone());
    Handler::new(&config, keyring, store, parking)
}

/// The usual configuration with some variables set differently.
pub fn config(changes: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
    let mut variables = variables();
    for (name, value) in changes {
        variables.insert(name, (*value).to_owned());
    }
    Config::from_lookup(|name| variables.get(name).cloned())
}

/// Invokes the function with an API Gateway event, as Lambda does.
pub async fn invoke(function: &Handler, event: &str, request_id: &str, now: SystemTime) -> Answer {
    invoke_within(TIMEOUT, function, event, request_id, now).await
}

/// Invokes the function with an API Gateway event, with this timeout.
pub async fn invoke_within(
    timeout: Duration,
    function: &Handler,
    event: &str,
    request_id: &str,
    now: SystemTime,
) -> Answer {
    let response = handle(timeout, function, event, request_id, now).await;
    let response = response.expect("a request is never an error");
    let response = serde_json::to_value(response).expect("the response is JSON");
    assert_eq!(response["isBase64Encoded"], false, "an answer is text");
    assert_eq!(response["headers"]["content-type"], "application/json");
    let body = response["body"].as_str().expect("an answer has a body");
    let body: Value = serde_json::from_str(body).expect("an answer's body is JSON");
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["retCode", "retMsg", "responseID"]);
    Answer {
        status: response["statusCode"].as_u64().expect("a status"),
        headers: response["headers"].clone(),
        ret_code: body["retCode"].as_u64().expect("a number"),
        ret_msg: body["retMsg"].as_str().expect("a string").to_owned(),
        response_id: body["responseID"].as_str().expect("a string").to_owned(),
    }
}

/// Invokes the function with an SQS event. Returns the ids of the messages that stay in the queue.
pub async fn deliver(function: &Handler, event: &Value, now: SystemTime) -> Vec<String> {
    let event = event.to_string();
    let response = handle(TIMEOUT, function, &event, "delivery", now).await;
    let response = response.expect("a batch that can be read is no error");
    let response = serde_json::to_value(response).expect("the response is JSON");
    let failures = response["batchItemFailures"].as_array().expect("a list");
    let id = |failure: &Value| {
        failure["itemIdentifier"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    failures.iter().map(id).collect()
}

/// Invokes the function with any event.
pub async fn handle(
    timeout: Duration,
    function: &Handler,
    event: &str,
    request_id: &str,
    now: SystemTime,
) -> Result<Response, Error> {
    let mut context = Context::default();
    context.request_id = request_id.to_owned();
    let deadline = (now + timeout).duration_since(SystemTime::UNIX_EPOCH);
    context.deadline = deadline.expect("after 1970").as_millis() as u64;
    let payload = RawValue::from_string(event.to_owned()).expect("Lambda hands over JSON only");
    let event = LambdaEvent::new(payload, context);
    function.handle(event, now).await
}
