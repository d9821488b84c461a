//! A local stack: the engine, the table in it, and a command that runs against them.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use local_stack::{Engine, TableDefinition};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::Failure;
use crate::aws::Aws;

/// How long a command has to end once it is asked to.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts an engine and makes the template's table in it.
pub(crate) async fn start_engine(
    port: u16,
    file: Option<&Path>,
    template: &Path,
    table_name: &str,
) -> Result<Engine, Failure> {
    let definition = TableDefinition::from_template(template)?;
    let engine = Engine::start(port, file).await?;
    let client = Aws::local(&engine.endpoint_url()).dynamodb();
    definition.create(&client, table_name).await?;
    Ok(engine)
}

/// The variables with which a program reaches the engine instead of AWS.
pub(crate) fn environment(engine: &Engine, table_name: &str) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint_url()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("TABLE_NAME", table_name.to_owned()),
    ]
}

/// A command of the stack. It ends with the stack, and so does what it has started.
pub(crate) struct Process(Child);

impl Process {
    /// Starts the command with nothing on its standard input.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        // Where this program was itself started by cargo: another cargo would build ring anew, whose build
        // script looks at these.
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
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
        Ok(Self(
            child.map_err(|error| format!("cannot run {name}: {error}"))?,
        ))
    }

    /// Waits until the command ends by itself.
    pub(crate) async fn wait(&mut self) -> Result<std::process::ExitStatus, Failure> {
        Ok(self.0.wait().await?)
    }

    /// Interrupts the command, so that it can stop what it has started, and makes sure that it ends.
    pub(crate) async fn stop(mut self) {
        let id = self
            .0
            .id()
            .and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(id) = id {
            let _ = kill_process(id, Signal::INT);
        }
        if timeout(STOP_TIMEOUT, self.0.wait()).await.is_err() {
            let _ = self.0.kill().await;
        }
    }
}

/// Until the person, or the system, asks this program to stop.
pub(crate) async fn asked_to_stop() -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
