//! What the function logs, to be read by a test.

use std::io::Write;
use std::sync::{Arc, Mutex, Once};

use serde_json::Value;
use task_callback::telemetry;
use tracing_subscriber::fmt::MakeWriter;

/// What the function has written.
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
    /// Logs this thread as the function does, with these variables set.
    pub fn start(variables: &'static [(&str, &str)]) -> (Self, tracing::subscriber::DefaultGuard) {
        // With a single subscriber alive, tracing asks whichever thread first meets a log statement whether
        // anybody listens, and remembers a no. With a second one it asks all.
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
