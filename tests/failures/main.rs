//! What the function does and logs when AWS fails, tested with proxies and the embedded engine.

mod fast_path;
mod faults;
mod faulty;
mod log;
mod only_copy;
mod parked;
mod process;
mod secret;
mod store_trouble;
mod tls;
