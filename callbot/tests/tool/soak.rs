//! `callbot soak`: it finds nothing wrong with the function however much goes wrong around it, and does find what is.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use local_stack::{Fault, Proxy};
use serde_json::Value;
use task_callback::store::Item;
use tempfile::NamedTempFile;
use tokio::time::sleep;

use crate::tool::{callbot, run};
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::proxy::split;
use task_callback_test_support::service;

/// Runs a soak of 24 tasks with 5 reports each; its output, whether it holds, and its report.
async fn soak(arguments: &[&str]) -> (bool, String, Value) {
    let report = NamedTempFile::new().expect("a file");
    let path = report.path().to_str().expect("text").to_owned();
    let size = [
        "soak",
        "--tasks",
        "24",
        "--callbacks",
        "5",
        "--report",
        &path,
    ];
    let mut command = callbot(&[&size, arguments].concat());
    let ran = tokio::task::spawn_blocking(move || run(&mut command));
    let (holds, text) = ran.await.expect("no panic");
    let report = std::fs::read_to_string(report.path()).expect("a report");
    let report = serde_json::from_str(&report).unwrap_or_else(|_| panic!("no report: {text}"));
    (holds, text, report)
}

#[tokio::test]
async fn nothing_is_lost_where_processes_are_killed_and_the_engine_fails() {
    let function = service::program();
    let function = function.to_str().expect("text");
    let arguments = ["--function", function, "--faults", "10%", "--kills", "10%"];
    let (holds, text, report) =
        soak(&[&arguments[..], &["--shuffle", "--forge", "10%"]].concat()).await;
    assert!(holds, "{text}");
    assert_eq!(report["table"]["acknowledged"], 120, "{text}");
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

/// What happens to one snapshot on its way to the table, or in it.
#[derive(Clone, Copy, PartialEq)]
enum Lie {
    /// It is confirmed and not written.
    NotWritten,
    /// It is written under another key, too.
    Twice,
    /// It is changed afterwards.
    Changed,
    /// Another one is put beside it.
    Invented,
}

impl Lie {
    /// What is written by someone who is not held to conditions, once there is a snapshot.
    fn of(self, item: &mut Item) {
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

/// Confirms the first snapshot's write without doing it, where that is the lie.
fn confirm_without_writing(lie: Option<Lie>) -> impl FnMut(&[u8]) -> Fault + Send + 'static {
    let mut first = lie == Some(Lie::NotWritten);
    move |request| {
        let is_snapshot = split(request)
            .1
            .windows(10)
            .any(|text| text == b"bodySha256");
        match is_snapshot && std::mem::take(&mut first) {
            // An object, as a confirmation is.
            true => Fault::Answer(200, "Confirmed"),
            false => Fault::None,
        }
    }
}

/// Waits for a snapshot and lies about it.
async fn write_beside(lie: Lie, client: Client, table_name: String) {
    let mut item = loop {
        let scan = client.scan().table_name(&table_name).send().await;
        match scan.expect("the table can be read").items().first() {
            Some(item) => break item.clone(),
            None => sleep(Duration::from_millis(5)).await,
        }
    };
    lie.of(&mut item);
    let put = client
        .put_item()
        .table_name(table_name)
        .set_item(Some(item));
    put.send().await.expect("the table can be written");
}

/// A function over a table about which somebody lies; a soak of it.
async fn soak_over(lie: Option<Lie>) -> (bool, String, Value) {
    let app = TestApp::embedded().await;
    let proxy = Proxy::start(&app.engine_url, confirm_without_writing(lie)).await;
    let proxy = proxy.expect("a free port");
    let liar = lie.filter(|lie| *lie != Lie::NotWritten).map(|lie| {
        let (client, table_name) = (app.client.clone(), app.table_name.clone());
        tokio::spawn(write_beside(lie, client, table_name))
    });
    let lambda = service::start(&app, proxy.url(), None).await;
    let stack = [
        "--url",
        lambda.url(),
        "--table",
        &app.table_name,
        "--local",
        &app.engine_url,
    ];
    let soaked = soak(&[&stack[..], &["--duplicates", "0%", "--concurrency", "2"]].concat()).await;
    if let Some(liar) = liar {
        liar.await.expect("the lie is told");
    }
    soaked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_finds_what_is_wrong_with_a_table() {
    let (holds, text, _) = soak_over(None).await;
    assert!(holds, "without a lie: {text}");
    let lies = [
        (
            Lie::NotWritten,
            "lost",
            "a write that was confirmed and not done",
        ),
        (Lie::Twice, "doubled", "a snapshot that is there twice"),
        (Lie::Changed, "different", "a snapshot that was changed"),
        (
            Lie::Invented,
            "notSent",
            "a snapshot of something never sent",
        ),
    ];
    for (lie, finding, what) in lies {
        let (holds, text, report) = soak_over(Some(lie)).await;
        assert!(!holds, "{what}: {text}");
        assert_eq!(report["table"][finding], 1, "{what}: {text}");
        assert_eq!(
            report["table"]["places"].as_array().map(Vec::len),
            Some(1 + usize::from(finding == "doubled")),
            "{what}: {text}"
        );
    }
}

/// A function that would take anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgery_that_is_taken_is_found() {
    let app = TestApp::embedded().await;
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for connection in server.incoming().flatten() {
            crate::tool::takes_everything(connection);
        }
    });
    let stack = [
        "--url",
        &url,
        "--table",
        &app.table_name,
        "--local",
        &app.engine_url,
    ];
    let (holds, text, report) = soak(&[&stack[..], &["--forge", "20%"]].concat()).await;
    assert!(!holds, "{text}");
    assert_eq!(report["table"]["lost"], 120, "{text}");
    let taken = report["sent"]["forgeriesTaken"].as_array().map(Vec::len);
    assert!(taken > Some(0), "{text}");
}
