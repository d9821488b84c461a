//! The function's log, captured for tests.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use task_callback::telemetry;
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default, set_global_default};

/// The log that the function has written so far.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Captures this thread's log in the function's format, with these variables set.
    pub fn start(variables: &'static [(&str, &str)]) -> (Self, DefaultGuard) {
        // With only one subscriber, tracing lets the first thread that reaches a log statement
        // decide for all threads whether it is logged.
        let _ = set_global_default(NoSubscriber::default());
        let lookup = |name: &str| {
            let set = variables.iter().find(|(other, _)| *other == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        let log = Self::default();
        let writer = log.clone();
        let subscriber = telemetry::subscriber(lookup, move || writer.clone());
        (log, set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }

    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}
