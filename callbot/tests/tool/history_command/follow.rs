//! `callbot history --follow`: what comes in while somebody looks.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
/// Several looks.
const A_WHILE: Duration = Duration::from_millis(700);

/// The command, and the lines that it prints.
struct Following {
    process: Child,
    lines: Receiver<String>,
}

impl Following {
    fn start(app: &TestApp, arguments: &[&str]) -> Self {
        let mut command = history(app, &["--follow", "--every", "100ms"]);
        let command = command.args(arguments).stdout(Stdio::piped());
        let mut process = command.spawn().expect("callbot starts");
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { process, lines }
    }

    fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        line.expect("a line within the time")
    }

    /// All lines up to one with these words.
    fn until(&self, words: &str) -> String {
        let mut text = String::new();
        while !text.contains(words) {
            text += &self.line();
            text.push('\n');
        }
        text
    }

    fn assert_silent(&self) {
        let line = self.lines.recv_timeout(A_WHILE);
        assert_eq!(line, Err(RecvTimeoutError::Timeout));
    }

    /// Interrupts it, as Ctrl-C does; whether it then ended well.
    fn interrupt(mut self) -> bool {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args(["-INT", &id]).status();
        assert!(killed.expect("kill runs").success());
        for _ in 0..200 {
            if let Some(status) = self.process.try_wait().expect("a process") {
                return status.success();
            }
            std::thread::sleep(PATIENCE / 200);
        }
        false
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn new_snapshots_are_shown_as_they_come_each_once() {
    let app = demo(2).await;
    let following = Following::start(&app, &[DEMO_TASK]);
    let before = following.until("until Ctrl-C");
    assert!(
        before.contains("IN_PROGRESS, 2 snapshots") && before.contains("31 of 120"),
        "{before}"
    );
    following.assert_silent();

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
    // The same second's next place is the next key, however close.
    report(&app, at, report_of(DEMO_TASK, 5, 41, 120)).await;
    let line = following.line();
    assert!(
        line.contains("PAUSED") && line.contains("41 of 120"),
        "{line}"
    );
    // What was overtaken has an older key than the newest.
    report(&app, at - 30, report_of(DEMO_TASK, 2, 35, 120)).await;
    let line = following.line();
    assert!(
        line.starts_with("2026-09-13 08:01:30") && line.ends_with("(came late)"),
        "{line}"
    );
    report(&app, at - 30, report_of(DEMO_TASK, 2, 35, 120)).await;
    following.assert_silent();
    assert!(following.interrupt(), "Ctrl-C is how it ends");
}

#[tokio::test]
async fn a_task_that_is_not_there_yet_can_be_followed() {
    let app = TestApp::embedded().await;
    let following = Following::start(&app, &["ut-1", "--user-task"]);
    let nothing = following.until("until Ctrl-C");
    assert!(nothing.contains("nothing stored"), "{nothing}");
    report(&app, FIRST, report_of("t-9", 1, 0, 120)).await;
    let line = following.line();
    assert!(line.contains("PENDING") && line.ends_with("t-9"), "{line}");
}

#[tokio::test]
async fn programs_can_follow_too() {
    let app = demo(3).await;
    // Of the three, only the newest is asked for, and then what is new.
    let following = Following::start(&app, &[DEMO_TASK, "--json", "--latest"]);
    let csv = Following::start(&app, &[DEMO_TASK, "--csv"]);
    let row = |line: String| -> Value { serde_json::from_str(&line).expect("an object a line") };
    assert_eq!(row(following.line())["status"], "PAUSED");
    following.assert_silent();
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
async fn the_end_of_the_reader_is_the_end_of_it() {
    let app = demo(2).await;
    for arguments in [
        &[DEMO_TASK][..],
        &[DEMO_TASK, "--follow", "--every", "50ms"],
    ] {
        let mut head = history(&app, arguments);
        let mut process = head.stdout(Stdio::piped()).spawn().expect("callbot starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        drop(stdout);
        let started = Instant::now();
        let status = loop {
            match process.try_wait().expect("a process") {
                Some(status) => break status,
                None if started.elapsed() > Duration::from_secs(20) => {
                    let _ = process.kill();
                    panic!("{arguments:?} goes on without a reader");
                }
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert!(status.success(), "{arguments:?}, as before `| head -1`");
    }
}
