//! A failed AWS call is one line: the target, the SDK's message and a hint. No secret is in it.

use local_stack::{Fault, Proxy};

use crate::runner::{CREDENTIALS, Running, callbot, ends, file_of};
use crate::server;

const HISTORY: &[&str] = &["history", "t-1", "--table", "snapshots"];
const TASKS: &[&str] = &["tasks", "--table", "snapshots"];
const PARKED: &[&str] = &["parked", "--queue", QUEUE];
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/1/parked";

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

const REGION: (&str, &str) = ("AWS_REGION", "eu-central-1");
const ID: (&str, &str) = ("AWS_ACCESS_KEY_ID", "somebody");
const KEY: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "something");

const SIGN_IN: &str = ". Sign in (`aws sso login`), ";
const PERMISSION: &str = ". These credentials may not do this: docs/policies/operator.json ";

/// The error of a run without AWS configuration, except for these variables.
#[track_caller]
fn error(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = callbot(arguments);
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    ends(2, command.envs(variables.iter().copied())).stderr
}

#[test]
fn a_call_that_gets_no_answer_names_its_target_and_what_helps() {
    let file = file_of(CREDENTIALS);
    let file = file.to_str().expect("text");
    let arn = "arn:aws:secretsmanager:eu-west-1:1:secret:s";
    let secret: &[&str] = &["secret", arn, "--file", file];
    let local: &[&str] = &[HISTORY, &["--endpoint-url", NOWHERE]].concat();
    let all: &[_] = &[REGION, ID, KEY, ("AWS_ENDPOINT_URL", NOWHERE)];
    let tables = &[REGION, ID, KEY, ("AWS_ENDPOINT_URL_DYNAMODB", NOWHERE)];
    let by_all = "(AWS_ENDPOINT_URL), ";
    let at_engine = "DynamoDB at http://127.0.0.1:1 (--endpoint-url), table snapshots: ";
    let at_leftover = "DynamoDB at http://127.0.0.1:1 (AWS_ENDPOINT_URL_DYNAMODB), table";
    let engine = ". Check --endpoint-url; `make run` or `callbot local` runs an engine\n";
    let leftover =
        ". Check AWS_ENDPOINT_URL_DYNAMODB; without this setting, the call goes to AWS\n";
    let unset = ". Check AWS_ENDPOINT_URL; without this setting, the call goes to AWS";
    let in_region = "DynamoDB in eu-central-1, ";
    let in_arns = "Secrets Manager in eu-west-1, secret arn:";
    let in_queues = "SQS in eu-west-1, queue parked: ";
    let region = ". Check the region (--region, AWS_REGION or the profile's) and the network";
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let cases: [(&str, &[&str], Variables<'_>, &str, &str); 8] = [
        ("no region", HISTORY, &[ID, KEY], "Missing Region", region),
        ("no credentials", HISTORY, &[REGION], in_region, SIGN_IN),
        ("the ARN's region", secret, &[], in_arns, SIGN_IN),
        ("the queue's region", PARKED, &[], in_queues, SIGN_IN),
        ("no engine", local, &[], at_engine, engine),
        ("a leftover variable", TASKS, tables, at_leftover, leftover),
        ("no engine for secrets", secret, all, by_all, unset),
        ("no engine for queues", PARKED, all, by_all, unset),
    ];
    for (what, arguments, variables, words, hint) in cases {
        let error = error(arguments, variables);
        assert!(error.starts_with("callbot: "), "{what}: {error}");
        assert_eq!(error.lines().count(), 1, "{what}: {error}");
        assert!(error.contains(words), "{what}: {words}: {error}");
        assert!(error.contains(hint), "{what}: {hint}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_code_of_aws_is_printed_with_its_message_and_a_hint() {
    let place = ". Check the name (it is an output of the stack) and AWS_ENDPOINT_URL; ";
    let no_queue = "AWS.SimpleQueueService.NonExistentQueue";
    // JSON's escapes, which become characters that command a terminal.
    let (hostile, harmless) = (r"Clear\u001b[2J\u202e", r"Clear\u{1b}[2J\u{202e}");
    let cases = [
        (HISTORY, "ResourceNotFoundException", place),
        (HISTORY, "ExpiredTokenException", SIGN_IN),
        (HISTORY, "InvalidSignatureException", SIGN_IN),
        (HISTORY, "AccessDeniedException", PERMISSION),
        (HISTORY, "ValidationException", "\n"),
        (HISTORY, hostile, "\n"),
        (PARKED, no_queue, place),
        (PARKED, "AccessDenied", PERMISSION),
    ];
    for (command, code, hint) in cases {
        let proxy = Proxy::start(NOWHERE, move |_| Fault::Answer(400, code)).await;
        let proxy = proxy.expect("a free port");
        let url = ("AWS_ENDPOINT_URL", proxy.url());
        // No proxy is used, neither for this machine nor for AWS.
        let proxies = ["HTTP_PROXY", "ALL_PROXY"].map(|name| (name, NOWHERE));
        let error = error(command, &[&[REGION, ID, KEY, url], &proxies[..]].concat());
        let code = code.replace(hostile, harmless);
        let words = format!(": {code}: by the proxy{hint}");
        assert!(error.contains(&words), "{words}: {error}");
    }
}

#[test]
fn an_endpoint_of_something_else_is_named_for_what_it_is_not() {
    let page = server::start("<html>");
    let engine = Running::start(&mut callbot(&["local", "--port", "0"]));
    let engine = engine.until("Ctrl-C stops it.");
    let engine = engine.split([' ', ',']).find(|word| word.contains("://"));
    let engine = engine.expect("a URL");
    for (command, url, service, status) in [
        (HISTORY, &*page, "DynamoDB", 200),
        (PARKED, &page, "SQS", 200),
        (PARKED, engine, "SQS", 400),
    ] {
        let error = error(&[command, &["--endpoint-url", url]].concat(), &[]);
        let words = format!("{url} (--endpoint-url) is not {service}: it answered HTTP {status}");
        assert!(error.contains(&words), "{words}: {error}");
    }
}

/// With such an endpoint, the SDK prints the request and the secret, or panics if it is empty.
#[test]
fn an_endpoint_that_is_no_url_is_named_and_nothing_secret_is_printed() {
    const SECRET: &str = "a-marked-secret";
    let file = file_of(&CREDENTIALS.replace("local-secret", SECRET));
    let file = file.to_str().expect("text");
    let secret: &[&str] = &["secret", "s", "--file", file];
    for command in [secret, HISTORY, PARKED] {
        for endpoint in ["127.0.0.1:1", "localhost:8000", "not-a-url", ""] {
            let by_option = [command, &["--endpoint-url", endpoint]].concat();
            let by_variable = [("AWS_ENDPOINT_URL", endpoint)];
            for (name, error) in [
                ("--endpoint-url", error(&by_option, &[])),
                ("AWS_ENDPOINT_URL", error(command, &by_variable)),
            ] {
                let words = [name, "a URL such as http://127.0.0.1:8000", endpoint];
                let named = words.iter().all(|words| error.contains(words));
                assert!(named, "{command:?}: {error}");
                let told = error.contains(SECRET) || error.contains("Request {");
                assert!(!told, "{command:?}: {error}");
            }
        }
    }
}

#[test]
fn the_role_of_a_profile_is_assumed_in_the_profiles_region_whatever_key_the_environment_has() {
    let config = file_of(
        "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = s\nregion = eu-central-1\n\
         [profile s]\naws_access_key_id = a\naws_secret_access_key = b\n",
    );
    let config = ("AWS_CONFIG_FILE", config.to_str().expect("text"));
    let by_profile = [HISTORY, &["--profile", "p"]].concat();
    let error = error(
        &by_profile,
        &[config, ID, KEY, ("AWS_ENDPOINT_URL", NOWHERE)],
    );
    let words = "while loading credentials: dispatch failure: io error";
    assert!(error.contains(words), "{error}");
}
