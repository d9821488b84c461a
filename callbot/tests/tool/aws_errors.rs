//! An AWS call that fails is one line that says what to do, within seconds.

use std::time::{Duration, Instant};

use local_stack::{Fault, Proxy};

use crate::runner::{CREDENTIALS, Ran, callbot, fail};
use task_callback_test_support::app::TestApp;

/// Longer than the tool's retries take, on a busy machine too.
const TIME_LIMIT: Duration = Duration::from_secs(40);
const TABLE: [&str; 4] = ["history", "t-1", "--table", "snapshots"];
const PARKED: [&str; 3] = [
    "parked",
    "--queue",
    "https://sqs.eu-west-1.amazonaws.com/1/parked",
];

/// Runs the tool without AWS configuration, except for these variables.
#[track_caller]
fn fail_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    fail(
        2,
        callbot(arguments)
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied()),
    )
}

/// Asserts that the tool fails with one line that has these words.
#[track_caller]
fn assert_error(what: &str, arguments: &[&str], variables: &[(&str, &str)], words: &[&str]) {
    let started = Instant::now();
    let error = fail_with(arguments, variables).stderr;
    assert_eq!(error.trim_end().lines().count(), 1, "{what}: {error}");
    assert!(error.starts_with("callbot: "), "{what}: {error}");
    for words in words {
        assert!(error.contains(words), "{what}: {words}: {error}");
    }
    let took = started.elapsed();
    assert!(took < TIME_LIMIT, "{what}: {took:?}");
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "somebody");
const KEY: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "something");

#[test]
fn missing_configuration_is_named() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), CREDENTIALS).expect("written");
    let file = file.path().to_str().expect("text");
    let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:s";
    let secret = ["secret", arn, "--file", file];

    let profile = ("AWS_PROFILE", "nonexistent");
    let metadata = [
        REGION,
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &silent),
    ];
    let url = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let no_credentials = "there are no AWS credentials";
    type Case<'a> = (
        &'a str,
        &'a [&'a str],
        &'a [(&'a str, &'a str)],
        [&'a str; 2],
    );
    let cases: [Case<'_>; 10] = [
        (
            "no region",
            &TABLE,
            &[ID, KEY],
            ["no AWS region is set", "AWS_REGION"],
        ),
        (
            "no credentials",
            &TABLE,
            &[REGION],
            [no_credentials, "aws sso login"],
        ),
        (
            "no such profile",
            &TABLE,
            &[REGION, profile],
            ["profile nonexistent", "list-profiles"],
        ),
        (
            "a metadata service that never answers",
            &TABLE,
            &metadata,
            [no_credentials, "aws sso login"],
        ),
        (
            "no credentials, and the ARN's region",
            &secret,
            &[],
            [no_credentials, "aws sso login"],
        ),
        (
            "no Secrets Manager",
            &secret,
            &[ID, KEY, url],
            [
                "no connection to Secrets Manager in eu-west-1",
                "Connection refused",
            ],
        ),
        (
            "no DynamoDB",
            &TABLE,
            &[REGION, ID, KEY, url],
            [
                "no connection to DynamoDB in eu-central-1",
                "Connection refused",
            ],
        ),
        (
            "no region, and none in the queue's URL",
            &["parked", "--queue", "https://queues.example.com/1/parked"],
            &[ID, KEY],
            ["no AWS region is set", "AWS_REGION"],
        ),
        (
            "no credentials, and the region of the queue's URL",
            &PARKED,
            &[],
            [no_credentials, "aws sso login"],
        ),
        (
            "no SQS",
            &PARKED,
            &[REGION, ID, KEY, url],
            ["no connection to SQS in eu-west-1", "Connection refused"],
        ),
    ];
    for (what, arguments, variables, words) in cases {
        assert_error(what, arguments, variables, &words);
    }
}

#[test]
fn an_unreachable_engine_is_named_by_its_address() {
    let arguments = [&TABLE[..], &["--endpoint-url", "http://127.0.0.1:1"]].concat();
    let words = ["nothing answers at http://127.0.0.1:1", "`callbot local`"];
    assert_error("no engine", &arguments, &[], &words);

    let arguments = [&PARKED[..], &["--endpoint-url", "http://127.0.0.1:1"]].concat();
    let words = ["nothing answers at http://127.0.0.1:1", "emulator"];
    assert_error("no emulator", &arguments, &[], &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_table_is_named() {
    let app = TestApp::embedded().await;
    let local = [&TABLE[..], &["--endpoint-url", &app.engine_url]].concat();
    let words = format!("there is no table snapshots at {}", app.engine_url);
    assert_error("no table", &local, &[], &[&words]);
    // A soak fails before it sends anything.
    let soak = [
        "soak",
        "--url",
        "http://127.0.0.1:1",
        "--table",
        "snapshots",
        "--endpoint-url",
        &app.engine_url,
    ];
    let soaked = fail_with(&soak, &[]);
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
        assert_error(code, &TABLE, &[REGION, ID, KEY, url], &[words]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_code_of_sqs_is_explained() {
    let cases = [
        (
            "AWS.SimpleQueueService.NonExistentQueue",
            "there is no queue parked in eu-west-1: the stack's output ParkedQueueUrl",
        ),
        (
            "QueueDoesNotExist",
            "there is no queue parked in eu-west-1: the stack's output ParkedQueueUrl",
        ),
        (
            "AccessDenied",
            "may not use queue parked in eu-west-1: by the proxy",
        ),
        (
            "AccessDeniedException",
            "may not use queue parked in eu-west-1: by the proxy",
        ),
    ];
    for (code, words) in cases {
        let proxy = Proxy::start("http://127.0.0.1:1", move |_| Fault::Answer(400, code)).await;
        let proxy = proxy.expect("a free port");
        let url = ("AWS_ENDPOINT_URL_SQS", proxy.url());
        assert_error(code, &PARKED, &[REGION, ID, KEY, url], &[words]);
    }
}

/// The SDK prints the whole request then, with the secret in it.
#[test]
fn an_endpoint_that_is_no_url_is_named_and_nothing_secret_is_printed() {
    const SECRET: &str = "a-marked-secret";
    let file = tempfile::NamedTempFile::new().expect("a file");
    let credentials = CREDENTIALS.replace("local-secret", SECRET);
    std::fs::write(file.path(), &credentials).expect("written");
    let file = file.path().to_str().expect("text");
    let url = "http://127.0.0.1:1";
    let commands: [(&[&str], &str); 5] = [
        (&["secret", "s", "--file", file], "Secrets Manager"),
        (&TABLE, "DynamoDB"),
        (&["tasks", "--table", "snapshots"], "DynamoDB"),
        (&PARKED, "SQS"),
        (
            &["soak", "--url", url, "--table", "t", "--credentials", file],
            "DynamoDB",
        ),
    ];
    let option = "--endpoint-url";
    for (command, service) in commands {
        for endpoint in ["127.0.0.1:1", "localhost:8000", "not-a-url"] {
            let by_option = [command, &[option, endpoint]].concat();
            let ran = fail_with(&by_option, &[]);
            let printed = format!("{}{}", ran.stdout, ran.stderr);
            assert!(printed.contains(option), "{by_option:?}: {printed}");
            assert!(
                printed.contains("http://127.0.0.1:8000"),
                "{by_option:?}: {printed}"
            );
            assert!(!printed.contains(SECRET), "{by_option:?}: {printed}");

            let ran = fail_with(command, &[REGION, ID, KEY, ("AWS_ENDPOINT_URL", endpoint)]);
            let printed = format!("{}{}", ran.stdout, ran.stderr);
            let named = printed.contains("AWS_ENDPOINT_URL") && printed.contains(service);
            assert!(named, "{command:?} with {endpoint}: {printed}");
            assert!(
                !printed.contains(SECRET) && !printed.contains("Request"),
                "{printed}"
            );
        }
    }
}
