//! AWS's wire protocol as moto speaks it, in a process of its own: Secrets Manager, SQS and a second DynamoDB.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Python reads moto's many modules in a few seconds, on a busy machine in more.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Serves on a free port, prints the port, and ends when its standard input is closed. Requests are handled one at a
/// time: moto's queues are not safe for threads, and would lose a message that is sent while another is deleted.
const SERVER: &str = r#"
import os, sys, threading
from werkzeug.serving import make_server
from moto.server import DomainDispatcherApplication, create_backend_app

moto = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()

def app(environ, start_response):
    with one_at_a_time:
        return list(moto(environ, start_response))

server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
"#;

/// A running server, which accepts any region and credentials. It ends when it is dropped, and with this process, which
/// holds the other end of its standard input.
#[derive(Debug)]
pub struct Moto {
    url: String,
    process: Child,
    _stdin: Option<ChildStdin>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum MotoError {
    /// The system did not start the program.
    #[error(
        "cannot run {python}: {source}; `make moto` installs a Python with moto and prints its path"
    )]
    Run {
        /// The program.
        python: String,
        /// The system's error.
        source: io::Error,
    },
    /// The program printed no port in time; most likely its Python has no moto.
    #[error("{0} does not start moto; `make moto` installs a Python with moto and prints its path")]
    NoPort(String),
}

impl Moto {
    /// Starts a server with this Python, which must have moto, on a free loopback port. Blocks until the server serves.
    ///
    /// # Errors
    ///
    /// [`MotoError`]
    pub fn start(python: impl AsRef<OsStr>) -> Result<Self, MotoError> {
        let python = python.as_ref();
        let is_aws = |name: &String| name.starts_with("AWS_");
        let started = Command::new(python)
            .args(["-c", SERVER])
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| !is_aws(name)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // In a group of its own, so that Ctrl-C in a terminal does not end it before the caller.
            .process_group(0)
            .spawn();
        let name = || python.to_string_lossy().into_owned();
        let mut process = started.map_err(|source| MotoError::Run {
            python: name(),
            source,
        })?;
        let stdout = process.stdout.take();
        let mut moto = Self {
            url: String::new(),
            _stdin: process.stdin.take(),
            process,
        };
        let port = stdout
            .and_then(port)
            .ok_or_else(|| MotoError::NoPort(name()))?;
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

/// The port that the server prints.
fn port(stdout: ChildStdout) -> Option<u16> {
    let (sender, line) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = sender.send(line);
    });
    line.recv_timeout(START_TIMEOUT).ok()?.trim().parse().ok()
}
