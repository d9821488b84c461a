//! AWS on this machine, for the tool and the tests: a DynamoDB engine with the table of
//! `template.yaml`, the function's processes behind one URL, an event source mapping, a proxy that
//! injects faults, and moto for the other services.

#![forbid(unsafe_code)]

mod engine;
mod event_source;
mod lambda;
mod moto;
mod proxy;
pub mod runtime_api;
mod server;
mod table;

pub use engine::{Engine, EngineError};
pub use event_source::{EventSource, sqs_event};
pub use lambda::{Function, Invoker, Lambda, http_api_event};
pub use moto::{Moto, MotoError};
pub use proxy::{Fault, Proxy};
pub use table::{TableError, create_table};
