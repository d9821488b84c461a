//! One truth between template.yaml and the code.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use task_callback::aws::Aws;
use task_callback::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use task_callback::config::Config;
use task_callback::http::FUNCTION_TIMEOUT;
use task_callback::keyring::Keyring;
use task_callback::secret::Secret;

use crate::app::TestApp;
use crate::log::Log;
use crate::moto::{self, TestSecret};
use crate::proxy::{Fault, Proxy};
use crate::request::{Request, body, body_with, body_without, now};

/// The template, intrinsic functions as what stands behind their tag.
fn template() -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    let text = std::fs::read_to_string(path).expect("the template");
    plain(yaml_serde::from_str(&text).expect("YAML"))
}

fn plain(value: yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Tagged(tagged) => {
            json!({ tagged.tag.to_string(): plain(tagged.value) })
        }
        yaml_serde::Value::Mapping(map) => map
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("a name").to_owned(), plain(value)))
            .collect(),
        yaml_serde::Value::Sequence(list) => list.into_iter().map(plain).collect(),
        scalar => serde_json::to_value(scalar).expect("a scalar"),
    }
}

fn resources(template: &Value, kind: &str) -> Vec<Value> {
    let resources = template["Resources"]
        .as_object()
        .expect("resources")
        .values();
    resources
        .filter(|resource| resource["Type"] == kind)
        .cloned()
        .collect()
}

fn function(template: &Value) -> Value {
    let functions = resources(template, "AWS::Serverless::Function");
    assert_eq!(functions.len(), 1);
    functions[0]["Properties"].clone()
}

#[test]
fn the_variables_are_those_the_code_reads_and_enough_for_it() {
    let template = template();
    let set = function(&template)["Environment"]["Variables"].clone();
    let set = set.as_object().expect("variables");

    let read = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        read.borrow_mut().insert(name.to_owned());
        set.contains_key(name).then(|| "1024".to_owned())
    });
    config.expect("what the template sets is enough to start");
    let read = read.into_inner();
    let never_read: Vec<_> = set.keys().filter(|name| !read.contains(*name)).collect();
    assert!(never_read.is_empty(), "set, but not read: {never_read:?}");
    let mut not_set: Vec<_> = read
        .iter()
        .filter(|name| !set.contains_key(*name))
        .collect();
    not_set.retain(|name| *name != "CALLBOT_CREDENTIALS");
    assert!(not_set.is_empty(), "read, but not set: {not_set:?}");
}

#[tokio::test]
async fn the_role_allows_what_the_code_calls_and_nothing_else() {
    let app = TestApp::embedded().await;
    let credentials = crate::app::variables()["CALLBOT_CREDENTIALS"].clone();
    let secret = TestSecret::create(&credentials).await;
    let secrets = Proxy::start(moto::url(), &[Fault::None]).await;
    let table = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let client = Aws::local(&secrets.url).secrets_manager();
    let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
    let store = app.store_behind(Aws::local(&table.url).dynamodb());
    tokio::join!(store.open_connection(), keyring.current(now()));
    let endpoint = crate::app::endpoint_of(keyring, store);
    let bodies = [
        body(),
        body(),
        body_with("/taskStatus", json!(3)),
        body_without("taskID"),
    ];
    for body in bodies {
        let event = Request::new(body).http_api_event().to_string();
        crate::app::invoke(&endpoint, &event, "response-1", now()).await;
    }
    let called: BTreeSet<String> = [secrets.targets(), table.targets()]
        .concat()
        .into_iter()
        .collect();
    let called: BTreeSet<String> = called.iter().map(|target| action_of(target)).collect();

    let template = template();
    let roles = resources(&template, "AWS::IAM::Role");
    assert_eq!(roles.len(), 1, "one role");
    let statements = &roles[0]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let mut allowed = BTreeSet::new();
    for statement in statements.as_array().expect("statements") {
        let resource = &statement["Resource"];
        assert!(
            !resource.to_string().contains('*'),
            "no wildcard: {statement}"
        );
        let actions = match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            Value::Null => continue,
            action => vec![action.clone()],
        };
        for action in actions {
            let action = action.as_str().expect("an action").to_owned();
            assert!(!action.contains('*'), "no wildcard: {action}");
            allowed.insert(action);
        }
    }
    // Lambda writes the log with the function's role.
    allowed.retain(|action| !action.starts_with("logs:"));
    assert_eq!(allowed, called);
}

/// `DynamoDB_20120810.PutItem` is `dynamodb:PutItem` in a policy.
fn action_of(target: &str) -> String {
    let (service, operation) = target.split_once('.').expect("a target");
    let service = service.split('_').next().expect("a name").to_lowercase();
    format!("{service}:{operation}")
}

#[test]
fn the_route_and_the_timeout_are_the_codes() {
    let template = template();
    let function = function(&template);
    let events = function["Events"].as_object().expect("events");
    let routes: Vec<&Value> = events.values().map(|event| &event["Properties"]).collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0]["Path"], CALLBACK_PATH);
    assert_eq!(routes[0]["Method"], CALLBACK_METHOD);
    assert_eq!(function["Timeout"], FUNCTION_TIMEOUT.as_secs());
}

#[tokio::test]
async fn the_metrics_are_counted_in_fields_that_the_log_has() {
    let app = TestApp::start().await;
    let (log, _guard) = Log::start(&[]);
    app.send(&Request::new(body())).await;
    app.send(&Request::new(body_without("taskID"))).await;
    let lines = log.lines();
    let logged: BTreeSet<&String> = lines
        .iter()
        .flat_map(|line| line.as_object().expect("an object").keys())
        .collect();

    let template = template();
    let filters = resources(&template, "AWS::Logs::MetricFilter");
    assert!(filters.len() > 5, "the operator's questions");
    for filter in filters {
        let properties = &filter["Properties"];
        let pattern = properties["FilterPattern"].as_str().expect("a pattern");
        let value = &properties["MetricTransformations"][0]["MetricValue"];
        let used = format!("{pattern} {}", value.as_str().expect("a value"));
        if used.contains("platform.report") {
            continue; // Lambda's own line
        }
        let fields = used.split("$.").skip(1);
        for field in fields {
            let field: String = field
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric())
                .collect();
            assert!(logged.contains(&field), "{field} of {used} is in no line");
        }
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
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))
        .expect("the README");
    let names = template["Resources"].as_object().expect("resources");
    let names = names
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    for (name, _) in names {
        assert!(
            readme.contains(&format!("**{name}**")),
            "the runbook lacks {name}"
        );
    }
    for alarm in alarms {
        let properties = &alarm["Properties"];
        let name = properties["MetricName"].as_str().expect("a metric");
        assert!(
            properties["AlarmDescription"]
                .as_str()
                .expect("a text")
                .len()
                > 60,
            "{name}"
        );
        let ours = properties["Namespace"]["!Sub"].is_string();
        assert!(
            !ours || metrics.contains(name),
            "{name} is no metric of ours"
        );
    }
}
