//! `callbot send`: signed events, sent as the platform does.

use task_callback_test_support::app::TestApp;
use task_callback_test_support::service;

use crate::runner::{callbot, fail, succeed};
use crate::server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_acknowledges_events_or_the_exit_code_is_1() {
    let app = TestApp::embedded().await;
    let function = service::start(&app, &app.engine_url).await;
    let send = |events: &[&str]| {
        let mut send = callbot(&["send", "--url", function.url()]);
        send.args(events.iter().map(|event| format!("events/{event}.json")));
        send
    };
    let printed = succeed(&mut send(&["pending", "completed", "resend"]));
    let codes = printed.matches("HTTP 200  retCode 0 ").count();
    assert_eq!((codes, printed.lines().count()), (3, 3), "{printed}");
    let printed = fail(1, &mut send(&["bad-body", "failed"])).stdout;
    let missing = "events/bad-body.json  HTTP 400  retCode 4001";
    assert!(printed.starts_with(missing), "{printed}");
    assert!(printed.contains("totalCall"), "{printed}");
    assert_eq!(app.items().await.len(), 3, "pending, completed, failed");
}

/// Whatever a server answers, the terminal is not commanded by it, nor flooded.
#[test]
fn what_a_server_answers_is_escaped_and_cut() {
    let hostile = format!("\u{1b}[2J\u{202e}<html>{}</html>", "long ".repeat(5_000));
    let answer = serde_json::json!({"retCode": 0, "retMsg": hostile, "responseID": hostile});
    for (body, exit_code) in [(hostile, 1), (answer.to_string(), 0)] {
        let url = server::start(&body);
        let mut send = callbot(&["send", "events/pending.json", "--url", &url]);
        let printed = fail(exit_code, &mut send).stdout;
        assert!(printed.contains(r"\u{1b}[2J\u{202e}<html>"), "{printed}");
        assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{printed}");
        assert!(printed.len() < 1_000, "{printed}");
    }
}
