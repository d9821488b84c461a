//! `callbot soak`: no finding about a correct function despite faults around it, and a finding for every defect.

mod arguments;
mod no_resend;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::{Fault, Proxy};
use serde_json::Value;
use task_callback::store::Item;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

use crate::runner::{Running, callbot, eventually, run};
use crate::server;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::proxy::split;
use task_callback_test_support::service;

/// Runs a soak of 24 tasks with 5 reports each: whether it passes, its output and its report.
fn soak(arguments: &[&str]) -> (bool, String, Value) {
    let size = ["--tasks", "24", "--callbacks", "5"];
    soaked(callbot(&["soak"]).args(size).args(arguments))
}

/// Runs a soak: whether it passes, its output and its report.
fn soaked(soak: &mut Command) -> (bool, String, Value) {
    let report = NamedTempFile::new().expect("a file");
    let path = report.path().to_str().expect("text");
    let ran = run(soak.args(["--report", path]));
    let text = format!("{}{}", ran.stdout, ran.stderr);
    let report = std::fs::read_to_string(path).expect("a report");
    let report = serde_json::from_str(&report).unwrap_or_else(|_| panic!("no report: {text}"));
    (ran.exit_code == Some(0), text, report)
}

#[test]
fn nothing_is_lost_where_processes_are_killed_and_the_engine_fails() {
    let function = service::program();
    let function = function.to_str().expect("text");
    let arguments = ["--function", function, "--faults", "10%", "--kills", "20%"];
    let shuffled = ["--shuffle", "--forge", "10%"];
    let (holds, text, report) = soak(&[&arguments[..], &shuffled].concat());
    assert!(holds, "{text}");
    assert_eq!(report["table"]["expected"], 120, "{text}");
    assert_eq!(report["table"]["snapshots"], 120, "{text}");
    assert_eq!(report["sent"]["givenUp"], 0, "{text}");
    let some = [
        "/sent/forgeriesRefused",
        "/stage/processesKilled",
        "/sent/retries",
    ];
    for some in some {
        let count = report.pointer(some).and_then(Value::as_u64);
        assert!(count > Some(0), "{some}: {text}");
    }
    let faults = report["stage"]["faults"].as_object().expect("an object");
    assert!(!faults.is_empty(), "{text}");
    assert_eq!(report["stage"]["processesEndedThemselves"], 0, "{text}");
}

#[test]
fn an_interrupted_run_tells_the_truth_about_what_was_sent() {
    let function = service::program();
    let function = function.to_str().expect("text");
    let log = NamedTempFile::new().expect("a file");
    let mut soak = Running::start(
        callbot(&["soak", "--function", function, "--tasks", "100000"])
            .args(["--faults", "0%", "--kills", "0%", "--log"])
            .arg(log.path()),
    );
    eventually("some reports are stored", || {
        let text = std::fs::read_to_string(log.path()).expect("the log");
        (text.matches("\"stored\"").count() > 50).then_some(())
    });
    let status = soak.interrupt();
    let text = soak.until("Interrupted before everything was sent.");
    assert!(text.contains("lost: 0, duplicated: 0"), "{text}");
    assert!(!text.contains("FAILED"), "{text}");
    assert_eq!(status.code(), Some(1), "{text}");
}

#[test]
fn a_run_that_is_interrupted_at_its_start_leaves_no_process_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (script, id) = (folder.path().join("function"), folder.path().join("id"));
    let text = format!("#!/bin/sh\necho $$ > {}\nexec sleep 60\n", id.display());
    std::fs::write(&script, text).expect("written");
    std::fs::set_permissions(&script, Permissions::from_mode(0o755)).expect("permitted");
    let script = script.to_str().expect("text");
    let mut soak = Running::start(&mut callbot(&["soak", "--function", script]));
    let id = eventually("the function runs", || {
        let text = std::fs::read_to_string(&id).ok()?;
        text.trim().parse::<u32>().ok()
    });
    let status = soak.interrupt();
    soak.until("the run proves nothing");
    assert_eq!(status.code(), Some(1));
    let process = format!("/proc/{id}/cmdline");
    eventually("the function's process is gone", || {
        let command = std::fs::read_to_string(&process).unwrap_or_default();
        command.is_empty().then_some(())
    });
}

/// What is wrong with one snapshot in the table.
#[derive(Clone, Copy, PartialEq)]
enum Defect {
    /// Its write was confirmed and not done.
    NotWritten,
    /// It is also under another key.
    Twice,
    Changed,
    /// Another one that was never sent is in the table.
    Invented,
}

impl Defect {
    fn apply(self, item: &mut Item) {
        let place = AttributeValue::N(format!("{}.9", text(item, "createTs")));
        let mut set = |attribute: &str, value: AttributeValue| {
            item.insert(attribute.to_owned(), value);
        };
        match self {
            Self::NotWritten => {}
            Self::Twice => set("createTs", place),
            Self::Changed => set("sceneID", AttributeValue::S("another".to_owned())),
            Self::Invented => {
                set("createTs", place);
                set("bodySha256", AttributeValue::S("0".repeat(64)));
            }
        }
    }
}

/// The function's way to the engine: confirms the first snapshot's write without doing it, if that is the defect.
async fn function_proxy(app: &TestApp, defect: Option<Defect>) -> Proxy {
    let mut first = defect == Some(Defect::NotWritten);
    let proxy = Proxy::start(&app.engine_url, move |request| {
        let mut words = split(request).1.windows(10);
        match words.any(|text| text == b"bodySha256") && std::mem::take(&mut first) {
            // A JSON object, as a confirmation is.
            true => Fault::Answer(200, "Confirmed"),
            false => Fault::None,
        }
    });
    proxy.await.expect("a free port")
}

/// The tool's way to the engine: applies the defect before the first request that comes when there are snapshots,
/// which is the audit's.
async fn audit_proxy(app: &TestApp, mut defect: Option<Defect>) -> Proxy {
    let (url, table) = (app.engine_url.clone(), app.table_name.clone());
    let proxy = Proxy::start(&app.engine_url, move |_| {
        if let Some(kind) = defect {
            let (url, table) = (url.clone(), table.clone());
            // The proxy's own runtime waits for this.
            let applied = std::thread::spawn(move || apply_to_first_snapshot(kind, &url, &table));
            if applied.join().expect("no panic") {
                defect = None;
            }
        }
        Fault::None
    });
    proxy.await.expect("a free port")
}

/// Changes the table behind the function's back; whether there was a snapshot.
fn apply_to_first_snapshot(defect: Defect, engine_url: &str, table: &str) -> bool {
    Runtime::new().expect("a runtime").block_on(async {
        let client = local_aws(engine_url).dynamodb();
        let scan = client.scan().table_name(table).send().await;
        let Some(mut item) = scan.expect("a readable table").items().first().cloned() else {
            return false;
        };
        defect.apply(&mut item);
        let put = client.put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("a writable table");
        true
    })
}

/// A soak of a function whose table has this defect.
async fn soak_over(defect: Option<Defect>) -> (bool, String, Value) {
    let app = TestApp::embedded().await;
    let proxy = function_proxy(&app, defect).await;
    let audit = audit_proxy(&app, defect.filter(|kind| *kind != Defect::NotWritten)).await;
    let lambda = service::start(&app, proxy.url()).await;
    let stack = ["--url", lambda.url(), "--table", &app.table_name];
    let options = ["--endpoint-url", audit.url(), "--duplicates", "0%"];
    soak(&[&stack[..], &options].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_finds_what_is_wrong_with_a_table() {
    let (holds, text, _) = soak_over(None).await;
    assert!(holds, "without a defect: {text}");
    let defects = [
        ("a confirmed write not done", Defect::NotWritten, "lost", 1),
        ("a snapshot stored twice", Defect::Twice, "doubled", 2),
        ("a changed snapshot", Defect::Changed, "different", 1),
        ("an invented snapshot", Defect::Invented, "notSent", 1),
    ];
    for (what, defect, finding, places) in defects {
        let (holds, text, report) = soak_over(Some(defect)).await;
        let table = &report["table"];
        assert!(!holds, "{what}: {text}");
        assert_eq!(table[finding], 1, "{what}: {text}");
        let found = table["places"].as_array().map(Vec::len);
        assert_eq!(found, Some(places), "{what}: {text}");
    }
}

#[tokio::test]
async fn an_accepted_forgery_is_found() {
    let app = TestApp::embedded().await;
    let url = server::start(server::SUCCESS, || {});
    let stack = ["--url", &url, "--table", &app.table_name];
    let options = ["--endpoint-url", &app.engine_url, "--forge", "20%"];
    let (holds, text, report) = soak(&[&stack[..], &options].concat());
    assert!(!holds, "{text}");
    assert_eq!(report["table"]["lost"], 120, "{text}");
    let taken = report["sent"]["forgeriesTaken"].as_array().map(Vec::len);
    assert!(taken > Some(0), "{text}");
}

/// A refusal has the HTTP status that belongs to its retCode.
#[tokio::test]
async fn a_refusal_with_the_status_of_success_is_none() {
    let app = TestApp::embedded().await;
    let answer = r#"{"retCode":4010,"retMsg":"refused","responseID":"x"}"#;
    let url = server::start(answer, || {});
    let stack = ["--url", &url, "--table", &app.table_name];
    let options = ["--endpoint-url", &app.engine_url, "--forge", "20%"];
    let (holds, text, report) = soak(&[&stack[..], &options].concat());
    assert!(!holds, "{text}");
    assert_eq!(report["sent"]["forgeriesRefused"], 0, "{text}");
    let taken = report["sent"]["forgeriesTaken"].as_array().map(Vec::len);
    assert!(taken > Some(0), "{text}");
    assert!(text.contains("HTTP 200 retCode 4010"), "{text}");
}
