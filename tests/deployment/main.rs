//! The template, the configuration and the documents against the code.

mod alarms;
mod configuration;
mod dependencies;
mod events;
mod template;
