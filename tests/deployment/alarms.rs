//! Consistency of template.yaml and the code: the metric filters count the log lines, and the alarms watch the metrics.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{function, invoke};
use task_callback_test_support::log::Log;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{NOW, Request, body, body_with, body_without, now};

use crate::template::{resources, template};

/// Whether a filter pattern matches a log line. Supports the part of CloudWatch's syntax that the template uses.
fn takes(pattern: &str, line: &Value) -> bool {
    let inner = pattern
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let mut choices = inner.expect("a JSON pattern").split("||");
    choices.any(|choice| {
        choice
            .split("&&")
            .all(|condition| holds(condition.trim(), line))
    })
}

fn holds(condition: &str, line: &Value) -> bool {
    let mut words = condition.splitn(3, ' ');
    let mut next = || words.next().expect("field, operator, value");
    let (field, operator, value) = (next(), next(), next());
    let path = field.strip_prefix("$.").expect("a field").replace('.', "/");
    let found = line.pointer(&format!("/{path}"));
    if (operator, value) == ("NOT", "EXISTS") {
        return found.is_none();
    }
    let Some(found) = found else {
        return false;
    };
    let value: Value = serde_json::from_str(value).expect("a value");
    let is_equal = match value.as_str().and_then(|value| value.strip_suffix('*')) {
        Some(start) => found.as_str().is_some_and(|found| found.starts_with(start)),
        None => *found == value || (found.is_number() && found.as_f64() == value.as_f64()),
    };
    match operator {
        "=" => is_equal,
        "!=" => !is_equal,
        ">=" => found.as_f64() >= value.as_f64() && found.is_number(),
        other => panic!("unknown operator {other}"),
    }
}

/// The names of the metrics that count this log line.
fn metrics_of(filters: &[Value], line: &Value) -> Vec<String> {
    let taking = filters.iter().filter(|filter| {
        let pattern = filter["Properties"]["FilterPattern"].as_str();
        takes(pattern.expect("a pattern"), line)
    });
    let metric = |filter: &Value| filter["Properties"]["MetricTransformations"][0].clone();
    let names = taking.map(|filter| {
        metric(filter)["MetricName"]
            .as_str()
            .expect("a name")
            .to_owned()
    });
    names.collect()
}

#[tokio::test]
async fn each_outcome_is_counted_by_its_metric() {
    let template = template();
    let filters = resources(&template, "AWS::Logs::MetricFilter");
    let queue = TestQueue::create().await;
    let app = TestApp::parking_in(&queue, &[]).await;
    let good = Request::new(body());
    let text = body().to_string();
    let wrongly_signed = Request::signed(text.as_bytes(), NOW, Algorithm::Md5, "wrong");
    let cases: [(Request, &[&str]); 13] = [
        (good.clone(), &["Stored", "StoreLatency"]),
        (good.resent(), &["AlreadyStored", "StoreLatency"]),
        (good.clone().without_header("sign"), &["RefusedRequest"]),
        (good.clone().with_path("/elsewhere"), &["RefusedRequest"]),
        (good.clone().with_method("GET"), &["RefusedRequest"]),
        (
            good.clone().with_body("x".repeat(70_000)),
            &["RefusedRequest"],
        ),
        (Request::of_account("stranger", body()), &["UnknownSender"]),
        (wrongly_signed, &["WrongSignature"]),
        (
            good.clone().with_header("algorithm", "SHA256"),
            &["WrongSignature"],
        ),
        (Request::at(0, body()), &["AuthenticButRefused"]),
        (Request::at(NOW + 301, body()), &["AuthenticButRefused"]),
        (
            Request::new(body_without("taskID")),
            &["AuthenticButRefused"],
        ),
        (
            Request::new(body_with("/taskStatus", json!(9))),
            &["AuthenticButRefused"],
        ),
    ];
    for (request, metrics) in cases {
        let (log, _guard) = Log::start(&[]);
        app.send(&request).await;
        let line = &log.lines()[0];
        assert_eq!(metrics_of(&filters, line), metrics, "{line}");
    }
    // A callback that stays in the queue is not counted again until it has been retried for 15 minutes.
    for tries in 1..=4 {
        let (log, _guard) = Log::start(&[]);
        assert!(queue.deliver(app.function(), now()).await > 3);
        let metrics: &[&str] = if tries < 4 { &[] } else { &["StillParked"] };
        for line in log.lines() {
            assert_eq!(metrics_of(&filters, &line), metrics, "{line}");
        }
    }
    for fault in ["AccessDeniedException", "ThrottlingException"] {
        let proxy = Proxy::start(&app.engine_url, &[Fault::Answer(400, fault)]).await;
        let event = good.http_api_event().to_string();
        let store = app.store_behind(local_aws(&proxy.url));
        let not_parking = TestApp::start().await.parking.clone();
        let cases: [(_, &[&str]); 2] = [
            (app.parking.clone(), &["Failed", "StoreLatency"]),
            (not_parking, &["Failed", "NotParked", "StoreLatency"]),
        ];
        for (parking, metrics) in cases {
            let function = function(store.clone(), parking, &[]);
            let (log, _guard) = Log::start(&[]);
            invoke(&function, &event, "response-1", now()).await;
            let line = &log.lines()[0];
            assert_eq!(metrics_of(&filters, line), metrics, "{line}");
        }
    }
    let not_read = json!({"level": "ERROR", "message": "credentials not read", "reason": "…"});
    assert_eq!(metrics_of(&filters, &not_read), ["CredentialsNotRead"]);
    let first = app
        .behind(local_aws(&app.engine_url))
        .started_in(Duration::from_millis(25));
    let (log, _guard) = Log::start(&[]);
    for _ in 0..2 {
        let event = good.http_api_event().to_string();
        invoke(&first, &event, "another", now()).await;
    }
    let cold = ["AlreadyStored", "ColdStart", "StoreLatency"];
    let [first, second] = &log.lines()[..] else {
        panic!("two lines");
    };
    assert_eq!(first["initMs"], 25.0);
    let mut metrics = metrics_of(&filters, first);
    metrics.sort();
    assert_eq!(metrics, cold);
    assert!(second.get("initMs").is_none(), "{second}");
}

#[test]
fn requests_that_never_reach_the_function_are_counted_in_the_access_log() {
    let template = template();
    let filters = resources(&template, "AWS::Logs::MetricFilter");
    let api = &resources(&template, "AWS::Serverless::HttpApi")[0];
    let format = api["Properties"]["AccessLogSettings"]["Format"].as_str();
    let format: Value = serde_json::from_str(format.expect("a text")).expect("JSON");
    let line = |status: &str, functions_status: &str| {
        let mut line = format.clone();
        line["status"] = json!(status);
        line["functionStatus"] = json!(functions_status);
        line
    };
    let cases: [(&str, &str, &[&str]); 6] = [
        ("200", "200", &[]),
        ("503", "503", &[]),
        ("500", "500", &[]),
        ("500", "-", &["Unanswered"]),
        ("503", "-", &["Unanswered"]),
        ("429", "-", &["Throttled"]),
    ];
    for (status, functions_status, metrics) in cases {
        let line = line(status, functions_status);
        assert_eq!(metrics_of(&filters, &line), metrics, "{line}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_metrics_that_exist() {
    let template = template();
    let dashboard = &resources(&template, "AWS::CloudWatch::Dashboard")[0];
    let body = dashboard["Properties"]["DashboardBody"]["!Sub"][0]
        .as_str()
        .expect("a text");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert!(body["widgets"].as_array().expect("widgets").len() > 5);
    for filter in resources(&template, "AWS::Logs::MetricFilter") {
        let name = &filter["Properties"]["MetricTransformations"][0]["MetricName"];
        assert!(
            body.to_string().contains(&name.to_string()),
            "{name} is not on the dashboard"
        );
    }
}

#[test]
fn each_alarm_says_what_to_do_and_each_metric_it_watches_exists() {
    let template = template();
    let metrics: BTreeSet<String> = resources(&template, "AWS::Logs::MetricFilter")
        .iter()
        .map(|filter| {
            filter["Properties"]["MetricTransformations"][0]["MetricName"]
                .as_str()
                .expect("a name")
                .to_owned()
        })
        .collect();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md");
    let page = std::fs::read_to_string(page).expect("the operator's page");
    let names = template["Resources"].as_object().expect("resources");
    let names = names
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    for (name, _) in names {
        assert!(
            page.contains(&format!("**{name}**")),
            "docs/operations.md lacks {name}"
        );
    }
    for alarm in alarms {
        let properties = &alarm["Properties"];
        let description = properties["AlarmDescription"]["!Sub"].as_str();
        let description = description.expect("a text");
        assert!(
            description.contains("Runbook: docs/operations.md"),
            "{description}"
        );
        let topic =
            json!({"!If": ["HasAlarmEmail", [{"!Ref": "AlarmTopic"}], {"!Ref": "AWS::NoValue"}]});
        assert_eq!(properties["OKActions"], topic, "{description}");
        let rings = ["AlarmActions", "InsufficientDataActions"].map(|name| &properties[name]);
        assert!(rings.contains(&&topic), "{description}");
        if properties["Namespace"]["!Sub"].is_string() {
            let name = properties["MetricName"].as_str().expect("a metric");
            assert!(metrics.contains(name), "{name} is not one of our metrics");
        }
    }
}
