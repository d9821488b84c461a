//! The contract, end to end: API Gateway's events in, answers out, items in a DynamoDB engine.
//!
//! These tests run against any engine. `DYNAMODB_ENDPOINT_URL` selects one instead of the embedded engine.

mod answers;
mod body;
mod events;
mod extra;
mod items;
mod parked;
mod signature;
mod slots;
mod snapshots;
