//! `callbot sign`: a stored event with a fresh signature.

use std::fs::File;

use serde_json::Value;
use task_callback_test_support::project;

use crate::runner::{callbot, ends, succeed};

#[test]
fn a_signed_event_has_fresh_headers_and_the_same_body() {
    let sample = project().join("events/completed.json");
    let before = File::open(&sample).expect("a sample");
    let before: Value = serde_json::from_reader(before).expect("JSON");
    let by_file = succeed(callbot(&["sign"]).arg(&sample));
    let input = File::open(&sample).expect("a sample");
    let by_input = succeed(callbot(&["sign", "-"]).stdin(input));
    for after in [by_file, by_input] {
        let after: Value = serde_json::from_str(&after).expect("JSON");
        for header in ["createts", "requestid", "sign"] {
            let (old, new) = (&before["headers"][header], &after["headers"][header]);
            assert_ne!(new, old, "{header}");
        }
        assert_eq!(after["headers"]["uuid"], "local-account");
        assert_eq!(after["body"], before["body"], "byte for byte");
        assert_eq!(after["requestContext"], before["requestContext"]);
        assert!(after.get("callbot").is_none(), "the description is removed");
    }
}

/// The function verifies a parked callback as of the time at which it was received.
#[test]
fn the_event_of_a_queue_is_printed_unchanged() {
    let sample = File::open(project().join("events/parked.json")).expect("a sample");
    let before: Value = serde_json::from_reader(sample).expect("JSON");
    let after = succeed(&mut callbot(&["sign", "events/parked.json"]));
    let after: Value = serde_json::from_str(&after).expect("JSON");
    assert_eq!(after["Records"], before["Records"]);
}

#[test]
fn an_error_says_what_to_do() {
    let no_url = "send events/pending.json --url localhost:9000";
    let both = "send events/pending.json --status PAUSED --task t-1 --url http://127.0.0.1:1";
    let sign = "sign events/pending.json";
    let by_file = "sign events/pending.json --credentials Cargo.toml";
    let unknown = r#"[{"uuid":"u","secretKey":"s","algorithm":"SHA1"}]"#;
    for (command, credentials, words) in [
        ("sign nowhere.json", "", "nowhere.json: No such file"),
        ("sign Cargo.toml", "", "not an API Gateway event"),
        (no_url, "", "it must be a URL such as http://127.0.0.1"),
        (both, "", "cannot be used with"),
        (by_file, "[]", "Cargo.toml: it is not a JSON array"),
        (sign, "", "CALLBOT_CREDENTIALS is not set"),
        (sign, unknown, "(also when left out), SHA256 or HMAC-SHA256"),
    ] {
        let arguments: Vec<_> = command.split(' ').collect();
        let mut sign = callbot(&arguments);
        let error = ends(2, sign.env("CALLBOT_CREDENTIALS", credentials)).stderr;
        assert!(error.contains(words), "{words}: {error}");
    }
}
