//! One truth between template.yaml and the code.

use std::cell::RefCell;
use std::collections::BTreeSet;

use local_stack::runtime_api::FUNCTION_TIMEOUT;
use serde_json::{Value, json};
use task_callback::config::Config;
use task_callback::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use task_callback::credentials::Keyring;
use task_callback::credentials::Secret;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::log::Log;
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::request::{Request, body, body_with, body_without, now};

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
    let credentials =
        task_callback_test_support::function::variables()["CALLBOT_CREDENTIALS"].clone();
    let secret = TestSecret::create(&credentials).await;
    let secrets = Proxy::start(moto::url(), &[Fault::None]).await;
    let table = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let client = local_aws(&secrets.url).secrets_manager();
    let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
    let store = app.store_behind(local_aws(&table.url));
    tokio::join!(store.open_connection(), keyring.current(now()));
    let endpoint =
        task_callback_test_support::function::function_of(keyring, store, app.parking.clone());
    let bodies = [
        body(),
        body(),
        body_with("/taskStatus", json!(3)),
        body_without("taskID"),
    ];
    for body in bodies {
        let event = Request::new(body).http_api_event().to_string();
        task_callback_test_support::function::invoke(&endpoint, &event, "response-1", now()).await;
    }
    let targets = [secrets.targets(), table.targets()].concat();
    let called: BTreeSet<String> = targets.iter().map(|target| action_of(target)).collect();

    let template = template();
    let roles = resources(&template, "AWS::IAM::Role");
    assert_eq!(roles.len(), 1, "one role");
    let role = &roles[0]["Properties"];
    let xray = json!([{"!Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}]);
    assert_eq!(
        role["ManagedPolicyArns"], xray,
        "X-Ray knows no resources to name"
    );
    assert_eq!(
        role["Policies"].as_array().map(Vec::len),
        Some(1),
        "one policy"
    );

    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let mut allowed = BTreeSet::new();
    for statement in statements.expect("statements") {
        let (statement, conditional) = match statement.get("!If") {
            Some(choice) => (&choice[1], true),
            None => (statement, false),
        };
        let resource = statement["Resource"].to_string();
        assert!(
            statement.get("NotAction").is_none() && !resource.contains('*'),
            "{statement}"
        );
        let actions = match &statement["Action"] {
            Value::Array(actions) => actions.clone(),
            action => vec![action.clone()],
        };
        for action in actions {
            let action = action.as_str().expect("an action").to_owned();
            assert!(!action.contains('*'), "no wildcard: {action}");
            let target = match action.split(':').next() {
                Some("dynamodb") => "SnapshotsTable",
                Some("secretsmanager") => "CredentialsSecret",
                Some("logs") => "FunctionLog",
                Some("kms") if conditional => "KmsKeyArn",
                _ => panic!("nothing the function needs: {action}"),
            };
            assert!(resource.contains(target), "{action} on {resource}");
            allowed.insert(action);
        }
    }
    // Lambda writes the log, and DynamoDB and Secrets Manager use the key, with the function's role.
    allowed.retain(|action| !action.starts_with("logs:") && !action.starts_with("kms:"));
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

/// Whether a filter's pattern takes a line: the part of CloudWatch's syntax that the template uses.
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
    let found = line.pointer(&format!("/{path}")).unwrap_or(&Value::Null);
    let value: Value = serde_json::from_str(value).expect("a value");
    match operator {
        "=" => *found == value || (found.is_number() && found.as_f64() == value.as_f64()),
        ">=" => found.as_f64() >= value.as_f64() && found.is_number(),
        other => panic!("unknown operator {other}"),
    }
}

/// The names of the metrics that a line counts for.
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
async fn each_outcome_is_counted_by_the_metric_that_is_meant_for_it() {
    let template = template();
    let filters = resources(&template, "AWS::Logs::MetricFilter");
    let app = TestApp::embedded().await;
    let good = Request::new(body());
    let cases = [
        (good.clone(), vec!["Stored", "StoreLatency"]),
        (good.resent(), vec!["AlreadyStored", "StoreLatency"]),
        (good.clone().without_header("sign"), vec!["RefusedRequest"]),
        (good.clone().with_path("/elsewhere"), vec!["RefusedRequest"]),
        (good.clone().with_method("GET"), vec!["RefusedRequest"]),
        (
            good.clone().with_body("x".repeat(70_000)),
            vec!["RefusedRequest"],
        ),
        (
            good.clone().with_header("requestID", "other"),
            vec!["RefusedSignature"],
        ),
        (Request::at(0, body()), vec!["RefusedClock"]),
        (
            Request::new(body_without("taskID")),
            vec!["AuthenticButRefused"],
        ),
        (
            Request::new(body_with("/taskStatus", json!(9))),
            vec!["AuthenticButRefused"],
        ),
    ];
    for (request, metrics) in cases {
        let (log, _guard) = Log::start(&[]);
        app.send(&request).await;
        let line = &log.lines()[0];
        assert_eq!(metrics_of(&filters, line), metrics, "{line}");
    }
    let troubles = [
        (Fault::Answer(400, "AccessDeniedException"), "OwnFault"),
        (Fault::Answer(400, "ThrottlingException"), "StoreTrouble"),
    ];
    for (fault, metric) in troubles {
        let proxy = Proxy::start(&app.engine_url, &[fault]).await;
        let function = app.behind(local_aws(&proxy.url));
        let (log, _guard) = Log::start(&[]);
        let event = good.http_api_event().to_string();
        task_callback_test_support::function::invoke(&function, &event, "response-1", now()).await;
        let line = &log.lines()[0];
        assert_eq!(
            metrics_of(&filters, line),
            [metric, "StoreLatency"],
            "{line}"
        );
    }
    let not_read = json!({"level": "ERROR", "message": "credentials not read", "reason": "…"});
    assert_eq!(metrics_of(&filters, &not_read), ["CredentialsNotRead"]);
    let report =
        json!({"type": "platform.report", "record": {"metrics": {"initDurationMs": 25.1}}});
    assert_eq!(metrics_of(&filters, &report), ["ColdStart"]);
}

#[test]
fn the_dashboard_is_json_and_shows_metrics_that_exist() {
    let template = template();
    let dashboard = &resources(&template, "AWS::CloudWatch::Dashboard")[0];
    let body = dashboard["Properties"]["DashboardBody"]["!Sub"]
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
