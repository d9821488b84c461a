//! The configuration: which variables are read, and how an invalid one is reported.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use task_callback::config::CredentialsSource;
use task_callback_test_support::function::config;
use task_callback_test_support::request::{SECRET, UUID};

use crate::template::template;

#[test]
fn every_variable_can_be_set_and_has_the_contracts_default() {
    let parked = "https://sqs.eu-central-1.amazonaws.com/123456789012/parked";
    let dead_letters = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters";
    let all = [
        ("TABLE_NAME", "reports"),
        ("MAX_CLOCK_SKEW_SECONDS", "60"),
        ("MAX_CALLBACK_AGE_SECONDS", "600"),
        ("RETENTION_DAYS", "90"),
        ("MAX_BODY_BYTES", "1024"),
        ("PARKED_QUEUE_URL", parked),
        ("DEAD_LETTER_QUEUE_URL", dead_letters),
    ];
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    let cases = [
        (
            &all[..],
            60,
            600,
            days(90),
            1024,
            [Some(parked), Some(dead_letters)],
        ),
        (&all[..1], 300, 259_200, None, 65_536, [None, None]),
    ];
    for (variables, skew, age, retention, body_bytes, queues) in cases {
        let config = config(variables).expect("a good configuration");
        assert_eq!(config.table_name, "reports");
        assert_eq!(config.max_clock_skew, Duration::from_secs(skew));
        assert_eq!(config.max_callback_age, Duration::from_secs(age));
        assert_eq!(config.retention, retention);
        assert_eq!(config.max_body_bytes, body_bytes);
        let urls = [&config.parked_queue_url, &config.dead_letter_queue_url];
        assert_eq!(urls.map(Option::as_deref), queues);
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    }
}

#[test]
fn a_missing_or_wrong_variable_is_named_with_what_it_should_hold() {
    let credentials = [
        ("", "is not set, nor is CALLBOT_CREDENTIALS_SECRET_ID"),
        (
            "uuid=secret",
            "not a JSON array of credentials (line 1, column 1)",
        ),
        (r#"{"uuid":"u","secretKey":"s"}"#, "not a JSON array"),
        (
            r#"[{"uuid":"u","secretKey":"s","x":1}]"#,
            "not a JSON array",
        ),
        (r#"[{"uuid":"u"}]"#, "credential 1: secretKey is missing"),
        (r#"[{"uuid":1,"secretKey":"s"}]"#, "1: uuid is not a string"),
        (r#"[{"uuid":"","secretKey":"s"}]"#, "1: uuid is empty"),
        (
            r#"[{"uuid":"u&v","secretKey":"s"}]"#,
            "uuid holds an ampersand",
        ),
        (
            r#"[{"uuid":"u","secretKey":"s","algorithm":"x"}]"#,
            "algorithm is none",
        ),
    ];
    let others = [
        ("TABLE_NAME", "", "is not set"),
        ("MAX_CLOCK_SKEW_SECONDS", "5m", "is wrong"),
        ("MAX_CLOCK_SKEW_SECONDS", "-1", "is wrong"),
        ("MAX_CALLBACK_AGE_SECONDS", "3d", "is wrong"),
        ("RETENTION_DAYS", "0", "is wrong"),
        ("RETENTION_DAYS", "for ever", "is wrong"),
        ("MAX_BODY_BYTES", "0", "out of range"),
        ("MAX_BODY_BYTES", "64k", "is wrong"),
        ("PARKED_QUEUE_URL", "callbot-parked", "not a URL"),
        ("DEAD_LETTER_QUEUE_URL", "dead-letters", "not a URL"),
    ];
    let credentials = credentials.map(|(value, problem)| ("CALLBOT_CREDENTIALS", value, problem));
    for (variable, value, problem) in credentials.into_iter().chain(others) {
        let error = config(&[(variable, value)]).expect_err(value);
        assert_eq!(error.variable, variable, "{value}");
        let text = error.to_string();
        for part in [variable, problem, "it must hold"] {
            assert!(text.contains(part), "{value}: {text}");
        }
    }
}

#[test]
fn the_largest_body_is_the_same_in_the_template_and_the_code() {
    let largest = &template()["Parameters"]["MaxBodyBytes"]["MaxValue"];
    let largest = largest.as_u64().expect("a number");
    let with = |bytes: u64| config(&[("MAX_BODY_BYTES", &bytes.to_string())]);
    let config = with(largest).expect("the largest");
    assert_eq!(config.max_body_bytes as u64, largest);
    let error = with(largest + 1).expect_err("too large").to_string();
    for part in ["MAX_BODY_BYTES", "out of range", &largest.to_string()] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn the_maximum_callback_age_is_less_than_the_retention_and_one_that_is_not_is_limited() {
    let limited =
        "MAX_CALLBACK_AGE_SECONDS is not less than RETENTION_DAYS; it is limited to 82800 seconds";
    let cases = [
        ("the default is an hour less", "3", "", 255_600, ""),
        ("the default is less by itself", "4", "", 259_200, ""),
        ("less than the retention", "1", "86399", 86_399, ""),
        ("the retention itself", "1", "86400", 82_800, limited),
        ("more than the retention", "1", "259200", 82_800, limited),
    ];
    for (about, days, age, expected, warning) in cases {
        let variables = [("RETENTION_DAYS", days), ("MAX_CALLBACK_AGE_SECONDS", age)];
        let config = config(&variables).expect("the function starts");
        assert_eq!(config.max_callback_age.as_secs(), expected, "{about}");
        assert_eq!(config.warnings.concat(), warning, "{about}");
    }
}

#[test]
fn the_credentials_are_in_a_variable_or_in_a_secret_and_not_in_both() {
    let id = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:callbot-AbCdEf";
    let secret = ("CALLBOT_CREDENTIALS_SECRET_ID", id);
    let error = config(&[secret]).expect_err("both are set").to_string();
    let problem = "is set, and so is CALLBOT_CREDENTIALS_SECRET_ID, but only one may be";
    assert!(error.contains(problem), "{error}");
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
        format!(r#"[{{"uuid":"u","{SECRET}":"s"}}]"#),
    ];
    for value in malformed {
        let error = config(&[("CALLBOT_CREDENTIALS", &value)]).expect_err("malformed");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
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
