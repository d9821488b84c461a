//! The function's process: its connection to DynamoDB during init, and after a freeze.

use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local_stack::runtime_api::{Poll, RuntimeApi};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use task_callback_test_support::app::{TestApp, local, variables};
use task_callback_test_support::proxy::{Fault, Proxy, header, split};
use task_callback_test_support::request::{Request, body};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// No wait in these tests takes nearly so long.
const LIMIT: Duration = Duration::from_secs(60);

/// What the Lambda runtime reads from the environment.
const LAMBDA: [&str; 5] = [
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "_HANDLER",
];

/// The function's process over a proxy.
struct Process {
    app: TestApp,
    proxy: Proxy,
    api: RuntimeApi,
    child: Child,
}

impl Process {
    async fn start() -> Self {
        let app = TestApp::embedded().await;
        let proxy = Proxy::start(&app.engine_url, &[Fault::None]).await;
        let api = RuntimeApi::start().await.expect("a free port");
        let aws = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        let child = Command::new(env!("CARGO_BIN_EXE_task-callback"))
            .env_clear()
            .envs(LAMBDA.map(|name| (name, "test")))
            .envs(aws.map(|name| (name, local(name, "").expect("a value"))))
            .envs(variables())
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_ENDPOINT_URL", &proxy.url)
            .env("TABLE_NAME", &app.table_name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the function can be started");
        Self {
            app,
            proxy,
            api,
            child,
        }
    }

    /// Waits until the process asks for an event.
    async fn poll(&mut self) -> Poll {
        let poll = timeout(LIMIT, self.api.polls.recv()).await;
        poll.expect("a poll in time").expect("the API runs")
    }

    /// Waits for the `retCode` of the event that the process has.
    async fn ret_code(&mut self) -> Value {
        let answer = timeout(LIMIT, self.api.answers.recv()).await;
        let answer = answer.expect("an answer in time").expect("the API runs");
        let response: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let body = response["body"].as_str().expect("a body");
        serde_json::from_str::<Value>(body).expect("JSON")["retCode"].clone()
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("the process runs");
        let pid = Pid::from_raw(pid.cast_signed()).expect("not zero");
        kill_process(pid, signal).expect("the signal is sent");
    }

    /// Stops the process, and waits until the process has stopped.
    async fn freeze(&self) {
        self.signal(Signal::STOP);
        let stat = format!("/proc/{}/stat", self.child.id().expect("the process runs"));
        let stopped = async {
            let stat = || std::fs::read_to_string(&stat).expect("Linux");
            while !stat().contains(") T ") {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(LIMIT, stopped).await.expect("stopped in time");
    }
}

/// A callback of this moment, and some seconds later.
fn give(poll: Poll, second: u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let create_ts = since.expect("after 1970").as_secs() + second;
    let event = Request::at(create_ts, body()).http_api_event();
    poll.hand_out(event.to_string().into(), &format!("response-{second}"));
}

#[tokio::test]
async fn the_first_callbacks_use_the_connection_that_init_opened() {
    let mut process = Process::start().await;
    let mut poll = process.poll().await;
    let messages = process.proxy.messages();
    assert_eq!(messages.len(), 1, "requests during init");
    let (head, _) = split(&messages[0]);
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    for name in ["authorization", "x-amz-target"] {
        assert_eq!(header(head, name), None, "{head}");
    }
    for callback in 0..3 {
        give(poll, callback * 10);
        assert_eq!(process.ret_code().await, 0, "callback {callback}");
        poll = process.poll().await;
    }
    assert_eq!(
        (process.proxy.connections(), process.proxy.requests()),
        (1, 4)
    );
    assert_eq!(process.app.items().await.len(), 3);
}

#[tokio::test]
async fn a_callback_after_a_freeze_that_outlived_the_connection_is_written_once() {
    let mut process = Process::start().await;
    give(process.poll().await, 0);
    assert_eq!(process.ret_code().await, 0, "before the freeze");
    let poll = process.poll().await;
    process.freeze().await;
    process.proxy.close_connections().await;
    give(poll, 10);
    process.signal(Signal::CONT);
    assert_eq!(process.ret_code().await, 0, "after the freeze");
    assert_eq!(process.proxy.targets().len(), 2, "one write each");
    assert_eq!(process.app.items().await.len(), 2);
}
