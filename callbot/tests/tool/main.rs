//! The built `callbot`, run as from a shell.

mod arguments;
mod aws_errors;
mod check;
mod closed_output;
mod history;
mod local;
mod parked;
mod runner;
mod secret;
mod send;
mod server;
mod sign;
mod stack;
mod tasks;
