//! The local stack of the developer's tool and of the tests: a DynamoDB engine in this process, with the
//! table that `template.yaml` describes; a proxy that makes the way there fail; and the function's processes
//! behind one URL.

mod engine;
mod lambda;
mod proxy;
mod table;

pub use engine::{Engine, EngineError};
pub use lambda::{Function, Lambda};
pub use proxy::{Fault, Proxy};
pub use table::{TableDefinition, TableError};
