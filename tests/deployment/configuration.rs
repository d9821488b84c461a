//! The configuration: which variables are read, and how an invalid one is reported.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use task_callback::config::{Config, ConfigError, CredentialsSource};
use task_callback::contract::account::{Algorithm, Credentials};
use task_callback_test_support::function::variables;
use task_callback_test_support::request::{SECRET, UUID};

fn config(changes: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
    let mut variables = variables();
    for (name, value) in changes {
        variables.insert(name, (*value).to_owned());
    }
    Config::from_lookup(|name| variables.get(name).cloned())
}

#[test]
fn unset_variables_have_the_contracts_defaults() {
    let config = config(&[("TABLE_NAME", "snapshots")]).expect("a good configuration");
    assert_eq!(config.table_name, "snapshots");
    assert_eq!(config.max_clock_skew, Duration::from_secs(300));
    assert_eq!(config.max_callback_age, Duration::from_secs(259_200));
    assert_eq!(config.retention, None);
    assert_eq!(config.max_body_bytes, 65536);
    assert_eq!(config.parked_queue_url, None);
    let CredentialsSource::Variable(credentials) = config.credentials else {
        panic!("the credentials are in the variable");
    };
    assert_eq!(credentials.first().algorithm, Algorithm::Md5);
}

#[test]
fn everything_can_be_set() {
    let config = config(&[
        ("MAX_CLOCK_SKEW_SECONDS", "60"),
        ("MAX_CALLBACK_AGE_SECONDS", "600"),
        ("RETENTION_DAYS", "90"),
        ("MAX_BODY_BYTES", "1024"),
        (
            "PARKED_QUEUE_URL",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/parked",
        ),
    ]);
    let config = config.expect("a good configuration");
    assert_eq!(config.max_clock_skew, Duration::from_secs(60));
    assert_eq!(config.max_callback_age, Duration::from_secs(600));
    assert_eq!(config.retention, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!(config.max_body_bytes, 1024);
    let url = config.parked_queue_url.expect("a URL");
    assert!(url.ends_with("/parked"), "{url}");
}

#[test]
fn a_missing_or_wrong_variable_is_named_with_what_it_should_hold() {
    let cases = [
        ("TABLE_NAME", "", "is not set"),
        ("CALLBOT_CREDENTIALS", "", "is not set"),
        ("CALLBOT_CREDENTIALS", "[]", "it holds no credentials"),
        (
            "CALLBOT_CREDENTIALS",
            "uuid=secret",
            "it is not JSON (line 1, column 1)",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"{"uuid":"u","secretKey":"s"}"#,
            "it is JSON of another form",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"u"}]"#,
            "it is JSON of another form",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"u","secretKey":"s","algoritm":"SHA256"}]"#,
            "another form",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"u","secretKey":"s","algorithm":"none"}]"#,
            "another form",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"","secretKey":"s"}]"#,
            "credential 1 has an empty uuid",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"u&v","secretKey":"s"}]"#,
            "credential 1 has a uuid with an ampersand",
        ),
        (
            "CALLBOT_CREDENTIALS",
            r#"[{"uuid":"u","secretKey":""}]"#,
            "credential 1 has an empty secretKey",
        ),
        ("MAX_CLOCK_SKEW_SECONDS", "5m", "is wrong"),
        ("MAX_CLOCK_SKEW_SECONDS", "-1", "is wrong"),
        ("MAX_CALLBACK_AGE_SECONDS", "3d", "is wrong"),
        ("RETENTION_DAYS", "0", "is wrong"),
        ("RETENTION_DAYS", "for ever", "is wrong"),
        ("MAX_BODY_BYTES", "0", "out of range"),
        ("MAX_BODY_BYTES", "1000000", "out of range"),
        ("MAX_BODY_BYTES", "64k", "is wrong"),
        ("PARKED_QUEUE_URL", "callbot-parked", "not a URL"),
    ];
    for (variable, value, problem) in cases {
        let error = config(&[(variable, value)]).expect_err(value);
        let text = error.to_string();
        assert_eq!(error.variable, variable, "{value}");
        assert!(text.contains(variable), "{value}: {text}");
        assert!(text.contains(problem), "{value}: {text}");
        assert!(text.contains("it must hold"), "{value}: {text}");
    }
}

#[test]
fn the_maximum_callback_age_is_less_than_the_retention() {
    let age = |days, age| {
        let variables = [("RETENTION_DAYS", days), ("MAX_CALLBACK_AGE_SECONDS", age)];
        config(&variables).map(|config| config.max_callback_age.as_secs())
    };
    assert_eq!(age("1", ""), Ok(82_800), "an hour less than the retention");
    assert_eq!(age("3", ""), Ok(255_600), "an hour less than the retention");
    assert_eq!(age("4", ""), Ok(259_200), "the default");
    assert_eq!(age("1", "86399"), Ok(86_399));
    for too_old in ["86400", "259200"] {
        let error = age("1", too_old).expect_err(too_old);
        assert_eq!(error.variable, "MAX_CALLBACK_AGE_SECONDS");
        let text = error.to_string();
        assert!(text.contains("not less than RETENTION_DAYS"), "{text}");
    }
}

#[test]
fn the_credentials_are_in_a_variable_or_in_a_secret_and_not_in_both() {
    let id = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:callbot-AbCdEf";
    let secret = ("CALLBOT_CREDENTIALS_SECRET_ID", id);
    let both = config(&[secret]).expect_err("both");
    assert!(
        both.to_string()
            .contains("CALLBOT_CREDENTIALS_SECRET_ID, but only one"),
        "{both}"
    );
    let neither = config(&[("CALLBOT_CREDENTIALS", "")]).expect_err("neither");
    assert!(
        neither
            .to_string()
            .contains("nor is CALLBOT_CREDENTIALS_SECRET_ID"),
        "{neither}"
    );
    let config = config(&[secret, ("CALLBOT_CREDENTIALS", "")]).expect("one of them");
    assert!(matches!(config.credentials, CredentialsSource::Secret(other) if other == id));
}

#[test]
fn a_secret_appears_neither_in_debug_nor_in_an_error() {
    let shown = format!("{:?}", config(&[]).expect("a good configuration"));
    assert!(shown.contains(UUID), "the account shows: {shown}");
    assert!(shown.contains("redacted"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");

    let malformed = [
        format!("\"{SECRET}\""),
        SECRET.to_owned(),
        format!(r#"[{{"uuid":"u","secretKey":"s","algorithm":"{SECRET}"}}]"#),
        format!(r#"[{{"uuid":"u","{SECRET}":"s"}}]"#),
        format!(r#"[{{"uuid":"u","secretKey":["{SECRET}"]}}]"#),
    ];
    for value in malformed {
        let error = config(&[("CALLBOT_CREDENTIALS", &value)]).expect_err("malformed");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn credentials_keep_their_order() {
    let json =
        r#"[{"uuid":"a","secretKey":"1"},{"uuid":"b","secretKey":"2","algorithm":"HMAC-SHA256"}]"#;
    let credentials: Credentials = json.parse().expect("good credentials");
    let uuids: Vec<&str> = credentials.iter().map(|c| c.uuid.as_str()).collect();
    assert_eq!(uuids, ["a", "b"]);
}

#[test]
fn the_function_does_not_start_without_its_configuration() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_task-callback"));
    let output = command
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the function can be started");
    assert!(!output.status.success());
    let line: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["variable"], "TABLE_NAME");
    let message = line["message"].as_str().expect("a message");
    assert!(
        message.contains("it must hold the name of the DynamoDB table"),
        "{message}"
    );
}
