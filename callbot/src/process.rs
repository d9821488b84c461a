//! Child processes, and the signals that end this one.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::Failure;

/// How long a child process may take to end after a signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// A child process, killed when dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts the command.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        // These are set if cargo started this program, and would make another cargo rebuild ring, whose build
        // script depends on them.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&*name);
            }
        }
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let child = command.kill_on_drop(true).spawn();
        Ok(Self(
            child.map_err(|error| format!("cannot run {name}: {error}"))?,
        ))
    }

    /// Waits until the command ends by itself.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, Failure> {
        Ok(self.0.wait().await?)
    }

    /// Sends the signal, so that the command can stop its own children, waits until the command ends, and kills it if
    /// it does not.
    pub(crate) async fn stop(mut self, signal: Signal) -> Result<ExitStatus, Failure> {
        let id = self
            .0
            .id()
            .and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(id) = id {
            let _ = kill_process(id, signal);
        }
        if timeout(STOP_TIMEOUT, self.0.wait()).await.is_err() {
            self.0.start_kill()?;
        }
        self.wait().await
    }
}

/// Waits for an interrupt (Ctrl-C) or a termination signal. From the call on, neither ends this process.
pub(crate) fn shutdown_signal() -> impl Future<Output = Result<Signal, Failure>> {
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        let (mut interrupt, mut terminate) = (interrupt?, terminate?);
        tokio::select! {
            _ = interrupt.recv() => Ok(Signal::INT),
            _ = terminate.recv() => Ok(Signal::TERM),
        }
    }
}
