//! The platform's contract as pure types and functions: what the platform sends, how the function answers, and what it
//! stores. There is no I/O, clock, AWS or async runtime here.
//!
//! | module | its one job | the contract's section |
//! | --- | --- | --- |
//! | [`account`] | the accounts and their secrets | 2 |
//! | [`headers`] | the required headers, checked | 1 |
//! | [`signature`] | the proof that an account sent the bytes | 2 |
//! | [`callback`] | the body, parsed | 3 |
//! | [`snapshot`] | the stored form of a callback | 5 |
//! | [`parked`] | a rejected callback, kept for a retry | 6 |
//!
//! [`decimal`] holds numbers as DynamoDB stores them, `json` splits a JSON object, [`extra`] holds the fields that the
//! contract does not name, and [`text`] limits what messages quote.

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
