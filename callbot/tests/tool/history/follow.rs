//! `callbot history --follow`: new snapshots are printed while the command runs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::*;

fn follow(app: &TestApp, arguments: &[&str]) -> Running {
    Running::start(history(app, &["--follow", "--every", "100ms"]).args(arguments))
}

#[tokio::test]
async fn each_new_snapshot_is_printed_once() {
    let app = demo(2).await;
    let mut following = follow(&app, &[DEMO_TASK]);
    let before = following.until("until Ctrl-C");
    assert!(
        before.contains("IN_PROGRESS, 2 snapshots") && before.contains("31 of 120"),
        "{before}"
    );

    let at = FIRST + 2 * MINUTE;
    report(&app, at, report_of(DEMO_TASK, 2, 40, 120)).await;
    let line = following.line();
    assert!(
        line.starts_with("2026-09-13 08:02:00  IN_PROGRESS  ███"),
        "{line}"
    );
    assert!(
        line.contains("40 of 120 (33 %) finished") && !line.contains("late"),
        "{line}"
    );
    // Another report of the same second has the next key.
    report(&app, at, report_of(DEMO_TASK, 5, 41, 120)).await;
    let line = following.line();
    assert!(
        line.contains("PAUSED") && line.contains("41 of 120"),
        "{line}"
    );
    // An overtaken report has an older key than the newest.
    report(&app, at - 30, report_of(DEMO_TASK, 2, 35, 120)).await;
    let line = following.line();
    assert!(
        line.starts_with("2026-09-13 08:01:30") && line.ends_with("(came late)"),
        "{line}"
    );
    report(&app, at - 30, report_of(DEMO_TASK, 2, 35, 120)).await;
    report(&app, at + 1, report_of(DEMO_TASK, 3, 120, 120)).await;
    let line = following.line();
    assert!(line.contains("COMPLETED"), "a resend adds no line: {line}");
    assert!(following.interrupt().success(), "Ctrl-C ends it");
}

#[tokio::test]
async fn a_task_without_reports_can_be_followed() {
    let app = TestApp::embedded().await;
    let following = follow(&app, &["ut-1", "--user-task"]);
    let nothing = following.until("until Ctrl-C");
    assert!(nothing.contains("nothing stored"), "{nothing}");
    report(&app, FIRST, report_of("t-9", 1, 0, 120)).await;
    let line = following.line();
    assert!(line.contains("PENDING") && line.ends_with("t-9"), "{line}");
}

#[tokio::test]
async fn json_and_csv_can_be_followed() {
    let app = demo(3).await;
    // --latest prints the newest of the three snapshots, then new ones.
    let following = follow(&app, &[DEMO_TASK, "--json", "--latest"]);
    let csv = follow(&app, &[DEMO_TASK, "--csv"]);
    let row = |line: String| -> Value { serde_json::from_str(&line).expect("one object per line") };
    assert_eq!(row(following.line())["status"], "PAUSED");
    csv.until(&format!("{},", FIRST + 2 * MINUTE));
    report(&app, FIRST + 3 * MINUTE, report_of(DEMO_TASK, 3, 120, 120)).await;
    assert_eq!(row(following.line())["status"], "COMPLETED");
    let line = csv.line();
    assert!(
        line.starts_with(&format!("{DEMO_TASK},{},", FIRST + 3 * MINUTE)),
        "{line}"
    );
}

#[tokio::test]
async fn it_ends_when_nobody_reads_its_output() {
    let app = demo(2).await;
    let following = [DEMO_TASK, "--follow", "--every", "50ms"];
    for arguments in [&[DEMO_TASK][..], &following] {
        let mut command = history(&app, arguments);
        let command = command.stdout(Stdio::piped());
        let mut process = command.spawn().expect("callbot starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        drop(stdout);
        let status = eventually("it ends without a reader", || {
            process.try_wait().expect("a child")
        });
        assert!(status.success(), "{arguments:?}: {status}");
    }
}
