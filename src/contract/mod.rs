//! What the platform sends and how it is answered and stored, as pure functions and types: no I/O, no clock, no
//! AWS, no runtime.
//!
//! | module | its one job | the contract's section |
//! | --- | --- | --- |
//! | [`account`] | the accounts and their secrets | 2 |
//! | [`headers`] | the required headers, checked | 1 |
//! | [`signature`] | proof of who sent the bytes | 2 |
//! | [`callback`] | the body, parsed | 3 |
//! | [`snapshot`] | what is stored of a callback | 5 |
//! | [`parked`] | a refused callback, to be tried again | 6 |
//!
//! [`decimal`] has numbers as DynamoDB stores them, `fields` splits a JSON object, and [`extra`] holds the
//! fields that the contract does not name.

pub mod account;
pub mod callback;
pub mod decimal;
pub mod extra;
mod fields;
pub mod headers;
pub mod parked;
pub mod signature;
pub mod snapshot;
