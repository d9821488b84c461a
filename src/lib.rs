//! The customer's side of the callbot platform's task callbacks: verify the signature, store every status of a
//! task in DynamoDB, answer with the `retCode` that the platform expects.
//!
//! The rooms, in the order in which a callback passes them. Each imports only from those below it:
//!
//! | module | its one job |
//! | --- | --- |
//! | [`handler`] | each event to its face |
//! | `queue` | parked callbacks in from SQS, those that stay there out |
//! | [`http`] | API Gateway's event in, the contract's answer out |
//! | [`telemetry`] | one log line a callback |
//! | `receive` | the use case: verify, parse, store, or refuse with a `retCode` and park |
//! | [`store`] | the table in DynamoDB |
//! | [`parking`] | the queue of parked callbacks in SQS |
//! | [`credentials`] | the credentials in force |
//! | [`config`] | the environment, read once at start |
//! | [`aws`] | how AWS is reached |
//! | [`contract`] | the platform's contract: headers, signature, body, snapshot |

#![forbid(unsafe_code)]

pub mod aws;
pub mod config;
pub mod contract;
pub mod credentials;
pub mod error_chain;
pub mod handler;
pub mod http;
pub mod parking;
mod queue;
mod receive;
pub mod store;
pub mod telemetry;
