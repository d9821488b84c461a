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

use crate::metrics::metrics;
use crate::template::{resources, template};
use crate::timeline::{RETRY, Timeline, WATCHED};

/// What the function logs of a callback at each step, in the order in which [`Lines::written`] causes it.
struct Lines {
    failed: Value,
    retry_failed: Value,
    retry_stored: Value,
    mismatch: Value,
    retry_mismatch: Value,
    stranger: Value,
    malformed: Value,
}

impl Lines {
    async fn written() -> Self {
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

        let lines = <[Value; 7]>::try_from(log.lines()).expect("a line for each step");
        let [
            failed,
            retry_failed,
            retry_stored,
            mismatch,
            retry_mismatch,
            stranger,
            malformed,
        ] = lines;
        Self {
            failed,
            retry_failed,
            retry_stored,
            mismatch,
            retry_mismatch,
            stranger,
            malformed,
        }
    }
}

#[tokio::test]
async fn each_event_sets_off_its_alarm_once_and_no_other() {
    let template = template();
    let lines = Lines::written().await;
    let metrics = metrics(&template);
    let access =
        |status: &str, functions: &str| json!({"status": status, "functionStatus": functions});
    type Fill<'a> = Box<dyn Fn(&mut Timeline) + 'a>;
    let cases: [(&str, Fill<'_>, &[(&str, Range<usize>)]); 12] = [
        ("nothing", Box::new(|_| ()), &[]),
        (
            "an outage of ten minutes at a callback a second; each is retried every five minutes, and stored after it",
            Box::new(|seen| {
                for minute in 0..10 {
                    seen.log(&lines.failed, minute, 60);
                    seen.log(&access("503", "503"), minute, 60);
                    seen.log(
                        &lines.retry_failed,
                        minute + RETRY,
                        if minute < RETRY { 60 } else { 0 },
                    );
                }
                seen.log(&lines.retry_stored, 10, 600);
                seen.queue("ParkedQueue", 0..WATCHED, 0.0, 0.0);
            }),
            &[("FailedAlarm", 0..10)],
        ),
        (
            "an outage of two hours that one callback met; it is retried a little later than every five minutes",
            Box::new(|seen| {
                seen.log(&lines.failed, 0, 1);
                (1..20).for_each(|retry| seen.log(&lines.retry_failed, retry * 6, 1));
            }),
            &[("FailedAlarm", 0..12)],
        ),
        (
            "one failure whose retry succeeds",
            Box::new(|seen| {
                seen.log(&lines.failed, 0, 1);
                seen.log(&lines.retry_stored, RETRY, 1);
            }),
            &[],
        ),
        (
            "five callbacks with a wrong signature, until the secret is corrected after an hour",
            Box::new(|seen| {
                seen.log(&lines.mismatch, 0, 5);
                (1..12).for_each(|retry| seen.log(&lines.retry_mismatch, retry * RETRY, 5));
                seen.log(&lines.retry_stored, 60, 5);
            }),
            &[("WrongSignatureAlarm", 0..1)],
        ),
        (
            "one authentic callback that is refused, and the alarm stays on until its dead letter is gone",
            Box::new(|seen| {
                seen.log(&lines.malformed, 0, 1);
                seen.queue("DeadLetterQueue", 1..90, 1.0, 0.0);
                seen.queue("DeadLetterQueue", 90..WATCHED, 0.0, 0.0);
            }),
            &[("DeadLetterAlarm", 1..2)],
        ),
        (
            "a backlog of 2,000 that takes longer than the time between two tries, in an outage of an hour",
            Box::new(|seen| {
                seen.log(&lines.failed, 0, 2_000);
                (RETRY..60).for_each(|minute| seen.log(&lines.retry_failed, minute, 240));
                (60..69).for_each(|minute| seen.log(&lines.retry_stored, minute, 240));
                seen.queue("ParkedQueue", RETRY..68, 800.0, 240.0);
            }),
            &[("FailedAlarm", 0..10)],
        ),
        (
            "a parked callback that nothing receives",
            Box::new(|seen| {
                seen.queue("ParkedQueue", 0..30, 0.0, 0.0);
                seen.queue("ParkedQueue", 30..90, 1.0, 0.0);
            }),
            &[("NotTriedAlarm", 44..45)],
        ),
        (
            "one request that no instance of the function was free for",
            Box::new(|seen| seen.log(&access("503", "-"), 0, 1)),
            &[("UnansweredAlarm", 0..1)],
        ),
        (
            "one throttled request",
            Box::new(|seen| seen.log(&access("429", "-"), 0, 1)),
            &[("ThrottledAlarm", 0..1)],
        ),
        (
            "a stranger, nineteen times",
            Box::new(|seen| seen.log(&lines.stranger, 0, 19)),
            &[],
        ),
        (
            "a stranger, four times a minute for an hour",
            Box::new(|seen| (0..60).for_each(|minute| seen.log(&lines.stranger, minute, 4))),
            &[("UnknownSenderAlarm", 4..5)],
        ),
    ];
    for (description, fill, expected) in cases {
        let mut timeline = Timeline::new(&metrics);
        fill(&mut timeline);
        let found = timeline.alarms(&template);
        let as_expected = found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|((name, minute), (expected, when))| {
                    name == expected && when.contains(minute)
                });
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
