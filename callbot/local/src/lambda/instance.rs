//! An instance of the function. Its process starts for the first call, and has one call at a time.

use std::io;
use std::path::absolute;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Function, Invocation, Shared};
use crate::runtime_api::{FUNCTION_TIMEOUT, Poll, RuntimeApi};

/// Those of Lambda's variables that its runtime requires.
const LAMBDA: [(&str, &str); 3] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
];

/// How to get the program.
const BUILD: &str = "`make soak` builds it as target/lambda/task-callback/bootstrap";

/// A process and its Runtime API.
struct Process {
    generation: usize,
    child: Child,
    api: RuntimeApi,
}

/// An instance: takes events from the queue until there are no more.
pub(super) async fn serve(shared: Arc<Shared>) {
    let mut process = None;
    loop {
        let next = shared.queue.lock().await.recv().await;
        let Some(Invocation { event, answer }) = next else {
            return;
        };
        let result = call(&mut process, &shared, event).await;
        if let Err(count) = &result {
            // Dropping the process ends it.
            process = None;
            count.fetch_add(1, Ordering::Relaxed);
        }
        // A sender that has gone needs no answer.
        let _ = answer.send(result.ok());
    }
}

/// A process's answer to the event. The error is the counter of what ended the process instead.
async fn call<'a>(
    process: &mut Option<Process>,
    shared: &'a Shared,
    event: Bytes,
) -> Result<Bytes, &'a AtomicUsize> {
    let Shared { kills, deaths, .. } = shared;
    let generation = shared.generation.load(Ordering::Relaxed);
    // Dropping an older process ends it.
    process.take_if(|old| old.generation != generation);
    let process = match process {
        Some(process) => process,
        none => {
            let started = Process::start(&shared.function, generation).await;
            none.insert(started.map_err(|_| deaths)?)
        }
    };
    let poll = process.poll().await.ok_or(deaths)?;
    let kill = (shared.kill_after.lock().await)();
    poll.hand_out(event, &uuid::Uuid::new_v4().to_string());
    let ended = tokio::select! {
        answer = process.api.answers.recv() => match answer {
            Some(answer) if answer.path.ends_with("/response") => return Ok(answer.body),
            _ => deaths,
        },
        () = sleep(kill.unwrap_or(FUNCTION_TIMEOUT)) => kill.map_or(deaths, |_| kills),
        _ = process.child.wait() => deaths,
    };
    // The process has ended before the sender learns of it. An error here means that it had ended.
    let _ = process.child.kill().await;
    Err(ended)
}

/// Starts a process of the function and ends it when it asks for an event.
///
/// # Errors
///
/// The program cannot be run, or does not ask for an event.
pub(super) async fn try_out(function: &Function) -> io::Result<()> {
    let mut process = Process::start(function, 0).await?;
    let poll = process.poll().await.map(drop);
    poll.ok_or_else(|| {
        let program = function.program.display();
        io::Error::other(format!(
            "{program} did not ask Lambda for an event within {FUNCTION_TIMEOUT:?}: is it the function? {BUILD}"
        ))
    })
}

impl Process {
    async fn start(function: &Function, generation: usize) -> io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let (stdout, stderr) = match &function.log {
            Some(log) => (log.try_clone()?.into(), log.try_clone()?.into()),
            None => (Stdio::null(), Stdio::inherit()),
        };
        // Absolute, since a name without a folder would be searched for in PATH.
        let child = Command::new(absolute(&function.program)?)
            .env_clear()
            .envs(LAMBDA)
            .envs(function.environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // In a separate process group, so that Ctrl-C does not end it during a call.
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let child = child.map_err(|error| {
            let program = function.program.display();
            io::Error::new(
                error.kind(),
                format!("cannot run {program}: {error}; {BUILD}"),
            )
        })?;
        Ok(Self {
            generation,
            child,
            api,
        })
    }

    /// Waits until the process asks for an event. `None` if it ends or does not ask in time.
    async fn poll(&mut self) -> Option<Poll> {
        let Self { child, api, .. } = self;
        tokio::select! {
            poll = timeout(FUNCTION_TIMEOUT, api.polls.recv()) => poll.ok().flatten(),
            _ = child.wait() => None,
        }
    }
}
