//! The events of new snapshots. Only AWS can show how the pipe renders its input template.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use task_callback::store::Item;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, body_plus};

use crate::template::{allowed, template};

/// The attributes of a snapshot that its event does not carry.
const NOT_SENT: [&str; 4] = ["bodySha256", "callbackType", "expiresAt", "extra"];

#[tokio::test]
async fn an_event_carries_the_attributes_of_a_new_snapshot_under_their_names() {
    let app = TestApp::with(&[("RETENTION_DAYS", "30")]).await;
    let request = Request::new(body_plus("", "remark", json!("kept in the table only")));
    assert_eq!(app.send(&request).await.ret_code, 0);
    let mut item = app.items().await.remove(0);
    for name in NOT_SENT {
        assert!(item.remove(name).is_some(), "no snapshot has {name}");
    }

    let template = template();
    let pipe = &template["Resources"]["EventsPipe"]["Properties"];
    let input = pipe["TargetParameters"]["InputTemplate"].as_str();
    let input: Value = serde_json::from_str(input.expect("a text")).expect("JSON");
    assert_eq!(input, paths_of(&item, "$.dynamodb.NewImage"));
    // A resend writes nothing, and a deletion is no report.
    let pattern = &pipe["SourceParameters"]["FilterCriteria"]["Filters"][0]["Pattern"];
    assert_eq!(pattern, r#"{"eventName":["INSERT"]}"#);
}

/// Each attribute's name, and its path in a record of a DynamoDB stream as in an input template.
fn paths_of(attributes: &Item, parent: &str) -> Value {
    let path_of = |(name, value): (&String, &AttributeValue)| {
        let path = format!("{parent}.{name}");
        let path = match value {
            AttributeValue::S(_) => json!(format!("<{path}.S>")),
            AttributeValue::N(_) => json!(format!("<{path}.N>")),
            AttributeValue::M(map) => paths_of(map, &format!("{path}.M")),
            other => panic!("an event has no {name}: {other:?}"),
        };
        (name.clone(), path)
    };
    attributes.iter().map(path_of).collect()
}

#[test]
fn the_pipe_may_read_the_stream_send_to_the_bus_and_dead_letter_failures() {
    let role = &template()["Resources"]["EventsRole"]["Properties"];
    assert!(role.get("ManagedPolicyArns").is_none());
    let allowed = allowed(role);
    let allowed: Vec<&str> = allowed.iter().map(|(action, _)| &**action).collect();
    let needed = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "events:PutEvents",
        "sqs:SendMessage",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    ];
    assert_eq!(allowed, needed);
}
