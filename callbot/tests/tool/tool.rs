//! `callbot`, and with it the built function under cargo-lambda.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::{project, sample_events};

pub(crate) const CREDENTIALS: &str = r#"[{"uuid":"local-account","secretKey":"local-secret"}]"#;
/// Building the function takes a minute or two where nothing is built yet.
const STARTED_WITHIN: Duration = Duration::from_secs(15 * 60);

pub(crate) fn callbot(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callbot"));
    command
        .args(arguments)
        .current_dir(project())
        .env("CALLBOT_CREDENTIALS", CREDENTIALS)
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let output: Output = command.output().expect("the command can be started");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8(text).expect("text"),
    )
}

/// `callbot local` with the function under `cargo lambda watch`.
struct LocalStack {
    process: Child,
    engine_url: String,
    function_port: String,
}

impl LocalStack {
    /// With these variables beside those that `callbot local` sets.
    fn start(variables: &[(&str, &str)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let function_port = port.local_addr().expect("an address").port().to_string();
        drop(port);
        let mut process = callbot(&["local", "--port", "0", "--", "cargo", "lambda", "watch"])
            .args(["--ignore-changes", "--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", &function_port])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("callbot starts");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let (lines, first_line) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        let line = first_line
            .recv_timeout(Duration::from_secs(30))
            .expect("callbot says where");
        let engine_url = line
            .strip_prefix("DynamoDB engine at ")
            .and_then(|rest| rest.split(',').next())
            .unwrap_or_else(|| panic!("unexpected: {line}"));
        Self {
            process,
            engine_url: engine_url.to_owned(),
            function_port,
        }
    }

    /// Waits until the function answers in the contract's form.
    fn wait(&mut self) {
        let started = Instant::now();
        while started.elapsed() < STARTED_WITHIN {
            if let Some(status) = self.process.try_wait().expect("a process") {
                panic!(
                    "callbot local ended ({status}): is cargo-lambda there? `make test` installs it"
                );
            }
            let (_, answer) = self.send(&["events/unsigned.json"]);
            if answer.contains("retCode 4000") {
                return;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        panic!("the function did not start within {STARTED_WITHIN:?}");
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.function_port)
    }

    fn send(&self, events: &[&str]) -> (bool, String) {
        run(callbot(&["send", "--url", &self.url()]).args(events))
    }

    fn invoke(&self, event: &Path) -> Value {
        let (good, text) = run(Command::new("cargo")
            .args([
                "lambda",
                "invoke",
                "task-callback",
                "--invoke-address",
                "127.0.0.1",
            ])
            .args(["--invoke-port", &self.function_port, "--data-file"])
            .arg(event)
            .current_dir(project()));
        assert!(good, "{text}");
        let json = text.find('{').map(|start| &text[start..]).unwrap_or(&text);
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn history(&self, arguments: &[&str]) -> (bool, String) {
        let local = [
            "history",
            "--table",
            "snapshots",
            "--local",
            &self.engine_url,
        ];
        run(callbot(&local).args(arguments))
    }
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-INT", &self.process.id().to_string()])
            .status();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(15) {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.process.kill();
    }
}

#[test]
fn the_built_function_answers_every_sample_as_the_sample_says() {
    let mut stack = LocalStack::start(&[]);
    stack.wait();

    for file in sample_events() {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).expect("a sample");
        let sample: Value = serde_json::from_str(&text).expect("JSON");
        let ret_code = &sample["callbot"]["retCode"];
        let (taken, printed) = stack.send(&[&name]);
        assert!(
            printed.contains(&format!("retCode {ret_code} ")),
            "{name}: {printed}"
        );
        assert_eq!(
            taken,
            ret_code == 0,
            "{name}: the exit code says whether it was taken"
        );
    }

    let url = format!("{}/api/v3/taskCallback", stack.url());
    let (holds, table) = run(&mut callbot(&["check", "--url", &url]));
    assert!(holds && table.contains("What was checked holds"), "{table}");
    assert_eq!(table.matches('✓').count(), 7, "{table}");
    let elsewhere = format!("{}/elsewhere", stack.url());
    let (holds, table) = run(&mut callbot(&["check", "--url", &elsewhere]));
    assert!(!holds && table.contains('✗'), "{table}");
    let mut unknown = callbot(&["check", "--url", &url]);
    let (holds, table) = run(unknown.env_remove("CALLBOT_CREDENTIALS"));
    assert!(holds && table.contains("no credentials given"), "{table}");

    let folder = tempfile::tempdir().expect("a folder");
    for sample in [
        "events/rest-api.json",
        "events/base64.json",
        "events/bad-body.json",
    ] {
        let (signed, event) = run(&mut callbot(&["sign", sample]));
        assert!(signed, "{event}");
        let file: PathBuf = folder.path().join("event.json");
        std::fs::write(&file, &event).expect("written");
        let answer = stack.invoke(&file);
        let expected = if sample.contains("bad") { 400 } else { 200 };
        assert_eq!(answer["statusCode"], expected, "{sample}: {answer}");
    }

    let (good, json) = stack.history(&["t-20260913-0008", "--json"]);
    assert!(good, "{json}");
    let history: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(history[0]["status"], "FAILED");
    assert_eq!(history[0]["taskStat"]["finishRate"], 0.18);
    let (good, table) = stack.history(&["autumn-renewals", "--user-task"]);
    assert!(
        good && table.contains("COMPLETED") && table.contains("120 of 120 (100 %)"),
        "{table}"
    );
    let (good, nothing) = stack.history(&["no-such-task"]);
    assert!(good && nothing.contains("nothing stored"), "{nothing}");
}

#[tokio::test]
async fn the_built_function_takes_its_credentials_from_the_secret() {
    let secret = TestSecret::create(CREDENTIALS).await;
    let mut stack = LocalStack::start(&[
        ("CALLBOT_CREDENTIALS", ""),
        ("CALLBOT_CREDENTIALS_SECRET_ID", &secret.id),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", moto::url()),
    ]);
    stack.wait();
    let (taken, printed) = stack.send(&["events/completed.json"]);
    assert!(taken, "{printed}");
}

#[test]
fn a_deployment_that_takes_forgeries_does_not_pass_the_check() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!(
        "http://{}/api/v3/taskCallback",
        server.local_addr().expect("an address")
    );
    std::thread::spawn(move || {
        for connection in server.incoming().flatten() {
            takes_everything(connection);
        }
    });
    let (holds, table) = run(&mut callbot(&["check", "--url", &url]));
    assert!(!holds, "{table}");
    let forged = table
        .lines()
        .find(|line| line.contains("a forged callback"));
    assert!(forged.is_some_and(|line| line.contains('✗')), "{table}");

    let nobody = "http://127.0.0.1:1/api/v3/taskCallback";
    let (holds, table) = run(&mut callbot(&["check", "--url", nobody]));
    assert!(!holds && table.contains("Connection refused"), "{table}");
}

/// Answers one request with success, whatever it is.
pub(crate) fn takes_everything(mut connection: std::net::TcpStream) {
    let mut request = [0; 4096];
    let _ = connection.read(&mut request);
    let body = r#"{"retCode":0,"retMsg":"success","responseID":"x"}"#;
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    let _ = connection.write_all(format!("{head}{body}").as_bytes());
}

#[test]
fn signing_makes_a_stale_event_fresh() {
    let before =
        std::fs::read_to_string(project().join("events/completed.json")).expect("a sample");
    let before: Value = serde_json::from_str(&before).expect("JSON");
    let (good, after) = run(&mut callbot(&["sign", "events/completed.json"]));
    assert!(good, "{after}");
    let after: Value = serde_json::from_str(&after).expect("JSON");
    for header in ["createts", "requestid", "sign"] {
        assert_ne!(
            after["headers"][header], before["headers"][header],
            "{header}"
        );
    }
    assert_eq!(after["headers"]["uuid"], "local-account");
    assert_eq!(
        after["body"], before["body"],
        "the body stays as it is, byte for byte"
    );
    assert_eq!(after["requestContext"], before["requestContext"]);
    assert!(
        after.get("callbot").is_none(),
        "what API Gateway would not send is gone"
    );
}

#[test]
fn a_mistake_is_answered_with_what_to_do() {
    let cases: [(&[&str], &str); 5] = [
        (&["sign", "events/nowhere.json"], "events/nowhere.json"),
        (&["sign", "Cargo.toml"], "not an API Gateway event"),
        (
            &[
                "sign",
                "events/pending.json",
                "--credentials",
                "nowhere.json",
            ],
            "nowhere.json",
        ),
        (
            &["sign", "events/pending.json", "--credentials", "Cargo.toml"],
            "it must hold JSON like",
        ),
        (
            &["local", "--template", "nowhere.yaml"],
            "name it with --template",
        ),
    ];
    for (arguments, words) in cases {
        let (good, text) = run(&mut callbot(arguments));
        assert!(!good && text.contains(words), "{arguments:?}: {text}");
    }
    let (good, text) =
        run(callbot(&["sign", "events/pending.json"]).env_remove("CALLBOT_CREDENTIALS"));
    assert!(
        !good && text.contains("CALLBOT_CREDENTIALS is not set"),
        "{text}"
    );
}

#[tokio::test]
async fn a_secret_is_written_from_a_file_and_shows_nowhere() {
    let secret = TestSecret::create("nothing yet").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    let write = |json: &str| {
        std::fs::write(&file, json).expect("written");
        let file = file.to_str().expect("text");
        run(&mut callbot(&[
            "secret",
            &secret.id,
            "--file",
            file,
            "--local",
            moto::url(),
        ]))
    };
    let (good, text) = write(CREDENTIALS);
    assert!(good && text.contains("1 credential"), "{text}");
    assert!(!text.contains("local-secret"), "{text}");
    assert_eq!(secret.value().await, CREDENTIALS);

    let (good, text) = write(r#"[{"uuid":"u","secretKey":""}]"#);
    assert!(!good && text.contains("Nothing was written"), "{text}");
    assert_eq!(
        secret.value().await,
        CREDENTIALS,
        "the good one is still there"
    );
}

#[test]
fn a_local_engine_keeps_its_data_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("snapshots.db");
    let file = file.to_str().expect("text");
    for _ in 0..2 {
        let local = ["local", "--port", "0", "--db", file, "--", "true"];
        let (good, text) = run(&mut callbot(&local));
        assert!(good && text.contains("DynamoDB engine at"), "{text}");
    }
    let (good, _) = run(&mut callbot(&["local", "--port", "0", "--", "false"]));
    assert!(!good, "the command's exit code is the tool's");
}
