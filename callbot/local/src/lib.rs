//! AWS on this machine, for the developer's tool and the tests: a DynamoDB engine in this process with the table
//! that `template.yaml` describes, the function's processes behind one URL, and a proxy that makes the way
//! between them fail.

#![forbid(unsafe_code)]

#[cfg(feature = "dynamodb")]
mod engine;
mod lambda;
mod proxy;
pub mod runtime_api;
#[cfg(feature = "dynamodb")]
mod table;

#[cfg(feature = "dynamodb")]
pub use engine::{Engine, EngineError};
pub use lambda::{Function, Lambda};
pub use proxy::{Fault, Proxy};
#[cfg(feature = "dynamodb")]
pub use table::{TableDefinition, TableError};
