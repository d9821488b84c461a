//! The contract, end to end: API Gateway's events in, answers out, items in a DynamoDB engine.
//!
//! All of these run over any engine: `DYNAMODB_ENDPOINT_URL` names another than the embedded one.

mod answers;
mod body;
mod events;
mod extra;
mod items;
mod parked;
mod signature;
mod slots;
mod snapshots;
