//! `callbot tasks`: the tasks that are running, that are silent, and that failed today.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body};

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
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("a time after 1970").as_secs();
        let hour = i64::try_from(now / HOUR % 24).expect("below 24");
        // In TZ, hours west of Greenwich are positive.
        let zone = format!("XXX{}", hour - 12);
        let app = TestApp::start().await;
        Self { app, now, zone }
    }

    /// Stores a report of this task and status, made so many seconds ago.
    async fn report(&self, task_id: &str, status: u64, ago: u64) {
        let mut body = body();
        body["taskID"] = task_id.into();
        body["taskStatus"] = status.into();
        let seconds = self.now - ago;
        let received = UNIX_EPOCH + Duration::from_secs(seconds);
        let request = Request::at(seconds, body);
        let answer = self.app.send_at(&request, received).await;
        assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);
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
    for (task, reports) in [
        ("done", [(2, 2 * HOUR), (3, HOUR)]),
        ("silent", [(2, 4 * HOUR), (2, 2 * HOUR)]),
        ("running", [(1, 2 * HOUR), (2, 9 * MINUTE)]),
        ("resumed", [(5, 8 * MINUTE), (2, 6 * MINUTE)]),
        ("paused", [(2, 8 * MINUTE), (5, 6 * MINUTE)]),
        ("failed", [(2, 8 * MINUTE), (4, 6 * MINUTE)]),
        ("failed long ago", [(2, 31 * HOUR), (4, 30 * HOUR)]),
        ("long forgotten", [(2, 101 * HOUR), (2, 100 * HOUR)]),
        // Made before the completion, and received after it.
        ("done", [(2, 100 * MINUTE), (2, 90 * MINUTE)]),
    ] {
        for (status, ago) in reports {
            tasks.report(task, status, ago).await;
        }
    }
    let (found, others) = tasks.overview(&[]);
    let (running, failed) = (["resumed", "running"], ["failed"]);
    assert_eq!(found, ids([&running, &["silent"], &failed]));
    assert_eq!(others, json!({"COMPLETED": 1, "FAILED": 1, "PAUSED": 1}));

    let (found, _) = tasks.overview(&["--since", "200h", "--silent-for", "150m"]);
    let running = ["resumed", "running", "silent"];
    assert_eq!(found, ids([&running, &["long forgotten"], &failed]));
}

#[tokio::test]
async fn of_the_reports_of_one_second_the_last_to_arrive_or_the_end_counts() {
    let tasks = Tasks::start().await;
    for (task, statuses) in [
        ("paused", [1, 2, 5]),
        ("running", [1, 5, 2]),
        ("completed", [2, 3, 2]),
        ("failed", [2, 4, 2]),
    ] {
        for status in statuses {
            tasks.report(task, status, MINUTE).await;
        }
    }
    let (found, others) = tasks.overview(&[]);
    assert_eq!(found, ids([&["running"], &[], &["failed"]]));
    assert_eq!(others, json!({"COMPLETED": 1, "PAUSED": 1}));
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
