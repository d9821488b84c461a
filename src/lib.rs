//! The customer's side of the callbot platform's task callbacks: verify the signature, keep every
//! status of a task in DynamoDB, answer with the `retCode` the platform expects.
//!
//! The modules, in the order a callback meets them:
//!
//! | module | its one job |
//! | --- | --- |
//! | [`http`] | API Gateway's event in, the contract's answer out |
//! | [`receive`] | the use case: headers, signature, clock, body, store |
//! | [`headers`] | the required headers, checked |
//! | [`signature`] | who sent these bytes, proved |
//! | [`callback`] | the body, parsed |
//! | [`snapshot`] | what is kept of it |
//! | [`store`] | DynamoDB |
//! | [`refusal`] | why a callback is not taken, as `retCode` and HTTP status |
//!
//! [`config`] is read once at start, the [`credentials`] then or, by the [`keyring`], from a [`secret`] that may
//! change; [`aws`] makes the SDK's clients; `direct` calls without one, over the same `connection`s and `tls`;
//! [`telemetry`] writes one line a callback.
//! [`local`] (feature `cli`) is the local stack of the developer's tool and of the tests; `runtime_api` (the feature
//! of this name) is Lambda's side of a function's process, for that and for the bench.

#![forbid(unsafe_code)]

pub mod aws;
pub mod callback;
pub mod config;
mod connection;
pub mod credentials;
pub mod decimal;
mod direct;
pub mod error_chain;
pub mod extra;
mod fields;
pub mod headers;
pub mod http;
pub mod keyring;
#[cfg(feature = "cli")]
pub mod local;
pub mod receive;
pub mod refusal;
#[cfg(feature = "runtime-api")]
pub mod runtime_api;
pub mod secret;
pub mod signature;
pub mod snapshot;
pub mod store;
pub mod telemetry;
mod tls;
