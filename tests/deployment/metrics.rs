//! The metric filters of template.yaml count the log lines of the function and of API Gateway.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::invoke;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::{TestQueue, parking};
use task_callback_test_support::request::{Request, body, body_with, body_without, now};

use crate::template::{resources, template};

/// The name of each metric, and a pattern of log lines that it counts.
pub(crate) type Metrics = BTreeSet<(String, String)>;

pub(crate) fn metrics(template: &Value) -> Metrics {
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

/// Whether a filter pattern matches a log line. Supports the syntax that the template uses.
fn matches(pattern: &str, line: &Value) -> bool {
    let pattern = pattern.trim_matches(['{', '}', ' ']);
    let all_hold = |choice: &str| {
        let choice = choice.trim_matches(['(', ')']);
        choice.split(" && ").all(|condition| holds(condition, line))
    };
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
    let wrongly_signed = good.clone().sign(Algorithm::Md5, "wrong");
    let other_algorithm = good.clone().with_header("algorithm", "SHA256");
    let unknown_status = Request::new(body_with("/taskStatus", json!(9)));
    let cases = [
        ("Stored", good.clone()),
        ("", good.resent()),
        ("", good.clone().without_header("sign")),
        ("UnknownSender", Request::of_account("stranger", body())),
        ("WrongSignature", wrongly_signed),
        ("WrongSignature", other_algorithm),
        // SQS counts the dead letters.
        ("", Request::at(0, body())),
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
    assert_eq!(refused.len(), 3);
    // A redrive before the cause is fixed. Only the two wrong signatures are counted again.
    parked.send(&refused[0].to_string()).await;
    let (log, _guard) = Log::start(&[]);
    assert_eq!(parked.deliver(app.function(), now()).await, 3);
    let lines = log.lines();
    let counted: String = lines.iter().map(|line| counting(&metrics, line)).collect();
    assert_eq!(counted, "WrongSignatureWrongSignature");
}

#[tokio::test]
async fn each_failure_is_counted_by_its_metric_and_so_is_each_retry() {
    let metrics = metrics(&template());
    let event = Request::new(body()).http_api_event().to_string();
    for fault in ["AccessDeniedException", "ThrottlingException"] {
        let queue = TestQueue::create().await;
        let app = TestApp::parking_in(&queue, &[]).await;
        let proxy = Proxy::start(&app.engine_url, &[Fault::Answer(400, fault)]).await;
        let parking = app.behind(local_aws(&proxy.url));
        let not_parking = TestApp::start().await.behind(local_aws(&proxy.url));
        let (log, _guard) = Log::start(&[]);
        invoke(&not_parking, &event, "response-1", now()).await;
        invoke(&parking, &event, "response-1", now()).await;
        queue.deliver(&parking, now()).await;
        queue.deliver(app.function(), now()).await;
        let counted = log.lines();
        let counted: Vec<_> = counted
            .iter()
            .map(|line| counting(&metrics, line))
            .collect();
        assert_eq!(counted, ["Failed NotParked", "Failed", "Failed", "Stored"]);
    }
    let not_read = json!({"level": "ERROR", "message": "credentials not read", "reason": "…"});
    assert_eq!(counting(&metrics, &not_read), "Failed");
}

#[test]
fn a_request_that_the_function_did_not_answer_is_counted_by_its_metric() {
    let template = template();
    let metrics = metrics(&template);
    let settings = &template["Resources"]["CallbackApi"]["Properties"]["AccessLogSettings"];
    let format = settings["Format"].as_str().expect("a text");
    let mut line: Value = serde_json::from_str(format).expect("JSON");
    let cases = [
        ("", "503", "503"),
        ("Unanswered", "503", "-"),
        ("Throttled", "429", "-"),
    ];
    for (expected, status, of_the_function) in cases {
        line["status"] = json!(status);
        line["functionStatus"] = json!(of_the_function);
        assert_eq!(counting(&metrics, &line), expected, "{line}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_every_metric() {
    let template = template();
    let dashboard = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"];
    let dashboard = dashboard["!Sub"].as_str().expect("a text");
    let dashboard: Value = serde_json::from_str(dashboard).expect("JSON");
    for (name, _) in metrics(&template) {
        let shown = dashboard.to_string().contains(&format!("\"{name}\""));
        assert!(shown, "{name} is not on the dashboard");
    }
}
