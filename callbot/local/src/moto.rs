//! moto, which emulates AWS, in a separate process: Secrets Manager, SQS and CloudFormation.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

const SERVER: &str = include_str!("moto.py");

/// A running server, which accepts any region and credentials. It ends when it is dropped or when
/// this process ends, since both close its standard input.
#[derive(Debug)]
pub struct Moto {
    url: String,
    _process: Child,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[error(
    "{python} did not start moto: {cause}; `make moto` installs a Python with moto and prints its path"
)]
pub struct MotoError {
    python: String,
    cause: String,
}

impl Moto {
    /// Starts a server with a Python that has moto, on a free port, and blocks until it serves.
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
            // In a separate process group, so that Ctrl-C does not end it before the caller.
            .process_group(0)
            .spawn();
        let mut process = started.map_err(|error| failed(&error.to_string()))?;
        let stdout = process.stdout.take().map(BufReader::new);
        // The end of the process closes its output.
        let line = stdout.and_then(|stdout| stdout.lines().next()?.ok());
        let port: Option<u16> = line.and_then(|line| line.parse().ok());
        let port = port.ok_or_else(|| failed("it printed no port"))?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }
}
