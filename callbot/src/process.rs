//! The signals that end this process.

use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;

/// Waits for SIGINT (Ctrl-C) or SIGTERM. From the call on, neither ends this process.
pub(crate) fn shutdown_signal() -> impl Future<Output = Result<(), Failure>> {
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    async {
        let (mut interrupt, mut terminate) = (interrupt?, terminate?);
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    }
}
