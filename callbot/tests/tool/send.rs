//! `callbot send`: signed events, sent as the platform does.

use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::service;

use crate::runner::{CREDENTIALS, callbot, ends, file_of, succeed};
use crate::server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_answers_events_as_expected_or_the_exit_code_is_1() {
    let app = TestApp::embedded().await;
    let function = service::start(&app, &app.engine_url).await;
    let send = |events: &str| {
        let mut send = callbot(&["send", "--url", function.url()]);
        // No proxy is used for this machine.
        send.env("HTTP_PROXY", "http://127.0.0.1:1");
        let events = events.split(' ');
        send.args(events.map(|event| format!("events/{event}.json")));
        send
    };
    let printed = succeed(&mut send("pending completed resend forged wrong-path"));
    let codes = printed.matches("HTTP 200  retCode 0 ").count();
    assert_eq!((codes, printed.matches("responseID").count()), (3, 2));
    let forged = "events/forged.json      HTTP 401  retCode 4010  (as expected)\n";
    assert!(printed.contains(forged), "{printed}");
    let is_narrow = |line: &str| line.chars().count() <= 80;
    assert!(printed.lines().all(is_narrow), "{printed}");
    let mut by_another = send("bad-body failed");
    by_another.env("CALLBOT_CREDENTIALS", CREDENTIALS.replace("local-s", "s"));
    let printed = ends(1, &mut by_another).stdout;
    for expected in ["(retCode 4001 expected)", "(retCode 0 expected)"] {
        let refused = format!("HTTP 401  retCode 4010  {expected}");
        assert!(printed.contains(&refused), "{refused}: {printed}");
    }
    assert_eq!(app.items().await.len(), 2, "pending and completed");

    for status in ["pending", "IN_PROGRESS", "PAUSED", "COMPLETED", "FAILED"] {
        let sample = ["--status", status, "--task", status];
        succeed(callbot(&["send", "--url", function.url()]).args(sample));
        let stored = app.items_of(status).await;
        assert_eq!(text(&stored[0], "status"), status.to_uppercase());
    }
}

/// Nothing answers at this URL, so sending the first file would be another error.
#[test]
fn a_file_that_is_no_event_is_named_before_anything_is_sent() {
    for (json, words) in [
        ("", "the file is empty"),
        ("{} {}", "more than one JSON value: send each event"),
        ("[{}]", "not one JSON object: send each event"),
        ("{}", "not an API Gateway event: it has no method"),
        (r#"{"Records":[]}"#, "an SQS event: use `make invoke`"),
        (r#"{"body":{}}"#, r#"its "body" must be a string"#),
        (r#"{"headers":{"x":1}}"#, r#"its "headers" must be an"#),
        (r#"{"headers":{"x":"\n"}}"#, r#"its header "x" has a line"#),
    ] {
        let file = file_of(json);
        let mut send = callbot(&["send", "--url", "http://127.0.0.1:1", "events/pending.json"]);
        let error = ends(2, send.arg(&file)).stderr;
        let expected = format!("callbot: {}: {words}", file.display());
        assert!(error.starts_with(&expected), "{words}: {error}");
    }
}

#[test]
fn no_answer_says_what_may_be_wrong() {
    let nothing = "nothing answers at http://127.0.0.1:1.\nIs `make run` running?\n";
    let plain = server::start(server::SUCCESS).replace("http:", "https:");
    for (url, words) in [
        ("http://127.0.0.1:1", nothing),
        (&plain, ": the port speaks plain HTTP, so write http://\n"),
    ] {
        for command in [&["send", "events/pending.json"][..], &["check"]] {
            let error = ends(2, callbot(command).args(["--url", url])).stderr;
            assert!(error.starts_with("callbot: no"), "{error}");
            assert!(error.ends_with(words), "{error}");
        }
    }
}

/// No server's answer can command the terminal or flood it.
#[test]
fn what_a_server_answers_is_escaped_and_cut() {
    let hostile = format!("\u{1b}[2J\u{202e}<html>{}</html>", "long ".repeat(5_000));
    let answer = serde_json::json!({"retCode": 0, "retMsg": hostile, "responseID": hostile});
    for (body, exit_code) in [(hostile, 1), (answer.to_string(), 0)] {
        let url = server::start(&body);
        let mut send = callbot(&["send", "events/pending.json", "--url", &url]);
        let printed = ends(exit_code, &mut send).stdout;
        assert!(printed.contains(r"\u{1b}[2J\u{202e}<html>"), "{printed}");
        assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{printed}");
        assert!(printed.len() < 1_000, "{printed}");
    }
}
