//! The events of new snapshots. The tests apply the template's pipe to the records of a moto stream, as EventBridge
//! documents it. Only AWS can show whether EventBridge renders the events in the same way.

use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use aws_sdk_dynamodbstreams::config::{Credentials, Region};
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, ShardIteratorType};
use aws_sdk_dynamodbstreams::{Client, Config, config::BehaviorVersion};
use serde_json::{Value, json};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::moto;
use task_callback_test_support::request::{NOW, Request, body, body_plus, body_with};

use crate::template::template;

#[tokio::test]
async fn each_new_snapshot_is_one_event_of_plain_json() {
    let app = TestApp::over_moto(&[]).await;
    let stream = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(StreamViewType::NewImage)
        .build();
    let update = app.client.update_table().table_name(&app.table_name);
    let update = update.stream_specification(stream.expect("a specification"));
    update.send().await.expect("the table has a stream");

    let unusual = "quote \" backslash \\ newline \n tab \t <$.x> é 📞";
    let requests = [
        Request::new(body()),
        Request::new(body()).resent(),
        Request::at(NOW + 1, body_with("/userTaskID", json!(""))),
        Request::at(NOW + 2, body_with("/sceneID", json!(unusual))),
        Request::at(
            NOW + 3,
            body_plus("", "remark", json!({"nested": [1, "\""]})),
        ),
    ];
    for request in &requests {
        assert_eq!(app.send(request).await.ret_code, 0);
    }
    let template = template();
    let pipe = &template["Resources"]["EventsPipe"]["Properties"];
    let pattern = &pipe["SourceParameters"]["FilterCriteria"]["Filters"][0]["Pattern"];
    assert_eq!(pattern, r#"{"eventName":["INSERT"]}"#);
    let input = pipe["TargetParameters"]["InputTemplate"].as_str();
    let input = input.expect("a text");

    let records = records(&app.table_name).await;
    let inserted = records
        .iter()
        .filter(|record| record.event_name == Some(OperationType::Insert));
    let events: Vec<Value> = inserted
        .map(|record| {
            let text = render(input, &json_of(record));
            serde_json::from_str(&text).expect(&text)
        })
        .collect();
    assert_eq!(events.len(), 4, "a resend makes no event: {events:#?}");
    let expected = json!({
        "taskID": "t-1", "createTs": "1726200060", "userTaskID": "ut-1", "sceneID": "s-1",
        "uuid": "Vh71ym3yQwWSYZFpqkFwTskGXUbSxDtR", "status": "IN_PROGRESS", "taskStatus": "2",
        "taskCreateTs": "1726200000", "receivedAt": "2024-09-13T04:01:00.000Z", "requestID": "req-1",
        "responseID": "response-1",
        "taskStat": {
            "answerOrderCount": "31", "finishOrderCount": "67", "totalOrderCount": "100", "finishRate": "0.67",
            "totalAnswerCall": "40", "totalCall": "120", "answerRate": "0.33"
        }
    });
    assert_eq!(events[0], expected);
    assert_eq!(events[1]["userTaskID"], "", "which the item does not have");
    assert_eq!(events[2]["sceneID"], unusual);
    assert!(
        events[3].get("extra").is_none(),
        "what the contract does not name stays in the table"
    );
}

#[test]
fn the_pipe_may_read_the_stream_send_to_the_bus_and_dead_letter_failures() {
    let role = &template()["Resources"]["EventsRole"]["Properties"];
    assert!(role.get("ManagedPolicyArns").is_none());
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let mut allowed = Vec::new();
    for statement in statements.expect("statements") {
        let statement = statement.get("!If").map_or(statement, |choice| &choice[1]);
        let resource = statement["Resource"].to_string();
        assert!(!resource.contains('*'), "{statement}");
        let actions = statement["Action"].as_array().cloned();
        allowed.extend(actions.unwrap_or_else(|| vec![statement["Action"].clone()]));
    }
    let needed = json!([
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "events:PutEvents",
        "sqs:SendMessage",
        "kms:Decrypt",
        "kms:GenerateDataKey"
    ]);
    assert_eq!(json!(allowed), needed);
}

/// The records in a table's stream.
async fn records(table: &str) -> Vec<Record> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "a test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(moto::url());
    let client = Client::from_conf(config.build());
    let streams = client.list_streams().table_name(table).send().await;
    let streams = streams.expect("streams").streams.expect("a list");
    let arn = streams[0].stream_arn().expect("an ARN");
    let described = client.describe_stream().stream_arn(arn).send().await;
    let described = described.expect("a stream").stream_description;
    let shards = described.expect("a description").shards.expect("shards");
    let mut records = Vec::new();
    for shard in shards {
        let iterator = client.get_shard_iterator().stream_arn(arn);
        let iterator = iterator
            .shard_id(shard.shard_id().expect("an id"))
            .shard_iterator_type(ShardIteratorType::TrimHorizon);
        let iterator = iterator.send().await.expect("an iterator").shard_iterator;
        let read = client
            .get_records()
            .set_shard_iterator(iterator)
            .send()
            .await;
        records.extend(read.expect("records").records.unwrap_or_default());
    }
    records
}

/// A record as EventBridge receives it.
fn json_of(record: &Record) -> Value {
    let image = record.dynamodb().and_then(|record| record.new_image());
    let image = image.into_iter().flatten();
    let image = image.map(|(name, value)| (name.clone(), attribute(value)));
    json!({"dynamodb": {"NewImage": image.collect::<serde_json::Map<_, _>>()}})
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::M(map) => {
            let map = map
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)));
            json!({ "M": map.collect::<serde_json::Map<_, _>>() })
        }
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        other => panic!("no snapshot has this: {other:?}"),
    }
}

/// Renders an input template by replacing its paths. The paths are in quotes, where EventBridge inserts a text with
/// JSON escapes, or an empty text if the value is missing.
fn render(template: &str, event: &Value) -> String {
    let mut parts = template.split("\"<$.");
    let mut rendered = parts.next().expect("a beginning").to_owned();
    for part in parts {
        let (path, rest) = part.split_once(">\"").expect("an end");
        let value = event.pointer(&format!("/{}", path.replace('.', "/")));
        let text = value.map_or("", |value| value.as_str().expect("a text"));
        rendered += &json!(text).to_string();
        rendered += rest;
    }
    rendered
}
