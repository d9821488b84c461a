//! The contract, end to end: API Gateway's events in, answers out, items in a DynamoDB engine.
//!
//! These tests pass over any engine: `DYNAMODB_ENDPOINT_URL` selects one instead of the embedded
//! engine. They test the limits, and `properties` tests any input.

mod answers;
mod body;
mod credentials;
mod events;
mod extra;
mod parked;
mod signature;
mod slots;
mod snapshots;
mod text;

use aws_sdk_dynamodb::types::AttributeValue;
use task_callback::store::Item;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::Request;

/// Sends a callback that must be stored, and returns the item with the latest report.
async fn stored(app: &TestApp, request: &Request, what: &str) -> Item {
    let answer = app.send(request).await;
    assert_eq!(answer.ret_code, 0, "{what}: {}", answer.ret_msg);
    app.items().await.pop().expect("an item")
}

fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn s(text: impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

fn map<const N: usize>(attributes: [(&str, AttributeValue); N]) -> AttributeValue {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    AttributeValue::M(attributes.into())
}
