//! The built `callbot`, run as from a shell.

mod aws_errors;
mod check;
mod closed_output;
mod history;
mod local;
mod parked;
mod reference;
mod runner;
mod scenario;
mod secret;
mod sign;
mod soak;
mod tasks;
