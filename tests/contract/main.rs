//! The contract, end to end: API Gateway's events in, answers out, items in a DynamoDB engine.

mod answers;
mod app;
mod body;
mod configuration;
mod events;
mod log;
mod proxy;
mod request;
mod signature;
mod snapshots;
mod store_trouble;
mod tool;
