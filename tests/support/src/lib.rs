//! Shared by the tests: the function with a DynamoDB engine, callbacks, stand-ins for AWS, the log.

#![forbid(unsafe_code)]
#![allow(
    missing_docs,
    reason = "a test's helper is documented where its name does not say all"
)]

pub mod app;
pub mod aws;
pub mod function;
pub mod log;
pub mod moto;
pub mod proxy;
pub mod queue;
pub mod request;
pub mod service;

use std::path::{Path, PathBuf};

/// The root folder of the repository.
pub fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("two folders up").to_owned()
}
