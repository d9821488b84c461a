//! Shared by the tests of the function and of the tool: the function with a DynamoDB engine, callbacks to send, a proxy
//! and a server in place of AWS, and the log.

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

/// The sample event of the queue.
pub fn parked_event() -> PathBuf {
    project().join("events/parked.json")
}

/// The requests in `events/`, sorted.
pub fn sample_events() -> Vec<PathBuf> {
    let files = std::fs::read_dir(project().join("events")).expect("the samples");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| *file != parked_event());
    files.sort();
    assert!(files.len() >= 12, "one for each status, and the bad ones");
    files
}
