//! Receives the callbot platform's task callbacks: verifies the signature, stores every status of a
//! task in DynamoDB and answers with the `retCode` that the platform expects.
//!
//! A callback passes through the modules from top to bottom. A module uses only modules below it.
//! Only the first three know Lambda's events, and only `store`, `parking`, `credentials` and `aws`
//! know the AWS SDK.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`handler`] | dispatches each event to `http` or `queue` |
//! | `queue` | parked callbacks in from SQS, the list of failed messages out |
//! | [`http`] | API Gateway's event in, the contract's answer out |
//! | [`telemetry`] | one log line per callback |
//! | `receive` | the use case: verify, parse and store, or refuse with a `retCode` and park |
//! | [`store`] | the table in DynamoDB |
//! | [`parking`] | the queues of parked callbacks in SQS |
//! | [`credentials`] | the credentials in use |
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
