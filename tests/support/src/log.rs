//! The function's log, captured for tests.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use serde_json::Value;
use task_callback::telemetry;
use tracing_subscriber::fmt::MakeWriter;

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

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Captures this thread's log in the function's format, with these variables set.
    pub fn start(variables: &'static [(&str, &str)]) -> (Self, tracing::subscriber::DefaultGuard) {
        // If only one subscriber exists, tracing caches for each log statement whether the first thread to reach it was
        // listening. A second subscriber makes tracing ask every time.
        static SECOND: Once = Once::new();
        SECOND.call_once(|| {
            let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        });

        let log = Self::default();
        let lookup = move |name: &str| {
            let set = variables.iter().find(|(other, _)| *other == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        let subscriber = telemetry::subscriber(lookup, log.clone());
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }

    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}
