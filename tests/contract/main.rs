//! The contract, end to end: API Gateway's events in, answers out, items in a DynamoDB engine.

mod answers;
mod app;
mod body;
mod configuration;
mod connections;
mod dependencies;
mod events;
mod extra;
mod faults;
mod history;
mod log;
mod moto;
mod properties;
mod proxy;
mod replay;
mod request;
mod secret;
mod service;
mod signature;
mod slots;
mod snapshots;
mod soak;
mod store_trouble;
mod tasks;
mod template;
mod tool;
