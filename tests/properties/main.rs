//! What holds for every input, not for chosen ones only: proptest looks for one for which it does not.
//!
//! A failure prints the smallest input found. Nothing is written beside the sources for it: what was found
//! becomes a test of its own.

mod body;
mod boundaries;
mod exact;
mod extension;
mod item;
mod json;
mod message;
mod signature;
mod snapshots;
mod window;

use proptest::test_runner::Config;

/// So many inputs; no files of failures.
fn cases(cases: u32) -> Config {
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}
