//! The credentials in use: fixed, or read from a secret that may change while the function runs.

mod keyring;
mod secret;

pub use keyring::Keyring;
pub use secret::Secret;
