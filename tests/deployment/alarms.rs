//! Which alarms of template.yaml go off, computed from what CloudWatch would see: log lines that the function wrote, and
//! SQS's metrics.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::project;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{NOW, Request, body, now};

use crate::metrics::{counting, metrics};
use crate::template::{resources, template};
use crate::timeline::{Lines, Timeline};

/// What the function and API Gateway log, and the metrics that count it. The function's lines are those that it writes
/// here, in this order.
async fn lines(template: &Value) -> Lines {
    let names =
        "failed, failed again, stored, wrong signature, wrong signature again, stranger, malformed";
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let refusing = Fault::Answer(400, "AccessDeniedException");
    let proxy = Proxy::start(&app.engine_url, &[refusing]).await;
    let down = app.behind(local_aws(&proxy.url));
    let event = Request::new(body()).http_api_event().to_string();
    let text = body().to_string();
    let (log, _guard) = Log::start(&[]);
    invoke(&down, &event, "response-1", now()).await;
    queue.deliver(&down, now()).await;
    queue.deliver(app.function(), now()).await;
    let wrong = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "wrong");
    app.send(&wrong).await;
    queue.deliver(app.function(), now()).await;
    app.send(&Request::of_account("stranger", body())).await;
    app.send(&Request::new(json!({}))).await;
    let written = log.lines();
    assert_eq!(written.len(), names.split(", ").count());

    let settings = &template["Resources"]["CallbackApi"]["Properties"]["AccessLogSettings"];
    let format = settings["Format"].as_str().expect("a text");
    let access = |status: &str, of_the_function: &str| {
        let mut line: Value = serde_json::from_str(format).expect("JSON");
        line["status"] = json!(status);
        line["functionStatus"] = json!(of_the_function);
        line
    };
    let access_log = [
        ("answered 503", access("503", "503")),
        ("unanswered", access("503", "-")),
        ("throttled", access("429", "-")),
    ];
    let metrics = metrics(template);
    let lines = names.split(", ").zip(written).chain(access_log);
    lines
        .map(|(name, line)| (name, counting(&metrics, &line)))
        .collect()
}

/// A description, what happens, and the alarms that go off, with the minutes in which they may.
type Scenario = (
    &'static str,
    fn(&mut Timeline<'_>),
    &'static [(&'static str, Range<usize>)],
);

const SCENARIOS: &[Scenario] = &[
    ("nothing", |_| (), &[]),
    (
        "an outage of ten minutes at a callback a second; each is retried after five minutes, and stored after it",
        |seen| {
            seen.log("failed", 0..10, 60);
            seen.log("answered 503", 0..10, 60);
            seen.log("failed again", 5..10, 60);
            seen.log("stored", 10..15, 120);
            seen.queue("ParkedQueue", 0..15, 0, 60);
        },
        &[("FailedAlarm", 0..10)],
    ),
    (
        "an outage of two hours that one callback met; it is retried a little later than every five minutes",
        |seen| {
            seen.log("failed", 0..1, 1);
            seen.log("failed again", (6..120).step_by(6), 1);
        },
        &[("FailedAlarm", 0..10)],
    ),
    (
        "one failure whose retry succeeds",
        |seen| {
            seen.log("failed", 0..1, 1);
            seen.log("stored", 5..6, 1);
        },
        &[],
    ),
    (
        "five callbacks with a wrong signature, until the secret is corrected after an hour",
        |seen| {
            seen.log("wrong signature", 0..1, 5);
            seen.log("wrong signature again", (5..60).step_by(5), 5);
            seen.log("stored", 60..61, 5);
        },
        &[("WrongSignatureAlarm", 0..1)],
    ),
    (
        "one authentic callback that is refused; its dead letter is redriven after an hour and a half",
        |seen| {
            seen.log("malformed", 0..1, 1);
            seen.queue("DeadLetterQueue", 1..90, 1, 0);
            seen.queue("DeadLetterQueue", 90..120, 0, 0);
        },
        &[("DeadLetterAlarm", 1..2)],
    ),
    (
        "a backlog of 2,000 in an outage of an hour; trying all of it takes longer than the time between two tries",
        |seen| {
            seen.log("failed", 0..1, 2_000);
            seen.log("failed again", 5..60, 240);
            seen.log("stored", 60..69, 240);
            seen.queue("ParkedQueue", 5..68, 800, 240);
        },
        &[("FailedAlarm", 0..10)],
    ),
    (
        "a parked callback that nothing receives",
        |seen| {
            seen.queue("ParkedQueue", 0..30, 0, 0);
            seen.queue("ParkedQueue", 30..90, 1, 0);
        },
        &[("NotTriedAlarm", 44..45)],
    ),
    (
        "one request that no instance of the function was free for",
        |seen| seen.log("unanswered", 0..1, 1),
        &[("UnansweredAlarm", 0..1)],
    ),
    (
        "one throttled request",
        |seen| seen.log("throttled", 0..1, 1),
        &[("ThrottledAlarm", 0..1)],
    ),
    (
        "a stranger, twice",
        |seen| seen.log("stranger", 0..1, 2),
        &[],
    ),
    (
        "an account that the secret lacks, whose tasks report every quarter of an hour",
        |seen| seen.log("stranger", (0..120).step_by(15), 1),
        &[("UnknownSenderAlarm", 30..31)],
    ),
];

#[tokio::test]
async fn each_event_sets_off_its_alarm_once_and_no_other() {
    let template = template();
    let lines = lines(&template).await;
    for (description, happens, expected) in SCENARIOS {
        let mut timeline = Timeline::new(&template, &lines);
        happens(&mut timeline);
        let found = timeline.alarms();
        let is_expected =
            |((name, minute), (alarm, when)): (&(String, usize), &(_, Range<usize>))| {
                name == alarm && when.contains(minute)
            };
        let as_expected =
            found.len() == expected.len() && found.iter().zip(*expected).all(is_expected);
        assert!(
            as_expected,
            "{description}: {found:?}, expected {expected:?}"
        );
    }
}

#[test]
fn each_alarm_has_a_heading_a_row_and_a_text_that_ends_with_a_command() {
    let template = template();
    let metrics: BTreeSet<String> = metrics(&template)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let page = std::fs::read_to_string(project().join("docs/operations.md"));
    let page = page.expect("the operator's page");
    let topic = json!([{"!Ref": "AlarmTopic"}]);
    let mut watched = BTreeSet::new();
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let description = properties["AlarmDescription"]["!Sub"].as_str();
        let lines: Vec<&str> = description.expect("a text").lines().collect();
        let [_, lost, runbook, command] = lines[..] else {
            panic!("{name}: {lines:?}");
        };
        assert!(
            lost.starts_with("Lost now: ") && lost.contains("Deadline: "),
            "{name}"
        );
        let link = name.to_lowercase();
        let expected = format!("Runbook: docs/operations.md#{link}. Next command:");
        assert_eq!(runbook, expected, "{name}");
        let programs = ["aws ", "make ", "callbot "];
        assert!(
            programs.iter().any(|program| command.starts_with(program)),
            "{command}"
        );
        assert!(
            page.contains(&format!("\n### {name}\n")),
            "{name} has no heading"
        );
        assert!(
            page.contains(&format!("\n| [{name}](#{link})")),
            "{name} has no row"
        );
        assert_eq!(properties["OKActions"], topic, "{name}");
        let rings = ["AlarmActions", "InsufficientDataActions"].map(|actions| &properties[actions]);
        assert!(rings.contains(&&topic), "{name}");
        if properties["Namespace"]["!Sub"].is_string() {
            watched.insert(
                properties["MetricName"]
                    .as_str()
                    .expect("a name")
                    .to_owned(),
            );
        }
    }
    assert_eq!(watched, metrics, "each metric has an alarm");
}
