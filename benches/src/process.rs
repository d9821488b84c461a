//! One process of a program, from spawn to exit, with the kernel's measurements of its processor time and memory.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use local_stack::runtime_api::{Poll, RuntimeApi};
use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::runtime_api::{self, LIMIT};

/// A program that is measured.
pub(crate) struct Program {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// Its binary.
    pub(crate) path: PathBuf,
    /// Its whole environment.
    pub(crate) environment: Vec<(String, String)>,
}

/// A cold start, up to the answer to the first event.
pub(crate) struct ColdStart {
    /// From the spawn to the first poll.
    pub(crate) init: Duration,
    /// From the first event to its answer.
    pub(crate) first_call: Duration,
    /// The processor time of both.
    pub(crate) cpu: Duration,
}

/// Many calls of one process.
pub(crate) struct WarmCalls {
    /// From the event to the answer, for each call.
    pub(crate) latencies: Vec<Duration>,
    /// The average processor time of a call.
    pub(crate) cpu: Duration,
    /// The peak of resident memory, in bytes.
    pub(crate) peak_memory: u64,
}

/// A process that has answered its first event and asks for another.
pub(crate) struct Warm {
    child: Child,
    cpu: ClockId,
    poll: Poll,
}

impl Program {
    /// Starts a process and sends it an event.
    pub(crate) async fn start(
        &self,
        api: &mut RuntimeApi,
        event: Bytes,
    ) -> Result<(ColdStart, Warm)> {
        runtime_api::clear(api);
        let mut command = Command::new(&self.path);
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let spawned = Instant::now();
        let mut child = command
            .spawn()
            .with_context(|| format!("{:?}", self.path))?;
        // The log goes to a pipe, as in Lambda.
        let mut log = child.stdout.take().context("the process has no stdout")?;
        tokio::spawn(async move {
            let mut lines = vec![0; 64 * 1024];
            while log.read(&mut lines).await.is_ok_and(|bytes| bytes > 0) {}
        });
        let pid = child.id().context("the process has ended")?;
        let cpu = clock_getcpuclockid(Pid::from_raw(pid.try_into()?))?;

        let poll = runtime_api::poll(api).await.with_context(|| self.name)?;
        let init = poll.at - spawned;
        let first_call = runtime_api::invoke(api, poll, event)
            .await
            .with_context(|| self.name)?;
        let poll = runtime_api::poll(api).await.with_context(|| self.name)?;
        let start = ColdStart {
            init,
            first_call,
            cpu: clock_gettime(cpu)?.into(),
        };
        Ok((start, Warm { child, cpu, poll }))
    }
}

impl Warm {
    /// Sends the process `calls` events, one after another.
    pub(crate) async fn call(
        mut self,
        api: &mut RuntimeApi,
        event: &Bytes,
        calls: u32,
        mut called: impl FnMut(),
    ) -> Result<WarmCalls> {
        let before = Duration::from(clock_gettime(self.cpu)?);
        let mut latencies = Vec::new();
        for _ in 0..calls {
            latencies.push(runtime_api::invoke(api, self.poll, event.clone()).await?);
            self.poll = runtime_api::poll(api).await?;
            called();
        }
        let cpu = Duration::from(clock_gettime(self.cpu)?) - before;
        let pid = self.child.id().context("the process has ended")?;
        let peak_memory = peak_memory(pid)?;
        self.end().await?;
        Ok(WarmCalls {
            latencies,
            cpu: cpu / calls,
            peak_memory,
        })
    }

    /// Ends the process with a signal that lets a profiler around it write its results.
    pub(crate) async fn end(mut self) -> Result<()> {
        let pid = self.child.id().context("the process has ended")?;
        kill(Pid::from_raw(pid.try_into()?), Signal::SIGTERM)?;
        timeout(LIMIT, self.child.wait())
            .await
            .context("the process does not end")??;
        Ok(())
    }
}

/// The kernel's high-water mark of resident memory, in bytes.
fn peak_memory(pid: u32) -> Result<u64> {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(Path::new(&path)).context(path)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .context("no VmHWM")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}
