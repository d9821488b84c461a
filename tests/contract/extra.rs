//! Fields that the contract does not name.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, body, body_plus};

use super::{map, n, s, stored};

fn list<const N: usize>(values: [AttributeValue; N]) -> AttributeValue {
    AttributeValue::L(values.into())
}

#[tokio::test]
async fn unnamed_fields_are_kept_with_exact_numbers() {
    let big = "12345678901234567890123456789012345678";
    let digits_39 = format!("0.{}", "3".repeat(39));
    let fields = [
        ("nothing", "null", AttributeValue::Null(true)),
        ("yes", "true", AttributeValue::Bool(true)),
        ("text", r#""héllo""#, s("héllo")),
        ("big", big, n(big)),
        (
            "list",
            r#"[1,"two",[3.0]]"#,
            list([n(1), s("two"), list([n(3)])]),
        ),
        (
            "map",
            r#"{"deep":{"er":7.50}}"#,
            map([("deep", map([("er", n(7.5))]))]),
        ),
        ("empty", "{}", map([])),
        // DynamoDB cannot hold the following values. They are kept as JSON text.
        ("huge", "1e999", s("1e999")),
        ("long", &digits_39, s(&digits_39)),
        ("nameless", r#"{"":1}"#, s(r#"{"":1}"#)),
        ("twice", r#"{"a":1,"a":2}"#, s(r#"{"a":1,"a":2}"#)),
    ];
    let written: String = fields
        .iter()
        .map(|(name, json, _)| format!(r#""{name}":{json},"#))
        .collect();
    // Both the body and its object `taskStat` begin with these fields.
    let text = body().to_string().replace('{', &format!("{{{written}"));
    let app = TestApp::start().await;
    let item = stored(&app, &Request::new(text), "unnamed fields").await;

    let extra = item["extra"].as_m().expect("a map");
    let of_stat = extra["taskStat"].as_m().expect("a map");
    assert_eq!(
        (extra.len(), of_stat.len()),
        (fields.len() + 1, fields.len())
    );
    for (name, _, value) in fields {
        assert_eq!(extra[name], value, "{name} in the body");
        assert_eq!(of_stat[name], value, "{name} in taskStat");
    }
}

#[tokio::test]
async fn nesting_is_kept_as_lists_up_to_dynamodbs_limit_and_as_text_beyond_it() {
    let app = TestApp::start().await;
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    // DynamoDB accepts a value inside 31 lists and maps. The map `extra` is one of them, and a
    // field of `taskStat` is inside a second one.
    for (second, object, lists) in [(NOW, "", 30), (NOW + 1, "/taskStat", 29)] {
        let value = serde_json::from_str(&deep).expect("JSON");
        let request = Request::at(second, body_plus(object, "new", value));
        let item = stored(&app, &request, object).await;
        let beyond = &deep[lists..deep.len() - lists];
        let kept = (0..lists).fold(s(beyond), |value, _| list([value]));
        let extra = match object {
            "" => map([("new", kept)]),
            _ => map([("taskStat", map([("new", kept)]))]),
        };
        assert_eq!(item["extra"], extra, "{object}");
    }
}

#[tokio::test]
async fn a_field_without_a_name_is_rejected() {
    let app = TestApp::start().await;
    for (object, field) in [("", r#""""#), ("/taskStat", r#"taskStat."""#)] {
        let request = Request::new(body_plus(object, "", json!(1)));
        let answer = app.assert_refused(field, &request, 400, 4001).await;
        assert!(answer.ret_msg.starts_with(field), "{answer:?}");
    }
}
