//! AWS's wire protocol as moto speaks it, in a process of its own: Secrets Manager and SQS.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const SERVER: &str = include_str!("moto.py");

/// Python reads moto's many modules in a few seconds, on a busy machine in more.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server, which accepts any region and credentials. It ends when it is dropped, and with this process, which
/// holds the other end of its standard input.
#[derive(Debug)]
pub struct Moto {
    url: String,
    process: Child,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[error(
    "{python} does not start moto: {cause}; `make moto` installs a Python with moto and prints its path"
)]
pub struct MotoError {
    python: String,
    cause: String,
}

impl Moto {
    /// Starts a server with this Python, which must have moto, on a free loopback port. Blocks until the server serves.
    ///
    /// # Errors
    ///
    /// [`MotoError`]
    pub fn start(python: impl AsRef<OsStr>) -> Result<Self, MotoError> {
        let failed = |cause: &str| MotoError {
            python: python.as_ref().to_string_lossy().into_owned(),
            cause: cause.to_owned(),
        };
        let started = Command::new(&python)
            .args(["-c", SERVER])
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| !name.starts_with("AWS_")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // In a group of its own, so that Ctrl-C in a terminal does not end it before the caller.
            .process_group(0)
            .spawn();
        let process = started.map_err(|error| failed(&error.to_string()))?;
        let mut moto = Self {
            url: String::new(),
            process,
        };
        let port = moto.process.stdout.take().and_then(printed_port);
        let port = port.ok_or_else(|| failed("it prints no port"))?;
        moto.url = format!("http://127.0.0.1:{port}");
        Ok(moto)
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn printed_port(stdout: ChildStdout) -> Option<u16> {
    let (sender, line) = mpsc::channel();
    thread::spawn(move || sender.send(BufReader::new(stdout).lines().next()));
    let line = line.recv_timeout(START_TIMEOUT).ok()??.ok()?;
    line.trim().parse().ok()
}
