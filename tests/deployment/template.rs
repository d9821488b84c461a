//! Consistency of template.yaml and the code: variables, role, route, queues. The alarms are in `alarms`.

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
use task_callback_test_support::proxy::{Fault, Proxy};
use task_callback_test_support::queue::TestQueue;
use task_callback_test_support::request::{Request, body, body_with, body_without, now};

/// The template, with each intrinsic function as a map from its tag to its argument.
pub(crate) fn template() -> Value {
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

pub(crate) fn resources(template: &Value, kind: &str) -> Vec<Value> {
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
fn the_template_sets_exactly_the_variables_that_the_code_reads() {
    let template = template();
    let set = function(&template)["Environment"]["Variables"].clone();
    let set = set.as_object().expect("variables");

    let read = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        read.borrow_mut().insert(name.to_owned());
        let value = match name {
            "PARKED_QUEUE_URL" => "https://sqs.us-east-1.amazonaws.com/123456789012/parked",
            _ => "1024",
        };
        set.contains_key(name).then(|| value.to_owned())
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
    let credentials = variables()["CALLBOT_CREDENTIALS"].clone();
    let secret = TestSecret::create(&credentials).await;
    let secrets = Proxy::start(moto::url(), &[Fault::None]).await;
    let table = Proxy::start(&app.engine_url, &[Fault::None]).await;
    let queue = TestQueue::create().await;
    let parking = Proxy::start(moto::url(), &[Fault::None]).await;
    let client = local_aws(&secrets.url).secrets_manager();
    let keyring = Keyring::of_secret(Secret::new(client, &secret.id));
    let store = app.store_behind(local_aws(&table.url));
    tokio::join!(store.open_connection(), keyring.current(now()));
    let function = function_of(keyring, store, queue.parking_through(&parking.url));
    let bodies = [
        body(),
        body(),
        body_with("/taskStatus", json!(3)),
        body_without("taskID"),
    ];
    for body in bodies {
        let event = Request::new(body).http_api_event().to_string();
        invoke(&function, &event, "response-1", now()).await;
    }
    let targets = [secrets.targets(), table.targets(), parking.targets()].concat();
    let mut called: BTreeSet<String> = targets.iter().map(|target| action_of(target)).collect();
    // The event source mapping calls these with the function's role.
    called.extend(
        ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map(|name| format!("sqs:{name}")),
    );

    let template = template();
    let role = &template["Resources"]["FunctionRole"]["Properties"];
    let xray = json!([{"!Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess"}]);
    assert_eq!(
        role["ManagedPolicyArns"],
        json!({"!If": ["IsTraced", xray, {"!Ref": "AWS::NoValue"}]}),
        "X-Ray's actions have no resource to restrict them to"
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
                Some("sqs") => "ParkedQueue",
                Some("logs") => "FunctionLog",
                Some("kms") if conditional => "KmsKeyArn",
                _ => panic!("nothing the function needs: {action}"),
            };
            assert!(resource.contains(target), "{action} on {resource}");
            allowed.insert(action);
        }
    }
    // These are not called by the code: Lambda writes the log with the function's role, and DynamoDB, Secrets Manager
    // and SQS use the key with it.
    allowed.retain(|action| !action.starts_with("logs:") && !action.starts_with("kms:"));
    assert_eq!(allowed, called);
}

/// The policy action of a target, such as `dynamodb:PutItem` for `DynamoDB_20120810.PutItem` and `sqs:SendMessage` for
/// `AmazonSQS.SendMessage`.
fn action_of(target: &str) -> String {
    let (service, operation) = target.split_once('.').expect("a target");
    let service = service.split('_').next().expect("a name").to_lowercase();
    let service = service.trim_start_matches("amazon");
    format!("{service}:{operation}")
}

#[test]
fn the_route_and_the_timeout_match_the_code() {
    let template = template();
    let function = function(&template);
    let events = function["Events"].as_object().expect("events");
    let routes = events.values().filter(|event| event["Type"] == "HttpApi");
    let routes: Vec<&Value> = routes.map(|event| &event["Properties"]).collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0]["Path"], CALLBACK_PATH);
    assert_eq!(routes[0]["Method"], CALLBACK_METHOD);
    assert_eq!(function["Timeout"], FUNCTION_TIMEOUT.as_secs());
}

#[test]
fn the_queues_retry_parked_callbacks_for_at_least_six_hours() {
    let template = template();
    let queue = |name: &str| {
        let queue = &template["Resources"][name];
        assert_eq!(queue["Type"], "AWS::SQS::Queue", "{name}");
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(queue[policy], "Retain", "{name} outlives the stack");
        }
        let properties = queue["Properties"].clone();
        assert_eq!(
            properties["MessageRetentionPeriod"],
            14 * 24 * 60 * 60,
            "{name}"
        );
        let with_key =
            json!({"!If": ["HasKmsKey", {"!Ref": "KmsKeyArn"}, {"!Ref": "AWS::NoValue"}]});
        let without = json!({"!If": ["HasKmsKey", {"!Ref": "AWS::NoValue"}, true]});
        assert_eq!(
            properties["KmsMasterKeyId"], with_key,
            "{name} is encrypted"
        );
        assert_eq!(
            properties["SqsManagedSseEnabled"], without,
            "{name} is encrypted"
        );
        properties
    };
    let (parked, dead) = (queue("ParkedQueue"), queue("DeadLetterQueue"));
    let variable = &function(&template)["Environment"]["Variables"]["PARKED_QUEUE_URL"];
    assert_eq!(*variable, json!({"!Ref": "ParkedQueue"}));

    let visibility = parked["VisibilityTimeout"].as_u64().expect("seconds");
    assert!(
        visibility >= 6 * FUNCTION_TIMEOUT.as_secs(),
        "as Lambda requires"
    );
    let tries = parked["RedrivePolicy"]["maxReceiveCount"]
        .as_u64()
        .expect("a number");
    assert!(
        (tries - 1) * visibility >= 6 * 60 * 60,
        "it is retried long enough"
    );
    let target = &parked["RedrivePolicy"]["deadLetterTargetArn"];
    assert_eq!(*target, json!({"!GetAtt": "DeadLetterQueue.Arn"}));
    assert_eq!(parked["RedriveAllowPolicy"]["redrivePermission"], "denyAll");
    assert_eq!(dead["RedriveAllowPolicy"]["redrivePermission"], "byQueue");
    let name = &parked["QueueName"]["!Sub"];
    let source = &dead["RedriveAllowPolicy"]["sourceQueueArns"][0]["!Sub"];
    let arn = format!(
        "arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{}",
        name[0].as_str().expect("a text")
    );
    assert_eq!((&source[0], &source[1]), (&json!(arn), &name[1]));

    let policy = &template["Resources"]["QueuePolicy"];
    let both = ["ParkedQueue", "DeadLetterQueue"].map(|name| json!({"!Ref": name}));
    assert_eq!(policy["Properties"]["Queues"], json!(both));
    let statement = &policy["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"]["Bool"]["aws:SecureTransport"],
        "false"
    );

    let mapping = &function(&template)["Events"]["ParkedCallbacks"];
    assert_eq!(mapping["Type"], "SQS");
    let mapping = &mapping["Properties"];
    assert_eq!(mapping["Queue"], json!({"!GetAtt": "ParkedQueue.Arn"}));
    assert_eq!(
        mapping["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
    assert!(mapping["BatchSize"].as_u64() <= Some(10));
    assert!(mapping["ScalingConfig"]["MaximumConcurrency"].as_u64() <= Some(5));
}
