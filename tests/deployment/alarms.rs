//! Which alarms of template.yaml go into ALARM, computed from metrics of the logs and of SQS.
//! `metrics` tests what each metric of a log counts.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::json;
use task_callback_test_support::project;

use crate::metrics::metrics;
use crate::template::{resources, template};
use crate::timeline::Timeline;

/// A description, the metrics, and the alarm that goes into ALARM, with the range of its minute.
type Scenario = (
    &'static str,
    fn(&mut Timeline<'_>),
    Option<(&'static str, Range<usize>)>,
);

const SCENARIOS: &[Scenario] = &[
    ("nothing", |_| (), None),
    (
        "an outage of ten minutes at a callback a second; each is retried after five minutes, and stored after it",
        |seen| {
            seen.metric("Failed", 0..10, 60);
            seen.queue("ParkedQueue", 0..15, 0, 60);
        },
        Some(("FailedAlarm", 0..10)),
    ),
    (
        "an outage of two hours that one callback met; it is retried a little later than every five minutes",
        |seen| seen.metric("Failed", (0..120).step_by(6), 1),
        Some(("FailedAlarm", 0..10)),
    ),
    (
        "one failure whose retry succeeds",
        |seen| seen.metric("Failed", 0..1, 1),
        None,
    ),
    (
        "five callbacks with a wrong signature, until the secret is corrected after an hour",
        |seen| seen.metric("WrongSignature", (0..60).step_by(5), 5),
        Some(("WrongSignatureAlarm", 0..1)),
    ),
    (
        "one authentic callback that is refused; its dead letter is redriven after an hour and a half",
        |seen| seen.queue("DeadLetterQueue", 1..90, 1, 0),
        Some(("DeadLetterAlarm", 1..2)),
    ),
    (
        "a backlog of 2,000 in an outage of an hour; trying all of it takes longer than the time between two tries",
        |seen| {
            seen.metric("Failed", 0..1, 2_000);
            seen.metric("Failed", 5..60, 240);
            seen.queue("ParkedQueue", 5..68, 800, 240);
        },
        Some(("FailedAlarm", 0..10)),
    ),
    (
        "a parked callback that nothing receives",
        |seen| {
            seen.queue("ParkedQueue", 0..30, 0, 0);
            seen.queue("ParkedQueue", 30..90, 1, 0);
        },
        Some(("NotTriedAlarm", 44..45)),
    ),
    (
        "one request that no instance of the function was free for",
        |seen| seen.metric("Unanswered", 0..1, 1),
        Some(("UnansweredAlarm", 0..1)),
    ),
    (
        "one throttled request",
        |seen| seen.metric("Throttled", 0..1, 1),
        Some(("ThrottledAlarm", 0..1)),
    ),
    (
        "a stranger, twice",
        |seen| seen.metric("UnknownSender", 0..1, 2),
        None,
    ),
    (
        "an account that the secret lacks, whose tasks report every quarter of an hour",
        |seen| seen.metric("UnknownSender", (0..120).step_by(15), 1),
        Some(("UnknownSenderAlarm", 30..31)),
    ),
];

#[test]
fn each_event_triggers_its_alarm_once_and_no_other() {
    let template = template();
    for (description, happens, expected) in SCENARIOS {
        let mut timeline = Timeline::new(&template);
        happens(&mut timeline);
        let found = timeline.alarms();
        let as_expected = match (&found[..], expected) {
            ([], None) => true,
            ([(alarm, minute)], Some((name, when))) => alarm == name && when.contains(minute),
            _ => false,
        };
        assert!(
            as_expected,
            "{description}: {found:?}, expected {expected:?}"
        );
    }
}

#[test]
fn each_alarm_has_a_heading_a_row_and_a_text_that_ends_with_a_command() {
    let template = template();
    let metrics = metrics(&template);
    let counted: BTreeSet<&str> = metrics.iter().map(|(name, _)| &**name).collect();
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
            watched.extend(properties["MetricName"].as_str());
        }
    }
    assert_eq!(watched, counted, "each metric has an alarm");
}
