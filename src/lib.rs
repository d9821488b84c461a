//! The customer's side of the callbot platform's task callbacks: verify the signature, store every status of a
//! task in DynamoDB, answer with the `retCode` that the platform expects.
//!
//! The modules, in the order in which a callback passes through them. A module may use only modules below it. Lambda's
//! events are known to the first three only, and the AWS SDK to `store`, `parking`, `credentials` and `aws` only.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`handler`] | dispatches each event to `http` or `queue` |
//! | `queue` | parked callbacks in from SQS, the list of failed messages out |
//! | [`http`] | API Gateway's event in, the contract's answer out |
//! | [`telemetry`] | one log line a callback |
//! | `receive` | the use case: verify, parse and store, or reject with a `retCode` and park |
//! | [`store`] | the table in DynamoDB |
//! | [`parking`] | the queues of parked callbacks in SQS |
//! | [`credentials`] | the credentials in force |
//! | [`config`] | the environment, read once at start |
//! | [`aws`] | AWS client settings: region, credentials, endpoints, timeouts, retries |
//! | [`error_chain`] | an error's text with its causes |
//! | [`contract`] | the platform's contract: headers, signature, body, snapshot |

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
