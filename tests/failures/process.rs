//! The function as a real process: the connection of its init, and a freeze between two calls.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_stack::runtime_api::RuntimeApi;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use serde_json::Value;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::function::variables;
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{Request, body};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A process that has not responded within this time will never respond.
const LIMIT: Duration = Duration::from_secs(60);

/// The function's process, its Runtime API, and its log.
pub(crate) struct Process {
    child: Child,
    api: RuntimeApi,
    log: NamedTempFile,
}

impl Process {
    pub(crate) async fn start(
        dynamodb_url: &str,
        table_name: &str,
        environment: &[(&str, &str)],
    ) -> Self {
        let api = RuntimeApi::start().await.expect("a free port");
        let log = NamedTempFile::new().expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_task-callback"))
            .env_clear()
            .envs(variables())
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "task-callback"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_ACCESS_KEY_ID", "local"),
                ("AWS_SECRET_ACCESS_KEY", "local"),
                ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url),
                ("TABLE_NAME", table_name),
                ("AWS_LAMBDA_RUNTIME_API", &api.address.to_string()),
            ])
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.reopen().expect("the file is there"))
            .kill_on_drop(true)
            .spawn()
            .expect("the function starts");
        Self { child, api, log }
    }

    /// The `retCode` of a callback that is signed now.
    pub(crate) async fn send(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let request = Request::at(now.expect("after 1970").as_secs(), body());
        let event = request.http_api_event().to_string();
        let poll = timeout(LIMIT, self.api.polls.recv()).await;
        let poll = poll.expect("in time").expect("the function asks");
        poll.hand_out(event.into(), "response-1");
        let answer = timeout(LIMIT, self.api.answers.recv()).await;
        let answer = answer.expect("in time").expect("the function answers");
        let response: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let body = response["body"].as_str().expect("a body");
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["retCode"].as_u64().expect("a retCode")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).expect("text")
    }
}

#[tokio::test]
async fn the_first_callbacks_use_the_connection_that_init_opened() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let mut process = Process::start(&proxy.url, &app.table_name, &[]).await;
    for _ in 0..3 {
        assert_eq!(process.send().await, 0);
    }
    assert_eq!((proxy.connections(), proxy.requests()), (1, 4));
    let messages = proxy.messages();
    let (head, _) = split(&messages[0]);
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    for name in ["authorization", "x-amz-target"] {
        assert_eq!(header(head, name), None, "{head}");
    }
}

/// During the freeze, the server closes the connections.
#[tokio::test]
async fn a_process_that_was_frozen_loses_no_callback() {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let mut process = Process::start(&proxy.url, &app.table_name, &[]).await;
    let id = process.child.id().expect("the process is there");
    let pid = Pid::from_raw(id.try_into().expect("a process id")).expect("not 0");
    for _ in 0..5 {
        assert_eq!(process.send().await, 0, "warm");
        let before = proxy.requests();

        kill_process(pid, Signal::STOP).expect("the process is there");
        let stopped = waitpid(Some(pid), WaitOptions::UNTRACED);
        assert!(stopped.is_ok_and(|status| status.is_some_and(|(_, status)| status.stopped())));
        proxy.close_connections().await;
        kill_process(pid, Signal::CONT).expect("the process is there");

        assert_eq!(process.send().await, 0, "thawed");
        assert_eq!(proxy.requests() - before, 1, "one request, sent once");
    }
    let log = process.log();
    assert!(log.contains(r#""retCode":0"#), "{log}");
    assert!(!log.contains("firstFailure"), "{log}");
}

#[tokio::test]
async fn a_setting_that_would_lose_every_callback_is_a_warning_and_the_function_starts() {
    let app = TestApp::embedded().await;
    let settings = [
        ("RETENTION_DAYS", "1"),
        ("MAX_CALLBACK_AGE_SECONDS", "86400"),
    ];
    let mut process = Process::start(&app.engine_url, &app.table_name, &settings).await;
    assert_eq!(process.send().await, 0);
    let log = process.log();
    let first = log.lines().next().expect("a line");
    assert!(first.contains(r#""level":"WARN""#), "{first}");
    assert!(first.contains("is limited to 82800 seconds"), "{first}");
}
