//! `callbot soak --no-resend`: what was refused is stored later, and what the parked queue loses is found.

use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use super::soaked;
use crate::runner::callbot;
use task_callback_test_support::{moto, service};

/// Runs a soak of 240 reports without resends, over a moto that finds Python modules in this folder.
fn soak_without_resends(python_path: &Path, arguments: &[&str]) -> (bool, String, Value) {
    let (function, python) = (service::program(), moto::python());
    let function = function.to_str().expect("text");
    let stack = ["--function", function, "--no-resend", "--moto", &python];
    let mut soak = callbot(&["soak", "--tasks", "24"]);
    soak.env("PYTHONPATH", python_path);
    soaked(soak.args(stack).args(arguments))
}

#[test]
fn what_is_refused_is_stored_later_without_a_resend() {
    let empty = tempdir().expect("a folder");
    // DynamoDB is down for longer than the function tries to store a report.
    let arguments = ["--outage", "9s", "--kills", "10%"];
    let (holds, text, report) = soak_without_resends(empty.path(), &arguments);
    assert!(holds, "{text}");
    let refusals = [
        ("SecretsManagerDown", "HTTP 500 retCode 5000"),
        ("WrongSecret", "HTTP 401 retCode 4010"),
        ("DynamoDbDown", "HTTP 503 retCode 5030"),
    ];
    for (phase, refusal) in refusals {
        let count = report["phases"][phase]["answers"][refusal].as_u64();
        assert!(count > Some(0), "{phase}: {text}");
    }
    let number = |pointer| report.pointer(pointer).and_then(Value::as_u64);
    assert!(number("/stage/processesKilled") > Some(0), "{text}");
    let answered = number("/table/expected").expect("a number");
    let unanswered = number("/unanswered").expect("a number");
    assert_eq!(answered + unanswered, 240, "{text}");
    let absent = number("/table/absent").expect("a number");
    assert_eq!(number("/table/snapshots"), Some(240 - absent), "{text}");
}

/// The first message to the parked queue is confirmed and lost, and the second goes to the dead-letter queue.
const DEFECTIVE_QUEUE: &str = r#"
from moto.sqs.models import Queue

add_message = Queue.add_message
parked = []

def lose_first(queue, message):
    if queue.name == "parked":
        parked.append(message)
        if len(parked) == 1:
            return
        if len(parked) == 2:
            queue = queue.dead_letter_queue
    add_message(queue, message)

Queue.add_message = lose_first
"#;

#[test]
fn what_the_parked_queue_loses_is_found() {
    let folder = tempdir().expect("a folder");
    // Python imports a module of this name when it starts.
    let module = folder.path().join("sitecustomize.py");
    std::fs::write(module, DEFECTIVE_QUEUE).expect("written");
    let arguments = ["--outage", "1s", "--faults", "0%", "--kills", "0%"];
    let (holds, text, report) = soak_without_resends(folder.path(), &arguments);
    assert!(!holds, "{text}");
    assert_eq!(report["parked"]["deadLetters"], 1, "{text}");
    assert_eq!(report["table"]["lost"], 2, "{text}");
    assert_eq!(report["table"]["snapshots"], 238, "{text}");
    assert_eq!(report["unanswered"], 0, "{text}");
}
