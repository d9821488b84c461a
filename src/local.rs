//! The local stack of the developer's tool and of the tests: a DynamoDB engine in this process, with the
//! table that `template.yaml` describes.

mod engine;
mod table;

pub use engine::{Engine, EngineError};
pub use table::{TableDefinition, TableError};
