//! Consistency of the template, the configuration and the documents with the code.

mod alarms;
mod configuration;
mod events;
mod metrics;
mod template;
mod timeline;
