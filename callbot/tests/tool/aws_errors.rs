//! An AWS call that fails is one line that says what to do, within seconds.

use std::process::Command;
use std::time::{Duration, Instant};

use local_stack::{Fault, Proxy};

use crate::runner::{CREDENTIALS, callbot, fail};
use task_callback_test_support::app::TestApp;

/// Well above what the SDK's retries take, and well below its default timeouts.
const TIME_LIMIT: Duration = Duration::from_secs(40);
const TABLE: [&str; 4] = ["history", "t-1", "--table", "snapshots"];

/// The tool on a machine without AWS configuration, except for these variables.
fn unconfigured(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = callbot(arguments);
    command
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied());
    command
}

/// Asserts that the command fails with one line that has these words.
#[track_caller]
fn assert_error(mut command: Command, words: &[&str]) {
    let started = Instant::now();
    let error = fail(&mut command).stderr;
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    assert!(error.starts_with("callbot: "), "{error}");
    for words in words {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert!(started.elapsed() < TIME_LIMIT, "{:?}", started.elapsed());
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "somebody");
const KEY: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "something");

#[test]
fn missing_configuration_is_named() {
    assert_error(
        unconfigured(&TABLE, &[ID, KEY]),
        &["no AWS region is set", "AWS_REGION"],
    );
    assert_error(
        unconfigured(&TABLE, &[REGION]),
        &["there are no AWS credentials", "aws sso login"],
    );
    let profile = ("AWS_PROFILE", "nonexistent");
    assert_error(
        unconfigured(&TABLE, &[REGION, profile]),
        &["profile nonexistent", "list-profiles"],
    );
    // A metadata service that accepts connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let silent = [
        REGION,
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url),
    ];
    assert_error(
        unconfigured(&TABLE, &silent),
        &["there are no AWS credentials"],
    );

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("credentials.json");
    std::fs::write(&file, CREDENTIALS).expect("written");
    let file = file.to_str().expect("text");
    let secret = [
        "secret",
        "arn:aws:secretsmanager:eu-west-1:1:secret:s",
        "--file",
        file,
    ];
    assert_error(
        unconfigured(&secret, &[]),
        &["there are no AWS credentials"],
    );
    let url = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let words = [
        "no connection to Secrets Manager in eu-west-1",
        "Connection refused",
    ];
    assert_error(unconfigured(&secret, &[ID, KEY, url]), &words);
    let words = [
        "no connection to DynamoDB in eu-central-1",
        "Connection refused",
    ];
    assert_error(unconfigured(&TABLE, &[REGION, ID, KEY, url]), &words);
}

#[test]
fn an_unreachable_engine_is_named_by_its_address() {
    let nowhere = ["--local", "http://127.0.0.1:1"];
    let words = ["nothing answers at http://127.0.0.1:1", "`callbot local`"];
    assert_error(unconfigured(&[&TABLE[..], &nowhere].concat(), &[]), &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_table_is_named() {
    let app = TestApp::embedded().await;
    let local = [&TABLE[..], &["--local", &app.engine_url]].concat();
    let words = format!("there is no table snapshots at {}", app.engine_url);
    assert_error(unconfigured(&local, &[]), &[&words]);
    // A soak fails before it sends anything.
    let soak = [
        "soak",
        "--url",
        "http://127.0.0.1:1",
        "--table",
        "snapshots",
        "--local",
        &app.engine_url,
    ];
    let soaked = fail(&mut unconfigured(&soak, &[]));
    assert!(soaked.stderr.contains(&words), "{soaked:?}");
    assert!(!soaked.stdout.contains("acknowledged"), "{soaked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_code_of_aws_is_explained() {
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
        assert_error(unconfigured(&TABLE, &[REGION, ID, KEY, url]), &[words]);
    }
}
