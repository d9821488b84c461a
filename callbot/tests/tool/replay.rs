//! `callbot replay`: what was refused is stored after all, once, and nothing else is ever signed.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_stack::{Fault, Lambda, Proxy};
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

use crate::runner::{self, callbot};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{body, body_with, body_without};
use task_callback_test_support::service;

/// The platform's account in these tests.
const ACCOUNT: &str = "local-account";

/// The line of an authentic callback that the store did not take.
pub(crate) fn line(body: &Value, create_ts: u64) -> Value {
    json!({
        "timestamp": "2026-11-22T20:00:00.000000Z", "level": "ERROR", "message": "callback", "outcome": "failed", "retCode": 5030,
        "reason": "DynamoDB gave no answer in time", "durationMs": 7000.1, "body": body.to_string(),
        "responseID": "r-1", "requestID": "req-1", "uuid": ACCOUNT, "createTs": create_ts.to_string()
    })
}

pub(crate) fn with(mut line: Value, field: &str, value: Value) -> Value {
    line[field] = value;
    line
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

fn run(command: &mut Command) -> (bool, String) {
    let ran = runner::run(command);
    (ran.exit_code == Some(0), ran.stdout + &ran.stderr)
}

/// The tool, given this log on its standard input.
pub(crate) fn replay(log: &str, arguments: &[&str]) -> (bool, String) {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(log.as_bytes()).expect("written");
    let mut command = callbot(&[&["replay"], arguments].concat());
    let log = file.reopen().expect("the log");
    run(command.stdin(Stdio::from(log)))
}

/// The function over a table, and what the tool needs to know of them.
struct Stack {
    app: TestApp,
    lambda: Lambda,
    fails: Arc<AtomicBool>,
    log: TempDir,
    _proxy: Proxy,
}

impl Stack {
    /// The engine answers with this error while `fails` is set.
    async fn start(error: &'static str) -> Self {
        let app = TestApp::embedded().await;
        let fails = Arc::new(AtomicBool::new(false));
        let trouble = fails.clone();
        let proxy = Proxy::start(&app.engine_url, move |_| {
            match trouble.load(Ordering::Relaxed) {
                true => Fault::Answer(400, error),
                false => Fault::None,
            }
        });
        let proxy = proxy.await.expect("a free port");
        let log = tempfile::tempdir().expect("a folder");
        let file = log.path().join("function.log");
        let lambda = service::start(&app, proxy.url(), Some(file)).await;
        Self {
            app,
            lambda,
            fails,
            log,
            _proxy: proxy,
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log.path().join("function.log")).expect("a log")
    }

    async fn callbot(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = callbot(arguments);
        command.args(["--url", self.lambda.url()]);
        let ran = tokio::task::spawn_blocking(move || run(&mut command));
        ran.await.expect("no panic")
    }

    /// Replays with --send, looking into the table.
    async fn send(&self, log: &str, arguments: &[&str]) -> (bool, String) {
        let (app, url) = (&self.app, self.lambda.url());
        let table = ["--table", &app.table_name, "--local", &app.engine_url];
        let send = [&table[..], &["--send", "--url", url], arguments].concat();
        let send: Vec<String> = send.into_iter().map(str::to_owned).collect();
        let log = log.to_owned();
        let ran = tokio::task::spawn_blocking(move || {
            let send: Vec<&str> = send.iter().map(String::as_str).collect();
            replay(&log, &send)
        });
        ran.await.expect("no panic")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_outage_refused_is_stored_afterwards_under_its_own_time() {
    for (error, ret_code) in [
        ("AccessDeniedException", 5000),
        ("ThrottlingException", 5030),
    ] {
        let stack = Stack::start(error).await;
        stack.fails.store(true, Ordering::Relaxed);
        let events = ["send", "events/pending.json", "events/completed.json"];
        let (taken, printed) = stack.callbot(&events).await;
        assert!(
            !taken && printed.contains(&format!("retCode {ret_code}")),
            "{printed}"
        );
        let log = stack.log();

        // While the trouble lasts, it is refused again.
        if ret_code == 5000 {
            let (good, printed) = stack.send(&log, &[]).await;
            assert!(!good && printed.contains("2 refused again"), "{printed}");
        }
        stack.fails.store(false, Ordering::Relaxed);

        let (good, shown) = replay(&log, &[]);
        assert!(good && shown.contains("2 would be sent"), "{shown}");
        assert!(
            shown.contains(&format!("with {ret_code}: DynamoDB")),
            "{shown}"
        );
        assert!(
            stack.app.items().await.is_empty(),
            "a dry run sends nothing"
        );

        let (good, sent) = stack.send(&log, &[]).await;
        assert!(
            good && sent.contains("Of 2 refused callbacks: 2 stored."),
            "{sent}"
        );
        let items = stack.app.items().await;
        assert_eq!(items.len(), 2, "{sent}");
        for refused in log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect(line))
        {
            if refused["message"] != "callback" {
                continue;
            }
            let request_id = refused["requestID"].as_str().expect("an id");
            let item = items
                .iter()
                .find(|item| text(item, "requestID").starts_with(request_id));
            let item = item.unwrap_or_else(|| panic!("{request_id} is not stored"));
            let second = text(item, "createTs").split('.').next();
            assert_eq!(
                second,
                refused["createTs"].as_str(),
                "the report's own time"
            );
        }

        let (good, again) = stack.send(&log, &[]).await;
        assert!(good && again.contains("2 already stored"), "{again}");
        let url = stack.lambda.url().to_owned();
        let (good, blind) = replay(&log, &["--send", "--url", &url]);
        assert!(good && blind.contains("2 stored, now or before"), "{blind}");
        assert_eq!(stack.app.items().await, items, "nothing more is stored");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_old_for_the_clock_is_stored_as_of_now_only_if_asked_and_once() {
    let stack = Stack::start("none").await;
    let reported = now() - 345_600;
    // The same bytes at two times are two reports.
    let log = format!(
        "{}\n{}\n",
        line(&body(), reported),
        line(&body(), reported - 60)
    );
    let (good, printed) = stack.send(&log, &[]).await;
    assert!(!good && printed.contains("2 too old"), "{printed}");
    assert!(
        printed.contains("MaxCallbackAgeSeconds=352800"),
        "{printed}"
    );
    assert!(stack.app.items().await.is_empty());

    let first = log.lines().next().expect("a line");
    let (good, printed) = stack.send(first, &["--as-of-now"]).await;
    assert!(good && printed.contains("1 stored"), "{printed}");
    let items = stack.app.items().await;
    assert_eq!(
        text(&items[0], "requestID"),
        format!("req-1-replay-{reported}")
    );
    let (good, printed) = stack.send(first, &["--as-of-now"]).await;
    assert!(good && printed.contains("1 already stored"), "{printed}");
    assert_eq!(stack.app.items().await, items);

    // Not within the same second: that would be the same snapshot by the contract.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let (good, printed) = stack.send(&log, &["--as-of-now"]).await;
    assert!(
        good && printed.contains("1 stored, 1 already stored"),
        "{printed}"
    );
    assert_eq!(stack.app.items().await.len(), 2, "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_sent_once_however_often_it_stands_there_and_a_refusal_shows() {
    let stack = Stack::start("none").await;
    let reported = now();
    let good = line(&body(), reported);
    // A replay under another time that was refused in its turn.
    let replayed = with(
        line(&body(), reported + 7),
        "requestID",
        json!(format!("req-1-replay-{reported}")),
    );
    let resent = with(good.clone(), "requestID", json!("req-2"));
    let broken = with(
        line(&body_without("sceneID"), now()),
        "retCode",
        json!(4001),
    );
    let binary = with(good.clone(), "body", Value::Null);
    let binary = with(
        binary,
        "bodyBase64",
        json!(STANDARD.encode(b"\xff\x00 no text")),
    );
    let other = body_with("/taskStatus", 3.into());
    let stranger = with(line(&other, reported), "uuid", json!("another-account"));
    let lines = [
        &good, &good, &replayed, &resent, &broken, &binary, &stranger,
    ]
    .map(Value::to_string);
    let (all_stored, printed) = stack.send(&lines.join("\n"), &[]).await;
    assert!(!all_stored, "{printed}");
    for words in [
        "Of 4 refused callbacks: 1 stored, 2 refused again, 1 not sent.",
        "3 the same report again",
        "retCode 4001  sceneID is missing",
        "no secret of this account",
    ] {
        assert!(printed.contains(words), "{words}: {printed}");
    }
    assert_eq!(stack.app.items().await.len(), 1, "{printed}");
}

#[test]
fn a_mistake_at_a_replay_is_answered_with_what_to_do() {
    let line = line(&body(), 1_726_200_060).to_string();
    for (arguments, words) in [
        (&["nowhere.log"][..], "nowhere.log: No such file"),
        (&["--send"], "--url <URL>"),
        (&["--as-of-now"], "--table <TABLE>"),
        (
            &["--send", "--url", "http://127.0.0.1:1"],
            "goes on from here",
        ),
    ] {
        let (good, text) = replay(&line, arguments);
        assert!(!good && text.contains(words), "{arguments:?}: {text}");
    }
}
