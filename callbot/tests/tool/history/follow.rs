//! `callbot history --follow`: new snapshots are printed while the command runs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use local_stack::{Fault, Proxy};

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
    // --last 1 prints the newest of the three snapshots, then new ones.
    let following = follow(&app, &[DEMO_TASK, "--json", "--last", "1"]);
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

/// Waiting does not bring back a permission or a table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_waits_only_for_what_may_pass() {
    let app = demo(2).await;
    let table: [(&str, u16, bool); 6] = [
        ("AccessDeniedException", 400, true),
        ("ResourceNotFoundException", 400, true),
        ("ExpiredTokenException", 400, true),
        ("ValidationException", 400, true),
        ("ThrottlingException", 400, false),
        ("InternalServerError", 500, false),
    ];
    for (code, status, gives_up) in table {
        let failing = Arc::new(AtomicBool::new(false));
        let fails = failing.clone();
        let proxy = Proxy::start(&app.engine_url, move |_| match fails.load(Relaxed) {
            true => Fault::Answer(status, code),
            false => Fault::None,
        });
        let proxy = proxy.await.expect("a proxy");
        let mut command = callbot(&["history", DEMO_TASK, "--table", &app.table_name]);
        command.args([
            "--endpoint-url",
            proxy.url(),
            "--json",
            "--follow",
            "--every",
            "10ms",
        ]);
        let mut following = Running::start(command.stderr(Stdio::piped()));
        for _ in 0..2 {
            following.line();
        }
        failing.store(true, Relaxed);
        let error = following.error_line();
        if gives_up {
            let ended = following.end();
            assert_eq!(ended.code(), Some(2), "{code}: {error}");
            assert!(!error.contains("trying again"), "{code}: {error}");
        } else {
            assert!(error.contains("trying again every 10ms"), "{code}: {error}");
            assert_eq!(following.exit_status(), None, "{code}: {error}");
        }
    }
}
