//! One instance of the function: a process that is started for its first call and answers one call at a time.

use std::fs::File;
use std::io;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::{Counts, Function, Generation, Invocation, Kills, Queue};
use crate::runtime_api::{FUNCTION_TIMEOUT, RuntimeApi};

/// Lambda's own variables.
const LAMBDA: [(&str, &str); 6] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/local/task-callback"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "local"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
];

pub(super) struct Instance {
    function: Function,
    kills: Kills,
    counts: Arc<Counts>,
    generation: Generation,
    process: Option<Process>,
}

/// A process, with a Runtime API of its own.
struct Process {
    generation: usize,
    child: Child,
    api: RuntimeApi,
}

/// How a call ended.
enum Call {
    Answered(Bytes),
    Killed,
    /// The process ended by itself, or gave no answer in time.
    Died,
}

impl Instance {
    pub(super) fn new(
        function: Function,
        kills: Kills,
        counts: Arc<Counts>,
        generation: Generation,
    ) -> Self {
        Self {
            function,
            kills,
            counts,
            generation,
            process: None,
        }
    }

    /// Takes events from the queue until there are no more.
    pub(super) async fn serve(mut self, queue: Queue) {
        loop {
            let next = queue.lock().await.recv().await;
            let Some(Invocation { event, answer }) = next else {
                return;
            };
            let result = match self.call(event).await {
                Ok(Call::Answered(body)) => Some(body),
                Ok(Call::Killed) => {
                    self.counts.kills.fetch_add(1, Ordering::Relaxed);
                    None
                }
                Ok(Call::Died) | Err(_) => {
                    self.counts.deaths.fetch_add(1, Ordering::Relaxed);
                    None
                }
            };
            if result.is_none() {
                // Dropping it ends the process, where it still runs.
                self.process = None;
            }
            // A sender that has gone does not need it.
            let _ = answer.send(result);
        }
    }

    async fn call(&mut self, event: Bytes) -> io::Result<Call> {
        let generation = self.generation.load(Ordering::Relaxed);
        // Dropping an older process ends it.
        self.process.take_if(|old| old.generation != generation);
        let process = match &mut self.process {
            Some(process) => process,
            none => {
                self.counts.starts.fetch_add(1, Ordering::Relaxed);
                none.insert(Process::start(&self.function, generation).await?)
            }
        };
        let kill = {
            let mut kills = self.kills.lock().unwrap_or_else(PoisonError::into_inner);
            kills()
        };
        process.call(event, kill).await
    }
}

impl Process {
    async fn start(function: &Function, generation: usize) -> io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let log = match &function.log {
            Some(file) => File::options().create(true).append(true).open(file)?.into(),
            None => Stdio::null(),
        };
        let child = Command::new(&function.program)
            .env_clear()
            .envs(LAMBDA)
            .envs(
                function
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            // In a group of its own, so that Ctrl-C in a terminal ends the caller and not this process in a call.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self {
            generation,
            child,
            api,
        })
    }

    /// Hands the event out and waits for the answer, or for what comes before it.
    async fn call(&mut self, event: Bytes, kill: Option<Duration>) -> io::Result<Call> {
        let Self { child, api, .. } = self;
        let started = tokio::select! {
            poll = timeout(FUNCTION_TIMEOUT, api.polls.recv()) => poll.ok().flatten(),
            _ = child.wait() => None,
        };
        let Some(poll) = started else {
            return Ok(Call::Died);
        };
        poll.hand_out(event, &uuid::Uuid::new_v4().to_string());
        let killed = async {
            match kill {
                Some(after) => sleep(after).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            answer = api.answers.recv() => match answer {
                Some(answer) if answer.is_response() => return Ok(Call::Answered(answer.body)),
                _ => Call::Died,
            },
            () = killed => Call::Killed,
            () = sleep(FUNCTION_TIMEOUT) => Call::Died,
            _ = child.wait() => Call::Died,
        };
        // Gone, and not only asked to go, before the sender learns of it.
        child.kill().await?;
        Ok(ended)
    }
}
