//! Properties that hold for every input. proptest searches for counterexamples.
//!
//! A failure prints the smallest counterexample. No regression files are written: add a test for
//! the counterexample instead.

mod body;
mod boundaries;
mod exact;
mod extension;
mod item;
mod json;
mod message;
mod parked;
mod signature;

use proptest::test_runner::Config;

/// A configuration with this many inputs and without regression files.
fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}
