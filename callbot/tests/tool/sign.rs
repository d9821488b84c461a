//! `callbot sign`: a stored event with a fresh signature.

use std::fs::File;

use serde_json::Value;
use task_callback_test_support::project;

use crate::runner::{callbot, fail, succeed};

#[test]
fn a_signed_event_has_fresh_headers_and_the_same_body() {
    let sample = "events/completed.json";
    let before = std::fs::read_to_string(project().join(sample)).expect("a sample");
    let before: Value = serde_json::from_str(&before).expect("JSON");
    let after = succeed(&mut callbot(&["sign", sample]));
    let after: Value = serde_json::from_str(&after).expect("JSON");
    for header in ["createts", "requestid", "sign"] {
        let (old, new) = (&before["headers"][header], &after["headers"][header]);
        assert_ne!(new, old, "{header}");
    }
    assert_eq!(after["headers"]["uuid"], "local-account");
    assert_eq!(after["body"], before["body"], "byte for byte");
    assert_eq!(after["requestContext"], before["requestContext"]);
    assert!(
        after.get("callbot").is_none(),
        "the sample's description is removed"
    );
}

#[test]
fn the_event_may_come_from_the_standard_input() {
    for sample in ["completed", "parked"] {
        let file = project().join(format!("events/{sample}.json"));
        let input = || File::open(&file).expect("a sample");
        let signed = succeed(callbot(&["sign", "-"]).stdin(input()));
        let signed: Value = serde_json::from_str(&signed).expect("JSON");
        let before: Value = serde_json::from_reader(input()).expect("JSON");
        for key in ["body", "Records"] {
            assert_eq!(signed.get(key), before.get(key), "{sample}: {key}");
        }
    }
}

#[test]
fn an_error_says_what_to_do() {
    let pending = "events/pending.json";
    let cases: [(&str, &[&str], &str); 4] = [
        ("no event", &["events/nowhere.json"], "events/nowhere.json"),
        ("no JSON", &["Cargo.toml"], "not an API Gateway event"),
        (
            "no credentials file",
            &[pending, "--credentials", "nowhere.json"],
            "nowhere.json",
        ),
        (
            "bad credentials",
            &[pending, "--credentials", "Cargo.toml"],
            "it must hold a JSON array like",
        ),
    ];
    for (what, arguments, words) in cases {
        let error = fail(2, callbot(&["sign"]).args(arguments)).stderr;
        assert!(error.contains(words), "{what}: {error}");
    }
    let unknown = r#"[{"uuid":"u","secretKey":"s","algorithm":"SHA1"}]"#;
    let error = fail(
        2,
        callbot(&["sign", pending]).env("CALLBOT_CREDENTIALS", unknown),
    )
    .stderr;
    for algorithm in ["MD5", "SHA256", "HMAC-SHA256"] {
        assert!(error.contains(algorithm), "{algorithm}: {error}");
    }
    let error = fail(
        2,
        callbot(&["sign", pending]).env_remove("CALLBOT_CREDENTIALS"),
    )
    .stderr;
    assert!(error.contains("CALLBOT_CREDENTIALS is not set"), "{error}");
}
