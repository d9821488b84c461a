//! template.yaml matches the code: variables, role, route, queues. `alarms` tests the alarms.

use std::cell::RefCell;
use std::collections::BTreeSet;

use local_stack::runtime_api::FUNCTION_TIMEOUT;
use serde_json::{Value, json};
use task_callback::config::Config;
use task_callback::contract::callback::{CALLBACK_METHOD, CALLBACK_PATH};
use task_callback::credentials::{Keyring, Secret};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::aws::local_aws;
use task_callback_test_support::function::{function_of, invoke, variables};
use task_callback_test_support::moto::{self, TestSecret};
use task_callback_test_support::project;
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{Request, body, body_with, body_without, now};

/// The template, with each intrinsic function as a map from its tag to its argument.
pub(crate) fn template() -> Value {
    let text = std::fs::read_to_string(project().join("template.yaml")).expect("the template");
    let template: yaml_serde::Value = yaml_serde::from_str(&text).expect("YAML");
    serde_json::to_value(template).expect("names are text")
}

/// The resources of this type, with their names.
pub(crate) fn resources<'a>(
    template: &'a Value,
    kind: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let resources = template["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(move |(_, resource)| resource["Type"] == kind)
}

/// The actions that a role's only policy allows, each with its resources. Wildcards are refused.
pub(crate) fn allowed(role: &Value) -> Vec<(String, String)> {
    let policies = role["Policies"].as_array().expect("policies");
    assert_eq!(policies.len(), 1, "one policy");
    let statements = policies[0]["PolicyDocument"]["Statement"].as_array();
    let mut allowed = Vec::new();
    for statement in statements.expect("statements") {
        let statement = statement.get("!If").map_or(statement, |choice| &choice[1]);
        let (action, resource) = (&statement["Action"], statement["Resource"].to_string());
        let actions = action.as_array().cloned();
        for action in actions.unwrap_or_else(|| vec![action.clone()]) {
            let action = action.as_str().expect("an action").to_owned();
            assert!(
                !action.contains('*') && !resource.contains('*'),
                "{statement}"
            );
            allowed.push((action, resource.clone()));
        }
    }
    allowed
}

#[test]
fn the_template_sets_exactly_the_variables_that_the_code_reads() {
    let template = template();
    let set = &template["Resources"]["TaskCallbackFunction"]["Properties"]["Environment"];
    let set = set["Variables"].as_object().expect("variables");
    let read = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        read.borrow_mut().insert(name.to_owned());
        let value = match name {
            "PARKED_QUEUE_URL" | "DEAD_LETTER_QUEUE_URL" => "https://sqs.us-east-1.amazonaws.com",
            _ => "1024",
        };
        set.contains_key(name).then(|| value.to_owned())
    });
    config.expect("what the template sets is enough to start");
    let mut read = read.into_inner();
    assert!(
        read.remove("CALLBOT_CREDENTIALS"),
        "read, if there is no secret"
    );
    assert_eq!(set.keys().cloned().collect::<BTreeSet<_>>(), read);
}

#[tokio::test]
async fn the_role_allows_what_the_code_calls_and_nothing_else() {
    let app = TestApp::embedded().await;
    let queue = TestQueue::create().await;
    let secret = TestSecret::create(&variables()["CALLBOT_CREDENTIALS"]).await;
    let table = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let others = Proxy::start(moto::url(), &[Fault::None]).await;
    let client = local_aws(&others.url).secrets_manager();
    let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
    let store = app.store_behind(local_aws(&table.url));
    tokio::join!(store.open_connection(), keyring.current(now()));
    let function = function_of(keyring, store, queue.parking_through(&others.url));
    let stored_resent_in_a_slot_and_parked = [
        body(),
        body(),
        body_with("/taskStatus", json!(3)),
        body_without("taskID"),
    ];
    for body in stored_resent_in_a_slot_and_parked {
        let event = Request::new(body).http_api_event().to_string();
        invoke(&function, &event, "response-1", now()).await;
    }
    let targets = [table.targets(), others.targets()].concat();
    let mut called: BTreeSet<String> = targets.iter().map(|target| action_of(target)).collect();
    // The event source mapping calls these with the function's role.
    let polling = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
    called.extend(polling.map(|name| format!("sqs:{name}")));

    let role = &template()["Resources"]["FunctionRole"]["Properties"];
    let xray = json!([{"!Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}]);
    let xray = json!({"!If": ["IsTraced", xray, {"!Ref": "AWS::NoValue"}]});
    assert_eq!(role["ManagedPolicyArns"], xray, "X-Ray has no resources");
    let mut allowed = allowed(role);
    let queue = |name: &str| json!({"!GetAtt": format!("{name}.Arn")});
    let both_queues = json!([queue("ParkedQueue"), queue("DeadLetterQueue")]).to_string();
    for (action, resource) in &allowed {
        let (service, name) = action.split_once(':').expect("an action");
        match (service, name) {
            ("sqs", "SendMessage") => assert_eq!(*resource, both_queues),
            ("sqs", _) => assert_eq!(*resource, queue("ParkedQueue").to_string()),
            _ => {}
        }
        let ours = match service {
            "dynamodb" => "SnapshotsTable",
            "secretsmanager" => "CredentialsSecret",
            "sqs" => "ParkedQueue",
            "logs" => "FunctionLog",
            "kms" => "KmsKeyArn",
            _ => panic!("nothing the function needs: {action}"),
        };
        assert!(resource.contains(ours), "{action} on {resource}");
    }
    // Lambda writes the log, and the services use the key, with the function's role.
    allowed.retain(|(action, _)| !action.starts_with("logs:") && !action.starts_with("kms:"));
    let allowed: BTreeSet<String> = allowed.into_iter().map(|(action, _)| action).collect();
    assert_eq!(allowed, called);
}

/// The IAM action of a target: `dynamodb:PutItem` for `DynamoDB_20120810.PutItem`,
/// `sqs:SendMessage` for `AmazonSQS.SendMessage`.
fn action_of(target: &str) -> String {
    let (service, operation) = target.split_once('.').expect("a target");
    let service = service.split('_').next().expect("a name").to_lowercase();
    let service = service.trim_start_matches("amazon");
    format!("{service}:{operation}")
}

/// Asserts that the template has what is expected here. It may have more.
pub(crate) fn assert_has(found: &Value, expected: &Value, place: &str) {
    let Some(names) = expected.as_object() else {
        return assert_eq!(found, expected, "{place}");
    };
    for (name, expected) in names {
        assert_has(&found[name], expected, &format!("{place}/{name}"));
    }
}

#[test]
fn the_route_and_the_timeout_match_the_code() {
    let function = &template()["Resources"]["TaskCallbackFunction"]["Properties"];
    let route = json!({"Path": CALLBACK_PATH, "Method": CALLBACK_METHOD});
    let expected = json!({
        "Timeout": FUNCTION_TIMEOUT.as_secs(),
        "Events": {"TaskCallback": {"Type": "HttpApi", "Properties": route}},
    });
    assert_has(function, &expected, "function");
    let events = function["Events"].as_object().expect("events");
    assert_eq!(events.len(), 2, "one route and one queue");
}

#[test]
fn the_queues_outlive_the_stack_are_encrypted_and_refuse_plain_http() {
    let resources = &template()["Resources"];
    let expected = json!({
        "Type": "AWS::SQS::Queue",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "MessageRetentionPeriod": 14 * 24 * 60 * 60,
            "KmsMasterKeyId": {"!If": ["HasKmsKey", {"!Ref": "KmsKeyArn"}, {"!Ref": "AWS::NoValue"}]},
            "SqsManagedSseEnabled": {"!If": ["HasKmsKey", {"!Ref": "AWS::NoValue"}, true]},
        },
    });
    let queues = ["ParkedQueue", "DeadLetterQueue"];
    for name in queues {
        assert_has(&resources[name], &expected, name);
    }
    let policy = &resources["QueuePolicy"]["Properties"];
    for (of, name) in queues.iter().enumerate() {
        assert_eq!(policy["Queues"][of], json!({"!Ref": name}));
    }
    let plain_http = json!({"Bool": {"aws:SecureTransport": "false"}});
    let refused = json!({"Effect": "Deny", "Action": "sqs:*", "Condition": plain_http});
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_has(statement, &refused, "QueuePolicy");
}

#[test]
fn the_queue_retries_parked_callbacks_for_at_least_six_hours() {
    let resources = &template()["Resources"];
    let parked = &resources["ParkedQueue"]["Properties"];
    let function = &resources["TaskCallbackFunction"]["Properties"];
    let name = &parked["QueueName"]["!Sub"];
    let arn = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:";
    let arn = format!("{arn}{}", name[0].as_str().expect("a text"));
    let redrive = json!({
        "redrivePermission": "byQueue",
        "sourceQueueArns": [{"!Sub": [arn, name[1]]}],
    });
    let mapping = json!({
        "Queue": {"!GetAtt": "ParkedQueue.Arn"},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    });
    let expected = json!({
        "ParkedQueue": {"Properties": {
            "RedrivePolicy": {"deadLetterTargetArn": {"!GetAtt": "DeadLetterQueue.Arn"}},
            "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
        }},
        "DeadLetterQueue": {"Properties": {"RedriveAllowPolicy": redrive}},
        "TaskCallbackFunction": {"Properties": {
            "Environment": {"Variables": {
                "PARKED_QUEUE_URL": {"!Ref": "ParkedQueue"},
                "DEAD_LETTER_QUEUE_URL": {"!Ref": "DeadLetterQueue"},
            }},
            "Events": {"ParkedCallbacks": {"Type": "SQS", "Properties": mapping}},
        }},
    });
    assert_has(resources, &expected, "Resources");

    let number = |value: &Value| value.as_u64().expect("a number");
    let visibility = number(&parked["VisibilityTimeout"]);
    let lambda_requires = 6 * FUNCTION_TIMEOUT.as_secs();
    assert!(visibility >= lambda_requires, "{visibility}");
    let retried_for = (number(&parked["RedrivePolicy"]["maxReceiveCount"]) - 1) * visibility;
    assert!(retried_for >= 6 * 60 * 60, "{retried_for}");
    let mapping = &function["Events"]["ParkedCallbacks"]["Properties"];
    assert!(number(&mapping["BatchSize"]) <= 10);
    assert!(number(&mapping["ScalingConfig"]["MaximumConcurrency"]) <= 5);
}
