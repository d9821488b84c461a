//! The contract's table of answers, one test per row.

use serde_json::{Value, json};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, SECRET, body, body_with, body_without};

const BOM: &[u8] = b"\xef\xbb\xbf";

#[tokio::test]
async fn a_callback_is_stored_and_acknowledged() {
    let app = TestApp::start().await;
    let answer = app.send(&Request::new(body())).await;
    assert_eq!((answer.status, answer.ret_code), (200, 0));
    assert_eq!(answer.ret_msg, "success");
    assert_eq!(answer.response_id, "response-1");
    assert_eq!(app.items().await.len(), 1);
}

#[tokio::test]
async fn a_missing_empty_or_malformed_header_is_named() {
    let app = TestApp::start().await;
    let good = Request::new(body());
    for header in ["requestID", "uuid", "createTs", "sign"] {
        let missing = good.clone().without_header(header);
        let answer = app.assert_refused(header, &missing, 400, 4000).await;
        assert_eq!(answer.ret_msg, format!("header {header} is missing"));

        let empty = good.clone().with_header(header, "");
        let answer = app.assert_refused(header, &empty, 400, 4000).await;
        assert_eq!(answer.ret_msg, format!("header {header} is empty"));
    }
    let digits_66 = "ab".repeat(33);
    let malformed = [
        ("requestID", "a&b", "could shift a field's boundary"),
        ("uuid", "a\tb", "a control character"),
        ("createTs", "1726200060.5", "no whole seconds"),
        ("createTs", "+1726200060", "a sign"),
        ("createTs", "99999999999999999999", "beyond 64 bits"),
        ("sign", "not hex", "no hex digits"),
        ("sign", "ABC", "half a byte"),
        ("sign", &digits_66, "longer than any signature"),
    ];
    for (header, value, what) in malformed {
        let request = good.clone().with_header(header, value);
        let answer = app.assert_refused(what, &request, 400, 4000).await;
        assert!(answer.ret_msg.contains(header), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn an_invalid_body_is_rejected_and_the_field_is_named() {
    let strings = ["userTaskID", "taskID", "sceneID"];
    let integers = [
        "callbackType",
        "taskStatus",
        "createTs",
        "taskStat.answerOrderCount",
        "taskStat.finishOrderCount",
        "taskStat.totalOrderCount",
        "taskStat.totalAnswerCall",
        "taskStat.totalCall",
    ];
    let rates = ["taskStat.finishRate", "taskStat.answerRate"];
    let kinds: [(&[&str], Value); 4] = [
        (&strings, json!(1)),
        (&integers, json!(1.5)),
        (&rates, json!("1a")),
        (&["taskStat"], json!("{}")),
    ];
    let app = TestApp::start().await;
    for (fields, of_another_type) in kinds {
        for field in fields {
            let missing = Request::new(body_without(field));
            let answer = app.assert_refused(field, &missing, 400, 4001).await;
            assert_eq!(answer.ret_msg, format!("{field} is missing"));

            let pointer = format!("/{}", field.replace('.', "/"));
            for wrong in [json!(null), json!([1]), of_another_type.clone()] {
                let what = format!("{field}: {wrong}");
                let request = Request::new(body_with(&pointer, wrong));
                let answer = app.assert_refused(&what, &request, 400, 4001).await;
                let expected = format!("{field} must be ");
                assert!(answer.ret_msg.starts_with(&expected), "{what}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_rejected() {
    let app = TestApp::start().await;
    let text = body().to_string();
    let text = text.as_bytes();
    let bodies: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("cut short", &text[..text.len() - 1]),
        ("more after the end", &[text, b"{}"].concat()),
        ("an array", b"[]"),
        ("not UTF-8", b"{\"taskID\":\"\xff\"}"),
        ("two byte order marks", &[BOM, BOM, text].concat()),
    ];
    for (what, body) in bodies {
        let request = Request::signed(body, NOW, Algorithm::Md5, SECRET);
        let answer = app.assert_refused(what, &request, 400, 4001).await;
        let expected = "the body must be a JSON object";
        assert!(answer.ret_msg.starts_with(expected), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn a_repeated_field_is_rejected_because_it_is_ambiguous() {
    let app = TestApp::start().await;
    let text = body().to_string();
    let nested = text.replace(r#""totalCall":"#, r#""totalCall":1,"totalCall":"#);
    let top = text.replacen('{', r#"{"taskID":"t-2","#, 1);
    for (field, body) in [("taskID", top), ("taskStat.totalCall", nested)] {
        let request = Request::new(body);
        let answer = app.assert_refused(field, &request, 400, 4001).await;
        let expected = format!("{field} appears in the body more than once");
        assert_eq!(answer.ret_msg, expected);
    }
}

#[tokio::test]
async fn a_callback_outside_the_window_is_rejected() {
    let app = TestApp::start().await;
    for (what, create_ts) in [
        ("behind", NOW - 259_201),
        ("ahead", NOW + 301),
        ("1970", 0),
        ("the end of time", u64::MAX),
    ] {
        let request = Request::at(create_ts, body());
        app.assert_refused(what, &request, 401, 4011).await;
    }
    for (what, create_ts) in [("just behind", NOW - 259_200), ("just ahead", NOW + 300)] {
        let answer = app.send(&Request::at(create_ts, body())).await;
        assert_eq!(answer.ret_code, 0, "{what}");
    }
}

#[tokio::test]
async fn any_other_method_gets_the_allowed_method() {
    let app = TestApp::start().await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"] {
        let request = Request::new(body()).with_method(method);
        let answer = app.assert_refused(method, &request, 405, 4050).await;
        assert_eq!(answer.headers["allow"], "POST", "{method}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_rejected_and_a_body_at_the_limit_is_not() {
    let text = body().to_string();
    let padded = |length: usize| text.clone() + &" ".repeat(length - text.len());
    for limit in [1_000, 163_840] {
        let app = TestApp::with(&[("MAX_BODY_BYTES", &limit.to_string())]).await;
        let larger = Request::new(padded(limit + 1));
        app.assert_refused("one over", &larger, 413, 4130).await;
        let answer = app.send(&Request::new(padded(limit))).await;
        assert_eq!(answer.ret_code, 0, "at the limit");
    }
}

#[tokio::test]
async fn a_well_formed_but_unacceptable_body_is_rejected() {
    let app = TestApp::start().await;
    let long = json!("x".repeat(2049));
    let cases = [
        ("taskStatus", json!(0), "below the first status"),
        ("taskStatus", json!(6), "beyond the last status"),
        ("taskStatus", json!(-1), "a negative status"),
        ("taskStatus", json!(u64::MAX), "a huge status"),
        ("taskID", json!(""), "a key that DynamoDB refuses"),
        ("taskID", long.clone(), "a key longer than DynamoDB's"),
        ("userTaskID", long, "an index key longer than DynamoDB's"),
    ];
    for (field, value, what) in cases {
        let request = Request::new(body_with(&format!("/{field}"), value));
        let answer = app.assert_refused(what, &request, 422, 4220).await;
        assert!(answer.ret_msg.starts_with(field), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn the_longest_keys_that_dynamodb_accepts_are_stored() {
    let app = TestApp::start().await;
    for pointer in ["/taskID", "/userTaskID"] {
        let request = Request::new(body_with(pointer, json!("x".repeat(2048))));
        assert_eq!(app.send(&request).await.ret_code, 0, "{pointer}");
    }
    assert_eq!(app.items().await.len(), 2);
}

#[tokio::test]
async fn a_callback_of_another_type_is_named_before_its_fields_are_read() {
    let app = TestApp::start().await;
    let cases = [
        (json!(2), "is 2, an order callback;"),
        (json!("03"), "is 3, a call callback;"),
        (json!(0), "must be 1, a task callback"),
        (json!(-1), "must be 1, a task callback"),
    ];
    for (number, problem) in cases {
        let request = Request::new(json!({"callbackType": number, "orderID": "o-1"}));
        let answer = app.assert_refused(problem, &request, 422, 4220).await;
        let expected = format!("callbackType {problem}");
        assert!(answer.ret_msg.starts_with(&expected), "{answer:?}");
    }
}

#[tokio::test]
async fn the_first_failing_check_determines_the_answer() {
    let app = TestApp::with(&[("MAX_BODY_BYTES", "100")]).await;
    let everything_wrong = Request::at(0, "x".repeat(101))
        .with_method("PUT")
        .with_path("/elsewhere")
        .without_header("requestID")
        .with_header("sign", "00");
    let path_right = everything_wrong.clone().with_path("/api/v3/taskCallback");
    let method_right = path_right.clone().with_method("POST");
    let size_right = method_right.clone().with_body("x");
    let headers_right = size_right.clone().with_header("requestID", "req-1");
    let steps = [
        ("path", everything_wrong, 404, 4040),
        ("method", path_right, 405, 4050),
        ("size", method_right, 413, 4130),
        ("header", size_right, 400, 4000),
        ("signature", headers_right, 401, 4010),
        ("clock", Request::at(0, "x"), 401, 4011),
        ("body", Request::new("x"), 400, 4001),
    ];
    for (check, request, status, ret_code) in steps {
        app.assert_refused(check, &request, status, ret_code).await;
    }
}
