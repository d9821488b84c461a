//! Fields that the contract does not name.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, body, body_plus};

#[tokio::test]
async fn unnamed_fields_are_kept_with_exact_numbers() {
    let app = TestApp::start().await;
    let extra = r#"{"nothing":null,"yes":true,"text":"héllo","big":12345678901234567890123456789012345678,
        "fine":0.1000000000000000000001,"list":[1,"two",[3.0]],"map":{"deep":{"er":18446744073709551616}},"empty":{}}"#;
    let text = body().to_string();
    let text = text.replacen('{', &format!(r#"{{"campaign":{extra},"#), 1);
    let text = text.replace(r#""totalCall":"#, r#""newCounter":7.50,"totalCall":"#);
    let answer = app.send(&Request::new(text)).await;
    assert_eq!(answer.ret_code, 0, "{}", answer.ret_msg);

    let items = app.items().await;
    let extra = items[0]["extra"].as_m().expect("a map");
    assert_eq!(extra.len(), 2);
    assert_eq!(
        extra["taskStat"].as_m().expect("a map")["newCounter"],
        n("7.5")
    );
    let campaign = extra["campaign"].as_m().expect("a map");
    assert_eq!(campaign["nothing"], AttributeValue::Null(true));
    assert_eq!(campaign["yes"], AttributeValue::Bool(true));
    assert_eq!(campaign["text"], s("héllo"));
    assert_eq!(campaign["big"], n("12345678901234567890123456789012345678"));
    assert_eq!(campaign["fine"], n("0.1000000000000000000001"));
    assert_eq!(
        campaign["list"],
        AttributeValue::L(vec![n("1"), s("two"), AttributeValue::L(vec![n("3")])])
    );
    let deep = campaign["map"].as_m().expect("a map")["deep"]
        .as_m()
        .expect("a map");
    assert_eq!(deep["er"], n("18446744073709551616"));
    assert!(campaign["empty"].as_m().expect("a map").is_empty());
}

#[tokio::test]
async fn values_that_dynamodb_cannot_hold_are_kept_as_json_text() {
    let cases = [
        ("1e999", "1e999", "a number out of range"),
        (
            "0.123456789012345678901234567890123456789",
            "0.123456789012345678901234567890123456789",
            "a number of 39 digits",
        ),
        (r#"{"":1}"#, r#"{"":1}"#, "an empty field name"),
        (
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"a":2}"#,
            "a repeated field name",
        ),
        (r#""\ud800""#, r#""\ud800""#, "half a surrogate pair"),
    ];
    for (written, kept, what) in cases {
        let app = TestApp::start().await;
        let text = body()
            .to_string()
            .replacen('{', &format!(r#"{{"new":{written},"#), 1);
        let answer = app.send(&Request::new(text)).await;
        assert_eq!(answer.ret_code, 0, "{what}: {}", answer.ret_msg);
        let items = app.items().await;
        assert_eq!(
            items[0]["extra"].as_m().expect("a map")["new"],
            s(kept),
            "{what}"
        );
    }
}

#[tokio::test]
async fn nesting_is_kept_as_lists_up_to_dynamodbs_limit_and_as_text_beyond_it() {
    let app = TestApp::start().await;
    // DynamoDB accepts a value inside 31 lists and maps. The map `extra` is one of them. Fields of `taskStat` are
    // inside two.
    let cases = [
        ("", 30, 30),
        ("", 31, 30),
        ("", 40, 30),
        ("/taskStat", 29, 29),
        ("/taskStat", 30, 29),
        ("/taskStat", 40, 29),
    ];
    for (second, (object, levels, kept)) in cases.into_iter().enumerate() {
        let what = format!("{levels} levels in {object:?}");
        let nested = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let nested = serde_json::from_str(&nested).expect("JSON");
        let request = Request::at(NOW + second as u64, body_plus(object, "new", nested));
        let answer = app.send(&request).await;
        assert_eq!(answer.ret_code, 0, "{what}: {}", answer.ret_msg);

        let items = app.items().await;
        let mut extra = items[second]["extra"].as_m().expect("a map");
        if !object.is_empty() {
            extra = extra["taskStat"].as_m().expect("a map");
        }
        let mut value = &extra["new"];
        let mut depth = 0;
        while let AttributeValue::L(list) = value {
            value = &list[0];
            depth += 1;
        }
        assert_eq!(depth, kept, "{what}");
        let rest = levels - kept;
        let rest = match rest {
            0 => n("1"),
            _ => s(&format!("{}1{}", "[".repeat(rest), "]".repeat(rest))),
        };
        assert_eq!(value, &rest, "{what}");
    }
}

#[tokio::test]
async fn a_field_without_a_name_is_rejected() {
    let app = TestApp::start().await;
    let top = Request::new(body_plus("", "", json!(1)));
    app.assert_refused("in the body", &top, 400, 4001).await;
    let nested = Request::new(body_plus("/taskStat", "", json!(1)));
    let answer = app.assert_refused("in taskStat", &nested, 400, 4001).await;
    assert!(
        answer.ret_msg.starts_with(r#"taskStat."""#),
        "{}",
        answer.ret_msg
    );
}

fn n(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}
