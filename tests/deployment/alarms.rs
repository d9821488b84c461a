//! Consistency of template.yaml and the code: the metric filters count the log lines, and the alarms watch the metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto;
use task_callback_test_support::project;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{TestQueue, parking};
use task_callback_test_support::request::{NOW, Request, body, body_with, body_without, now};

use crate::template::{assert_has, resources, template};

/// The name of each metric, and a pattern of log lines that it counts.
type Metrics = BTreeSet<(String, String)>;

fn metrics(template: &Value) -> Metrics {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let filters = resources(template, "AWS::Logs::MetricFilter");
    let metrics = filters.map(|(_, filter)| {
        let properties = &filter["Properties"];
        let name = &properties["MetricTransformations"][0]["MetricName"];
        (text(name), text(&properties["FilterPattern"]))
    });
    metrics.collect()
}

/// The names of the metrics that count this log line.
fn counting(metrics: &Metrics, line: &Value) -> String {
    let counting = metrics.iter().filter(|(_, pattern)| matches(pattern, line));
    let names: Vec<&str> = counting.map(|(name, _)| name.as_str()).collect();
    names.join(" ")
}

/// Whether a filter pattern matches a log line. Supports the part of CloudWatch's syntax that the template uses.
fn matches(pattern: &str, line: &Value) -> bool {
    let pattern = pattern.trim_matches(['{', '}', ' ']);
    let all_hold = |choice: &str| choice.split(" && ").all(|condition| holds(condition, line));
    pattern.split(" || ").any(all_hold)
}

fn holds(condition: &str, line: &Value) -> bool {
    let words: Vec<&str> = condition.splitn(3, ' ').collect();
    let found = words[0].strip_prefix("$.").and_then(|name| line.get(name));
    let (operator, value) = (words[1], words[2]);
    let Some(found) = found else {
        return (operator, value) == ("NOT", "EXISTS");
    };
    let value: Value = serde_json::from_str(value).unwrap_or_default();
    let is_equal = match value.as_str().and_then(|value| value.strip_suffix('*')) {
        Some(start) => found.as_str().is_some_and(|found| found.starts_with(start)),
        None => *found == value,
    };
    match operator {
        "=" => is_equal,
        "!=" => !is_equal,
        ">=" => found.is_number() && found.as_f64() >= value.as_f64(),
        "NOT" => false,
        other => panic!("unknown operator {other}"),
    }
}

#[tokio::test]
async fn each_answer_is_counted_by_its_metric() {
    let metrics = metrics(&template());
    let parked = TestQueue::create().await;
    let dead_letters = TestQueue::create().await;
    let parking = parking(moto::url(), Some(&parked), Some(&dead_letters));
    let app = TestApp::with_parking(parking, &[]).await;
    let good = Request::new(body());
    let too_long = good.clone().with_body("x".repeat(70_000));
    let text = body().to_string();
    let wrongly_signed = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "wrong");
    let other_algorithm = good.clone().with_header("algorithm", "SHA256");
    let unknown_status = Request::new(body_with("/taskStatus", json!(9)));
    let cases = [
        ("StoreLatency Stored", good.clone()),
        ("AlreadyStored StoreLatency", good.resent()),
        ("RefusedRequest", good.clone().without_header("sign")),
        ("RefusedRequest", good.clone().with_path("/elsewhere")),
        ("RefusedRequest", good.clone().with_method("GET")),
        ("RefusedRequest", too_long),
        ("UnknownSender", Request::of_account("stranger", body())),
        ("WrongSignature", wrongly_signed),
        ("WrongSignature", other_algorithm),
        // SQS counts the dead letters.
        ("", Request::at(0, body())),
        ("", Request::at(NOW + 301, body())),
        ("", Request::new(body_without("taskID"))),
        ("", unknown_status),
    ];
    for (expected, request) in cases {
        let (log, _guard) = Log::start(&[]);
        app.send(&request).await;
        let line = &log.lines()[0];
        assert_eq!(counting(&metrics, line), expected, "{line}");
    }
    let refused = dead_letters.messages().await;
    assert_eq!(refused.len(), 4);
    // One that is moved back before its cause is mended.
    parked.send(&refused[0].to_string()).await;
    // A callback that stays in the queue is not counted again until it has been retried for 15 minutes.
    for tries in 1..=4 {
        let (log, _guard) = Log::start(&[]);
        assert_eq!(
            parked.deliver(app.function(), now()).await,
            3,
            "try {tries}"
        );
        let expected = if tries < 4 { "" } else { "StillParked" };
        for line in log.lines() {
            assert_eq!(counting(&metrics, &line), expected, "{line}");
        }
    }
}

#[test]
fn the_first_dead_letter_sets_off_an_alarm() {
    let alarm = &template()["Resources"]["DeadLetterAlarm"]["Properties"];
    let expected = json!({
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": {"!GetAtt": "DeadLetterQueue.QueueName"}}],
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    });
    assert_has(alarm, &expected, "DeadLetterAlarm");
}

#[tokio::test]
async fn each_failure_is_counted_by_its_metric() {
    let metrics = metrics(&template());
    let queue = TestQueue::create().await;
    let parking = TestApp::parking_in(&queue, &[]).await;
    let not_parking = TestApp::start().await;
    let event = Request::new(body()).http_api_event().to_string();
    for fault in ["AccessDeniedException", "ThrottlingException"] {
        let proxy = Proxy::start(&parking.engine_url, &[Fault::Answer(400, fault)]).await;
        let cases = [
            ("Failed StoreLatency", &parking),
            ("Failed NotParked StoreLatency", &not_parking),
        ];
        for (expected, app) in cases {
            let (log, _guard) = Log::start(&[]);
            let function = app.behind(local_aws(&proxy.url));
            invoke(&function, &event, "response-1", now()).await;
            let line = &log.lines()[0];
            assert_eq!(counting(&metrics, line), expected, "{line}");
        }
    }
    let not_read = json!({"level": "ERROR", "message": "credentials not read", "reason": "…"});
    assert_eq!(counting(&metrics, &not_read), "CredentialsNotRead");
}

#[tokio::test]
async fn the_first_call_of_a_process_is_counted_as_a_cold_start() {
    let metrics = metrics(&template());
    let app = TestApp::start().await;
    let function = app.behind(local_aws(&app.engine_url));
    let function = function.started_in(Duration::from_millis(25));
    let event = Request::new(body()).http_api_event().to_string();
    let (log, _guard) = Log::start(&[]);
    for expected in ["ColdStart StoreLatency Stored", "StoreLatency Stored"] {
        invoke(&function, &event, "response-1", now()).await;
        let line = log.lines().pop().expect("a line");
        assert_eq!(counting(&metrics, &line), expected, "{line}");
    }
    assert_eq!(log.lines()[0]["initMs"], 25.0);
}

#[test]
fn requests_that_never_reach_the_function_are_counted_in_the_access_log() {
    let template = template();
    let metrics = metrics(&template);
    let settings = &template["Resources"]["CallbackApi"]["Properties"]["AccessLogSettings"];
    let format = settings["Format"].as_str().expect("a text");
    let mut line: Value = serde_json::from_str(format).expect("JSON");
    let cases = [
        ("200", "200", ""),
        ("503", "503", ""),
        ("500", "500", ""),
        ("500", "-", "Unanswered"),
        ("503", "-", "Unanswered"),
        ("429", "-", "Throttled"),
    ];
    for (status, functions_status, expected) in cases {
        line["status"] = json!(status);
        line["functionStatus"] = json!(functions_status);
        assert_eq!(counting(&metrics, &line), expected, "{line}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_every_metric() {
    let template = template();
    let dashboard = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"];
    let dashboard = dashboard["!Sub"][0].as_str().expect("a text");
    let dashboard: Value = serde_json::from_str(dashboard).expect("JSON");
    for (name, _) in metrics(&template) {
        let shown = dashboard.to_string().contains(&format!("\"{name}\""));
        assert!(shown, "{name} is not on the dashboard");
    }
}

#[test]
fn each_alarm_says_what_to_do_and_each_metric_it_watches_exists() {
    let template = template();
    let metrics = metrics(&template);
    let page = std::fs::read_to_string(project().join("docs/operations.md"));
    let page = page.expect("the operator's page");
    let email =
        json!({"!If": ["HasAlarmEmail", [{"!Ref": "AlarmTopic"}], {"!Ref": "AWS::NoValue"}]});
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let description = properties["AlarmDescription"]["!Sub"].as_str();
        let description = description.expect("a text");
        assert!(
            description.contains("Runbook: docs/operations.md"),
            "{name}"
        );
        assert!(
            page.contains(&format!("**{name}**")),
            "{name} is not in the page"
        );
        assert_eq!(properties["OKActions"], email, "{name}");
        let rings = ["AlarmActions", "InsufficientDataActions"].map(|actions| &properties[actions]);
        assert!(rings.contains(&&email), "{name}");
        if properties["Namespace"]["!Sub"].is_string() {
            let metric = properties["MetricName"].as_str().expect("a metric");
            assert!(
                metrics.iter().any(|(name, _)| name == metric),
                "{name} watches {metric}"
            );
        }
    }
}
