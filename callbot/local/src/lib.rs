//! AWS on this machine, for the developer's tool and the tests: a DynamoDB engine in this process with the table
//! that `template.yaml` describes, the function's processes behind one URL, a queue's event source mapping to them,
//! a proxy that makes the way between them fail, and moto for AWS's other services.

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
