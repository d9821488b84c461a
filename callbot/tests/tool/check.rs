//! `callbot check`: whether a deployment refuses wrong requests and stores signed callbacks.

use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::service;

use crate::runner::{CREDENTIALS, callbot, ends};
use crate::server::{self, SUCCESS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_passes_and_stores_one_snapshot() {
    let app = TestApp::embedded().await;
    let function = service::start(&app, &app.engine_url).await;
    let check = |exit_code, credentials: &str| {
        let mut check = callbot(&["check", "--url", function.url()]);
        ends(exit_code, check.env("CALLBOT_CREDENTIALS", credentials)).stdout
    };
    let printed = check(0, "");
    let first = "✓ refuses another path: 404\n";
    assert!(printed.starts_with(first), "{printed}");
    let sum = "4 passed, 2 skipped (no credentials: set CALLBOT_CREDENTIALS or --credentials)";
    ends_with(sum, &printed);
    let printed = check(1, &CREDENTIALS.replace("local-s", "s"));
    assert!(printed.contains("WrongSignatureAlarm"), "{printed}");
    let sum = "1 failed, 4 passed, 1 skipped (the signed callback was not stored)";
    ends_with(sum, &printed);
    assert!(app.items().await.is_empty());

    let printed = check(0, CREDENTIALS);
    ends_with("All 6 checks passed.", &printed);
    let stored = app.items().await;
    assert_eq!(stored.len(), 1, "{printed}");
    assert!(text(&stored[0], "taskID").starts_with("callbot-check-"));
}

#[test]
fn a_deployment_that_accepts_forgeries_does_not_pass() {
    let url = server::start(SUCCESS);
    let printed = ends(1, &mut callbot(&["check", "--url", &url])).stdout;
    let forged = "✗ refuses an unknown account: 401 (retCode 4010) expected\n  HTTP 200";
    assert!(printed.contains(forged), "{printed}");
    ends_with("4 failed, 2 passed", &printed);
}

#[track_caller]
fn ends_with(sum: &str, printed: &str) {
    assert_eq!(printed.lines().last(), Some(sum), "{printed}");
}
