//! Runs the built `callbot` without the caller's variables.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use task_callback_test_support::project;
pub(crate) use task_callback_test_support::service::CREDENTIALS;

/// Far longer than any wait, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The tool in the repository, with the samples' credentials and an empty standard input.
pub(crate) fn callbot(arguments: &[&str]) -> Command {
    let path = std::env::var_os("PATH").map(|path| ("PATH", path));
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbot"));
    command.args(arguments).env_clear().envs(path);
    command.env("CALLBOT_CREDENTIALS", CREDENTIALS);
    command.current_dir(project()).stdin(Stdio::null());
    command
}

/// A file with this text, which is removed when dropped.
pub(crate) fn file_of(text: &str) -> tempfile::TempPath {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file.into_temp_path()
}

/// How a program ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None` if a signal ended the program.
    pub(crate) exit_code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Ran {
        exit_code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Runs a program that must succeed. Returns its standard output.
#[track_caller]
pub(crate) fn succeed(command: &mut Command) -> String {
    ends(0, command).stdout
}

/// Runs a program that must end with this exit code.
#[track_caller]
pub(crate) fn ends(exit_code: i32, command: &mut Command) -> Ran {
    let ran = run(command);
    assert_eq!(ran.exit_code, Some(exit_code), "{ran:#?}");
    ran
}

/// Polls until there is a value.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut poll: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(started.elapsed() < LIMIT, "not within {LIMIT:?}: {what}");
        sleep(Duration::from_millis(20));
    }
}

/// Sends a signal to a process or, after a minus sign, to a group of processes.
pub(crate) fn kill(signal: &str, id: &str) {
    succeed(Command::new("kill").args([signal, "--", id]));
}

/// A program in the background, and the lines that it prints. It is interrupted when dropped.
pub(crate) struct Running {
    process: Child,
    lines: Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdout(Stdio::piped()).process_group(0);
        let mut process = command.spawn().expect("the program starts");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        let mut output = output.lines().map_while(Result::ok);
        spawn(move || output.try_for_each(|line| sender.send(line)));
        Self { process, lines }
    }

    /// The next line.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        let line = self.lines.recv_timeout(LIMIT);
        line.expect("a line within the limit")
    }

    /// All lines up to one with these words.
    #[track_caller]
    pub(crate) fn until(&self, words: &str) -> String {
        let mut text = String::new();
        while !text.contains(words) {
            text += &self.line();
            text.push('\n');
        }
        text
    }

    /// Sends a signal to the program alone.
    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, &self.process.id().to_string());
    }

    /// Waits until the program ends.
    pub(crate) fn end(&mut self) -> ExitStatus {
        eventually("the program ends", || {
            self.process.try_wait().expect("it is a child")
        })
    }

    /// Interrupts the program and all of its group, as Ctrl-C does, and waits until it ends.
    pub(crate) fn interrupt(&mut self) -> ExitStatus {
        if let Ok(None) = self.process.try_wait() {
            kill("-INT", &format!("-{}", self.process.id()));
        }
        self.end()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.interrupt();
    }
}
