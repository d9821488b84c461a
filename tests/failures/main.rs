//! The function when AWS fails, and what it logs then: over proxies and the embedded engine.

mod connections;
mod fast_path;
mod faults;
mod log;
mod parked;
mod process;
mod secret;
mod store_trouble;
mod tls;
