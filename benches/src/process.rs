//! One process of a program, with the kernel's measurements of its processor time and memory.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use local_stack::runtime_api::{FUNCTION_TIMEOUT, RuntimeApi};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

const REQUEST_ID: &str = "8f6cf6e4-2dd7-4b3f-9f2a-3a4a6e0f2b11";

/// A program that is measured.
pub(crate) struct Program {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// Its binary.
    pub(crate) path: PathBuf,
    /// Its whole environment.
    pub(crate) environment: Vec<(String, String)>,
}

/// A process that has answered its first event, and its Runtime API.
pub(crate) struct Process {
    child: Child,
    pid: u32,
    api: RuntimeApi,
}

impl Process {
    /// Starts a process and sends it its first event.
    pub(crate) async fn start(program: &Program, event: &Bytes) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let mut child = Command::new(&program.path)
            .env_clear()
            .envs(program.environment.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.path.display().to_string())?;
        // The log goes to a pipe, as in Lambda.
        let mut log = child.stdout.take().context("the process has no stdout")?;
        tokio::spawn(async move { tokio::io::copy(&mut log, &mut tokio::io::sink()).await });
        let pid = child.id().context("the process has ended")?;
        let mut process = Self { child, pid, api };
        process.call(event).await?;
        Ok(process)
    }

    /// Sends the process an event when it asks for one. The answer must be a success.
    pub(crate) async fn call(&mut self, event: &Bytes) -> Result<()> {
        let answer = async {
            tokio::select! {
                Some(poll) = self.api.polls.recv() => poll.hand_out(event.clone(), REQUEST_ID),
                Some(failed) = self.api.answers.recv() => return Some(failed),
            }
            self.api.answers.recv().await
        };
        let answer = timeout(FUNCTION_TIMEOUT, answer).await;
        let answer = answer.context("the process gave no answer in time")?;
        let answer = answer.context("the Runtime API has ended")?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            text.contains(r#""statusCode":200"#) && text.contains(r#"\"retCode\":0"#),
            "the event was not acknowledged: {} {text}",
            answer.path
        );
        Ok(())
    }

    /// The processor time of all threads since the start.
    pub(crate) async fn cpu(&self) -> Result<Duration> {
        // The kernel counts a thread's time when the thread sleeps, soon after the answer.
        sleep(Duration::from_millis(5)).await;
        let mut nanoseconds = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let times = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let time = times.split(' ').next().context("schedstat is empty")?;
            nanoseconds += time.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The kernel's high-water mark of resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        Ok(kib.context("no VmHWM")?.parse::<u64>()? * 1024)
    }

    /// Ends the process.
    pub(crate) async fn end(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}
