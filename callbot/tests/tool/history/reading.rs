//! The snapshots read by either task id.

use super::*;
use task_callback_test_support::request::{body_plus, body_with};

#[tokio::test]
async fn a_history_is_read_by_either_task_id_oldest_first() {
    let app = TestApp::embedded().await;
    for minute in [2, 0, 1] {
        report(&app, FIRST + minute * MINUTE, body()).await;
    }
    report(&app, FIRST, body_with("/taskID", json!("t-2"))).await;

    let times = [0, 1, 2].map(|minute| (FIRST + minute * MINUTE).to_string());
    assert_eq!(keys(&app, &["t-1"]), times);
    assert_eq!(keys(&app, &["t-1", "--last", "1"]), times[2..]);
    // An index follows its table within a second or so.
    eventually("the index has both tasks' reports", || {
        (keys(&app, &["ut-1", "--user-task"]).len() == 4).then_some(())
    });
    assert_eq!(keys(&app, &["t-1", "--last", "2"]), times[1..]);
    assert_eq!(keys(&app, &["t-1", "--last", "9"]), times);
    assert!(keys(&app, &["t-3"]).is_empty());
}

#[tokio::test]
async fn a_history_longer_than_a_page_is_read_to_its_end() {
    let app = TestApp::embedded().await;
    let filler = "x".repeat(60_000);
    for second in 0..40 {
        report(&app, FIRST + second, body_plus("", "filler", json!(filler))).await;
    }
    let count = keys(&app, &["t-1"]).len();
    assert_eq!(count, 40, "2.4 MB, in pages of 1 MB");
    let count = keys(&app, &["t-1", "--last", "30"]).len();
    assert_eq!(count, 30, "1.8 MB, in pages of 1 MB");
}

#[tokio::test]
async fn a_task_is_ended_though_another_report_of_that_second_arrived_after_its_end() {
    let app = TestApp::embedded().await;
    report(&app, FIRST, report_of("t-1", 2, 10, 100)).await;
    report(&app, FIRST + MINUTE, report_of("t-1", 3, 100, 100)).await;
    report(&app, FIRST + MINUTE, report_of("t-1", 2, 70, 100)).await;
    let text = succeed(&mut history(&app, &["t-1"]));
    assert!(text.contains("COMPLETED, 3 snapshots"), "{text}");
    assert!(text.contains("100 of 100 (100 %) finished"), "{text}");
    let last = succeed(&mut history(&app, &["t-1", "--last", "1"]));
    assert!(last.contains("COMPLETED, 1 snapshot"), "{last}");
}
