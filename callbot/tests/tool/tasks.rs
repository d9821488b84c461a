//! `callbot tasks`: the tasks that are running, that are silent, and that failed today.

use serde_json::{Value, json};
use task_callback_test_support::app::TestApp;

use crate::history::{now, report, report_of};
use crate::runner::{callbot, succeed};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// A table, and a time zone in which it is past noon, so that today began more than 12 hours ago.
struct Tasks {
    app: TestApp,
    now: u64,
    zone: String,
}

impl Tasks {
    async fn start() -> Self {
        let now = now();
        let hour = i64::try_from(now / HOUR % 24).expect("below 24");
        // In TZ, hours west of Greenwich are positive.
        let zone = format!("XXX{}", hour - 12);
        let app = TestApp::start().await;
        Self { app, now, zone }
    }

    /// Stores a report of this task and status, made so many seconds ago.
    async fn report(&self, task_id: &str, status: u64, ago: u64) {
        let body = report_of(task_id, status, 67, 100);
        report(&self.app, self.now - ago, body).await;
    }

    fn text(&self, arguments: &[&str]) -> String {
        let mut command = callbot(&["tasks", "--table", &self.app.table_name]);
        command.args(["--endpoint-url", &self.app.engine_url]);
        succeed(command.args(arguments).env("TZ", &self.zone))
    }

    /// The ids of the tasks in progress, silent and failed, and the number of the others.
    fn overview(&self, arguments: &[&str]) -> ([Vec<String>; 3], Value) {
        let json = self.text(&[arguments, &["--json"]].concat());
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let ids = ["running", "silent", "failedToday"].map(|state| {
            let tasks = json[state].as_array().expect("a list").iter();
            let ids = tasks.map(|task| task["taskID"].as_str());
            ids.map(|id| id.expect("text").to_owned()).collect()
        });
        (ids, json["others"].clone())
    }
}

fn ids(ids: [&[&str]; 3]) -> [Vec<String>; 3] {
    ids.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect())
}

#[tokio::test]
async fn a_task_is_what_its_newest_report_says() {
    let tasks = Tasks::start().await;
    let reports: [(&str, &[(u64, u64)]); 13] = [
        ("done", &[(2, 2 * HOUR), (3, HOUR)]),
        ("silent", &[(2, 4 * HOUR), (2, 2 * HOUR)]),
        ("running", &[(1, 2 * HOUR), (2, 9 * MINUTE)]),
        ("resumed", &[(5, 8 * MINUTE), (2, 6 * MINUTE)]),
        ("paused", &[(2, 8 * MINUTE), (5, 6 * MINUTE)]),
        ("failed", &[(2, 8 * MINUTE), (4, 6 * MINUTE)]),
        ("failed long ago", &[(2, 31 * HOUR), (4, 30 * HOUR)]),
        ("long forgotten", &[(2, 101 * HOUR), (2, 100 * HOUR)]),
        // Made before the completion, and received after it.
        ("done", &[(2, 100 * MINUTE), (2, 90 * MINUTE)]),
        // Of the reports of one second, the last to arrive counts, or the end.
        ("paused at once", &[(1, HOUR), (2, HOUR), (5, HOUR)]),
        ("resumed at once", &[(1, MINUTE), (5, MINUTE), (2, MINUTE)]),
        ("done at once", &[(2, HOUR), (3, HOUR), (2, HOUR)]),
        ("failed at once", &[(2, MINUTE), (4, MINUTE), (2, MINUTE)]),
    ];
    for (task, reports) in reports {
        for &(status, ago) in reports {
            tasks.report(task, status, ago).await;
        }
    }
    let (found, others) = tasks.overview(&[]);
    let running = ["resumed at once", "resumed", "running"];
    let failed = ["failed at once", "failed"];
    assert_eq!(found, ids([&running, &["silent"], &failed]));
    assert_eq!(others, json!({"COMPLETED": 2, "FAILED": 1, "PAUSED": 2}));

    let (found, _) = tasks.overview(&["--since", "200h", "--silent-for", "150m"]);
    let running = ["resumed at once", "resumed", "running", "silent"];
    assert_eq!(found, ids([&running, &["long forgotten"], &failed]));
}

#[tokio::test]
async fn the_text_has_the_newest_numbers_and_says_what_it_leaves_out() {
    let tasks = Tasks::start().await;
    let text = tasks.text(&[]);
    let nothing = format!(
        "No other task has reported to table {}",
        tasks.app.table_name
    );
    assert!(text.contains(&nothing), "{text}");

    tasks.report("t-\u{1b}[31m-escaped", 2, 2 * MINUTE).await;
    tasks.report("earlier", 2, HOUR / 2).await;
    tasks.report("done", 3, MINUTE).await;
    let text = tasks.text(&["--since", "20m"]);
    for words in [
        "1 task in progress, 0 silent for more than 1h, 0 failed since",
        "67/100 67 %",
        "40/120 33 %",
        "t-\\u{1b}[31m-escaped",
        "2m",
        "Silent tasks are not shown: --since must look further back than --silent-for, 1h.",
        "1 COMPLETED",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("earlier"), "{text}");
}
