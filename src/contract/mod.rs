//! The platform's contract as pure types and functions, without I/O, clock, AWS or async runtime.
//!
//! | module | its one job | the contract's section |
//! | --- | --- | --- |
//! | [`account`] | the accounts and their secrets | 2 |
//! | [`headers`] | the required headers, checked | 1 |
//! | [`signature`] | the proof that an account sent the bytes | 2 |
//! | [`callback`] | the body, parsed | 3 |
//! | [`snapshot`] | the stored form of a callback | 5 |
//! | [`parked`] | a refused callback, kept for a retry | 6 |
//!
//! They share [`decimal`] (numbers as DynamoDB stores them), `json` (an object's fields), [`extra`]
//! (fields that the contract does not name) and [`text`] (limits of what messages quote).

pub mod account;
pub mod callback;
pub mod decimal;
pub mod extra;
pub mod headers;
pub(crate) mod json;
pub mod parked;
pub mod signature;
pub mod snapshot;
pub mod text;
