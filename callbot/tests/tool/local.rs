//! `callbot local`: an engine to develop against, and the built function over the engine under cargo-lambda.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::{project, sample_events};

use crate::runner::{CREDENTIALS, Ran, Running, callbot, fail, kill, program, run, succeed};

/// Building the function takes a minute or two where nothing is built yet.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);

/// `callbot local` with the function under `cargo lambda watch`.
struct LocalStack {
    process: Running,
    engine_url: String,
    function_port: String,
}

impl LocalStack {
    /// Starts the stack with these additional variables, and waits until the function answers.
    fn start(variables: &[(&str, &str)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let function_port = port.local_addr().expect("an address").port().to_string();
        drop(port);
        let mut process = Running::start(
            callbot(&["local", "--port", "0", "--", "cargo", "lambda", "watch"])
                .args(["--ignore-changes", "--invoke-address", "127.0.0.1"])
                .args(["--invoke-port", &function_port])
                .envs(variables.iter().copied())
                .stderr(Stdio::piped()),
        );
        let line = process.error_line();
        let url = line.strip_prefix("DynamoDB engine at ");
        let url = url.and_then(|rest| rest.split(',').next());
        let mut stack = Self {
            engine_url: url
                .unwrap_or_else(|| panic!("no engine: {line}"))
                .to_owned(),
            process,
            function_port,
        };
        stack.wait();
        stack
    }

    /// Waits until the function answers in the contract's form.
    fn wait(&mut self) {
        let started = Instant::now();
        while !self
            .send("events/unsigned.json")
            .stdout
            .contains("retCode 4000")
        {
            if let Some(status) = self.process.exit_status() {
                panic!("callbot local ended ({status}): `make test` installs cargo-lambda");
            }
            assert!(
                started.elapsed() < BUILD_LIMIT,
                "the function did not start"
            );
            sleep(Duration::from_millis(500));
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.function_port)
    }

    fn send(&self, event: &str) -> Ran {
        run(&mut callbot(&["send", "--url", &self.url(), event]))
    }

    fn invoke(&self, event: &Path) -> Value {
        let mut invoke = program("cargo");
        invoke
            .args(["lambda", "invoke", "task-callback"])
            .args(["--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", &self.function_port, "--data-file"])
            .arg(event);
        let text = succeed(&mut invoke);
        let json = text.find('{').map_or(&*text, |start| &text[start..]);
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn history(&self, arguments: &[&str]) -> String {
        let history = ["history", "--table", "snapshots"];
        succeed(
            callbot(&history)
                .args(["--endpoint-url", &self.engine_url])
                .args(arguments),
        )
    }
}

#[test]
fn the_built_function_is_checked_invoked_and_read_with_the_tool() {
    let stack = LocalStack::start(&[]);
    every_sample_gets_its_answer(&stack);
    the_check_finds_what_holds(&stack);
    a_signed_event_can_be_invoked(&stack);
    the_history_has_what_was_sent(&stack);
}

fn every_sample_gets_its_answer(stack: &LocalStack) {
    for file in sample_events() {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).expect("a sample");
        let sample: Value = serde_json::from_str(&text).expect("JSON");
        let ret_code = &sample["callbot"]["retCode"];
        let sent = stack.send(&name);
        let answer = format!("retCode {ret_code} ");
        assert!(sent.stdout.contains(&answer), "{name}: {sent:?}");
        let exit_code = i32::from(ret_code != 0);
        assert_eq!(sent.exit_code, Some(exit_code), "{name}: {sent:?}");
    }
}

fn the_check_finds_what_holds(stack: &LocalStack) {
    let url = format!("{}/api/v3/taskCallback", stack.url());
    let table = succeed(&mut callbot(&["check", "--url", &url]));
    assert!(table.contains("All checks passed."), "{table}");
    assert_eq!(table.matches('✓').count(), 6, "{table}");
    let table = succeed(callbot(&["check", "--url", &url]).env_remove("CALLBOT_CREDENTIALS"));
    assert!(table.contains("no credentials given"), "{table}");
    let elsewhere = format!("{}/elsewhere", stack.url());
    let table = fail(1, &mut callbot(&["check", "--url", &elsewhere])).stdout;
    assert!(table.contains('✗'), "{table}");
}

fn a_signed_event_can_be_invoked(stack: &LocalStack) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("event.json");
    for (sample, status) in [("rest-api", 200), ("base64", 200), ("bad-body", 400)] {
        let event = succeed(&mut callbot(&["sign", &format!("events/{sample}.json")]));
        std::fs::write(&file, event).expect("written");
        let answer = stack.invoke(&file);
        assert_eq!(answer["statusCode"], status, "{sample}: {answer}");
    }
    let event = succeed(&mut callbot(&["sign", "events/parked.json"]));
    std::fs::write(&file, event).expect("written");
    let answer = stack.invoke(&file);
    assert_eq!(
        answer["batchItemFailures"],
        serde_json::json!([]),
        "{answer}"
    );
}

fn the_history_has_what_was_sent(stack: &LocalStack) {
    let json = stack.history(&["t-20260913-0008", "--json"]);
    let history: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(history[0]["status"], "FAILED");
    assert_eq!(history[0]["taskStat"]["finishRate"], 0.18);
    let table = stack.history(&["autumn-renewals", "--user-task"]);
    assert!(table.contains("COMPLETED"), "{table}");
    assert!(table.contains("120 of 120 (100 %)"), "{table}");
}

#[tokio::test]
async fn the_built_function_reads_its_credentials_from_the_secret() {
    let secret = TestSecret::create(CREDENTIALS).await;
    let stack = LocalStack::start(&[
        ("CALLBOT_CREDENTIALS", ""),
        ("CALLBOT_CREDENTIALS_SECRET_ID", &secret.id),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto::url()),
    ]);
    let sent = stack.send("events/completed.json");
    assert_eq!(sent.exit_code, Some(0), "{sent:?}");
}

/// `callbot local` around a shell script, in another folder than the project's.
fn local(script: &str) -> Command {
    let mut local = callbot(&["local", "--port", "0", "--", "sh", "-c", script]);
    local.current_dir(std::env::temp_dir());
    local
}

#[test]
fn an_engine_starts_again_with_the_data_in_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("snapshots.db");
    let file = file.to_str().expect("text");
    for _ in 0..2 {
        let local = ["local", "--port", "0", "--db", file, "--", "true"];
        succeed(&mut callbot(&local));
    }
}

#[test]
fn the_exit_code_is_that_of_the_command() {
    for (script, exit_code) in [("exit 7", 7), ("kill -9 $$", 128 + 9)] {
        let ran = run(&mut local(script));
        assert_eq!(ran.exit_code, Some(exit_code), "{script}: {ran:?}");
    }
}

#[test]
fn the_standard_input_and_output_are_the_commands() {
    let input = project().join("events/pending.json");
    let text = std::fs::read_to_string(&input).expect("a sample");
    let ran = run(local("cat").stdin(File::open(input).expect("a sample")));
    assert_eq!(ran.stdout, text);
    assert!(ran.stderr.starts_with("DynamoDB engine at"), "{ran:?}");
}

/// How callbot ends that gets SIGTERM once the script is ready.
fn terminated(script: &str) -> ExitStatus {
    let mut process = Running::start(&mut local(script));
    process.until("ready");
    process.signal("-TERM");
    process.end()
}

#[test]
fn a_termination_is_passed_on_to_the_command() {
    let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done";
    assert_eq!(terminated(script).code(), Some(5));
}

#[test]
fn an_interrupt_reaches_the_command_once_and_its_end_is_awaited() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "trap 'echo interrupted' INT; echo $$; until test -e end; do sleep 0.1; done; echo ended; exit 5";
    let mut process = Running::start(local(script).current_dir(&folder));
    // A terminal interrupts both.
    kill("-INT", &process.line());
    process.until("interrupted");
    process.signal("-INT");
    std::fs::write(folder.path().join("end"), "").expect("written");
    assert_eq!(process.line(), "ended");
    assert_eq!(process.end().code(), Some(5));
}

#[test]
fn a_command_that_does_not_end_is_killed() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    assert_eq!(terminated(script).code(), Some(128 + 9));
}
