//! What `callbot` says when AWS cannot be used: one line, with what to do, and soon.

use std::process::Command;
use std::time::{Duration, Instant};

use local_stack::{Fault, Proxy};

use crate::tool::{callbot, run};
use task_callback_test_support::app::TestApp;

/// The longest that anybody is kept waiting for such a line.
const TOLD_WITHIN: Duration = Duration::from_secs(20);
const TABLE: [&str; 4] = ["history", "t-1", "--table", "snapshots"];

/// The tool on a machine where nobody is logged in, with these variables beside.
fn nobody(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = callbot(arguments);
    for (name, _) in std::env::vars() {
        if name.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
        .env_remove("TABLE_NAME")
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied());
    command
}

/// Runs it, and asserts that it fails with one line that has these words.
#[track_caller]
fn assert_told(mut command: Command, words: &[&str]) {
    let started = Instant::now();
    let (good, text) = run(&mut command);
    assert!(!good, "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(text.starts_with("callbot: "), "{text}");
    for words in words {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(started.elapsed() < TOLD_WITHIN, "{:?}", started.elapsed());
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "somebody");
const KEY: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "something");

#[test]
fn nobody_who_is_not_logged_in_is_left_to_guess() {
    assert_told(
        nobody(&TABLE, &[ID, KEY]),
        &["no AWS region is set", "AWS_REGION"],
    );
    assert_told(
        nobody(&TABLE, &[REGION]),
        &["there are no AWS credentials", "aws sso login"],
    );
    let profile = ("AWS_PROFILE", "nonexistent");
    assert_told(
        nobody(&TABLE, &[REGION, profile]),
        &["profile nonexistent", "list-profiles"],
    );
    // A metadata service that is there and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let silent = [
        REGION,
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url),
    ];
    assert_told(nobody(&TABLE, &silent), &["there are no AWS credentials"]);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    std::fs::write(&file, crate::tool::CREDENTIALS).expect("written");
    let file = file.to_str().expect("text");
    let secret = [
        "secret",
        "arn:aws:secretsmanager:eu-west-1:1:secret:s",
        "--file",
        file,
    ];
    assert_told(nobody(&secret, &[]), &["there are no AWS credentials"]);
    let url = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let words = [
        "no connection to Secrets Manager in eu-west-1",
        "Connection refused",
    ];
    assert_told(nobody(&secret, &[ID, KEY, url]), &words);
    let words = [
        "no connection to DynamoDB in eu-central-1",
        "Connection refused",
    ];
    assert_told(nobody(&TABLE, &[REGION, ID, KEY, url]), &words);
}

#[test]
fn an_engine_that_is_not_there_is_told_by_its_address() {
    let nowhere = ["--local", "http://127.0.0.1:1"];
    let words = ["nothing answers at http://127.0.0.1:1", "`callbot local`"];
    assert_told(nobody(&[&TABLE[..], &nowhere].concat(), &[]), &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_is_not_there_is_told_by_its_name() {
    let app = TestApp::embedded().await;
    let local = [&TABLE[..], &["--local", &app.engine_url]].concat();
    let words = format!("there is no table snapshots at {}", app.engine_url);
    assert_told(nobody(&local, &[]), &[&words]);
    // Before anything is sent.
    let soak = [
        "soak",
        "--url",
        "http://127.0.0.1:1",
        "--table",
        "snapshots",
        "--local",
        &app.engine_url,
    ];
    let (good, text) = run(&mut nobody(&soak, &[]));
    assert!(!good && text.contains(&words), "{text}");
    assert!(!text.contains("acknowledged"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_aws_answers_is_told_in_plain_words() {
    let cases = [
        (
            "ResourceNotFoundException",
            "there is no table snapshots in eu-central-1: the stack's output TableName",
        ),
        (
            "UnrecognizedClientException",
            "AWS does not know these credentials in eu-central-1",
        ),
        ("InvalidSignatureException", "clock is wrong"),
        (
            "ExpiredTokenException",
            "the AWS credentials have expired: log in again",
        ),
        (
            "AccessDeniedException",
            "may not use table snapshots in eu-central-1: by the proxy",
        ),
        (
            "ValidationException",
            "refused table snapshots: ValidationException: by the proxy",
        ),
    ];
    for (code, words) in cases {
        let proxy = Proxy::start("http://127.0.0.1:1", move |_| Fault::Answer(400, code)).await;
        let proxy = proxy.expect("a free port");
        let url = ("AWS_ENDPOINT_URL_DYNAMODB", proxy.url());
        assert_told(nobody(&TABLE, &[REGION, ID, KEY, url]), &[words]);
    }
}
