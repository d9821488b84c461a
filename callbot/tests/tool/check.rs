//! `callbot check`: whether a deployment refuses and accepts what it must.

use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::service;

use crate::runner::{callbot, fail, succeed};
use crate::server::{self, SUCCESS};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function_passes_and_stores_one_snapshot() {
    let app = TestApp::embedded().await;
    let function = service::start(&app, &app.engine_url).await;
    let mut check = callbot(&["check", "--url", function.url()]);
    let printed = succeed(check.env_remove("CALLBOT_CREDENTIALS"));
    let sum = "All checks passed. Checks not made: 3.";
    assert_eq!(printed.lines().last(), Some(sum), "{printed}");
    assert!(app.items().await.is_empty(), "without credentials");

    let printed = succeed(&mut callbot(&["check", "--url", function.url()]));
    assert_eq!(printed.matches('✓').count(), 6, "{printed}");
    let stored = app.items().await;
    assert_eq!(stored.len(), 1, "{printed}");
    assert!(text(&stored[0], "taskID").starts_with("callbot-check-"));
}

#[test]
fn a_deployment_that_accepts_forgeries_does_not_pass() {
    let url = server::start(SUCCESS);
    let printed = fail(1, &mut callbot(&["check", "--url", &url])).stdout;
    let mut lines = printed.lines();
    let forged = lines.find(|line| line.contains("an unknown account"));
    assert!(forged.is_some_and(|line| line.contains('✗')), "{printed}");
    let sum = "4 of 6 checks failed. Checks not made: 1.";
    assert_eq!(lines.last(), Some(sum), "{printed}");
}

#[test]
fn a_check_ends_at_the_first_request_without_an_answer() {
    let url = "http://127.0.0.1:1/api/v3/taskCallback";
    let printed = fail(1, &mut callbot(&["check", "--url", url])).stdout;
    let (line, sum) = printed.split_once('\n').expect("two lines");
    let error = "no connection to http://127.0.0.1:1: Connection refused";
    assert!(line.contains(error), "{printed}");
    assert_eq!(sum, "1 of 1 checks failed. Checks not made: 6.\n");
}
