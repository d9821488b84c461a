//! The contract's table of answers, one test per row.

use serde_json::json;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, body, body_with, body_without};

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
    let malformed = [
        ("requestID", "a&b", "could shift a field's boundary"),
        ("requestID", "a\tb", "a control character"),
        ("createTs", "1726200060.5", "no whole seconds"),
        ("createTs", "+1726200060", "a sign"),
        ("createTs", " 1726200060", "white space"),
        ("createTs", "0x66e3b9bc", "no decimal digits"),
        ("createTs", "99999999999999999999", "beyond 64 bits"),
        ("sign", "not hex", "no hex digits"),
        ("sign", "ABC", "half a byte"),
    ];
    for (header, value, what) in malformed {
        let request = good.clone().with_header(header, value);
        let answer = app.assert_refused(what, &request, 400, 4000).await;
        assert!(
            answer.ret_msg.contains(header),
            "{what}: {}",
            answer.ret_msg
        );
    }
}

#[tokio::test]
async fn an_invalid_body_is_rejected_and_the_field_is_named() {
    let app = TestApp::start().await;
    let fields = [
        "callbackType",
        "userTaskID",
        "taskID",
        "sceneID",
        "taskStatus",
        "createTs",
        "taskStat",
        "taskStat.answerOrderCount",
        "taskStat.finishOrderCount",
        "taskStat.totalOrderCount",
        "taskStat.finishRate",
        "taskStat.totalAnswerCall",
        "taskStat.totalCall",
        "taskStat.answerRate",
    ];
    for field in fields {
        let request = Request::new(body_without(field));
        let answer = app.assert_refused(field, &request, 400, 4001).await;
        assert_eq!(answer.ret_msg, format!("{field} is missing"));

        let pointer = format!("/{}", field.replace('.', "/"));
        for wrong in [
            json!(null),
            json!(true),
            json!([1]),
            json!("1a"),
            json!(-1.5),
        ] {
            let string = ["userTaskID", "taskID", "sceneID"].contains(&field);
            let rate = field.ends_with("Rate");
            if (string && wrong.is_string()) || (rate && wrong.is_number()) {
                continue;
            }
            let what = format!("{field}: {wrong}");
            let request = Request::new(body_with(&pointer, wrong));
            let answer = app.assert_refused(&what, &request, 400, 4001).await;
            assert!(
                answer.ret_msg.starts_with(&format!("{field} must be ")),
                "{what}: {}",
                answer.ret_msg
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_json_object_is_rejected() {
    let app = TestApp::start().await;
    let text = body().to_string();
    let cut = &text[..text.len() - 1];
    let bodies: [(&str, &[u8]); 8] = [
        ("empty", b""),
        ("no JSON", b"taskStatus=1"),
        ("cut short", cut.as_bytes()),
        ("more after the end", &[text.as_bytes(), b"{}"].concat()),
        ("an array", b"[]"),
        ("null", b"null"),
        ("not UTF-8", b"{\"taskID\":\"\xff\"}"),
        (
            "a byte order mark",
            &[b"\xef\xbb\xbf", text.as_bytes()].concat(),
        ),
    ];
    for (what, body) in bodies {
        let algorithm = task_callback::contract::account::Algorithm::Md5;
        let request = Request::signed(
            body,
            NOW,
            algorithm,
            task_callback_test_support::request::SECRET,
        );
        let answer = app.assert_refused(what, &request, 400, 4001).await;
        assert!(
            answer.ret_msg.starts_with("the body must be a JSON object"),
            "{what}: {}",
            answer.ret_msg
        );
    }
}

#[tokio::test]
async fn a_repeated_field_is_rejected_because_it_is_ambiguous() {
    let app = TestApp::start().await;
    let text = body().to_string();
    let top = text.replacen('{', r#"{"taskID":"t-2","#, 1);
    let answer = app
        .assert_refused("top", &Request::new(top), 400, 4001)
        .await;
    assert_eq!(answer.ret_msg, "taskID appears in the body more than once");
    let nested = text.replace(r#""totalCall":"#, r#""totalCall":1,"totalCall":"#);
    let answer = app
        .assert_refused("nested", &Request::new(nested), 400, 4001)
        .await;
    assert_eq!(
        answer.ret_msg,
        "taskStat.totalCall appears in the body more than once"
    );
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
async fn any_other_path_is_not_found() {
    let app = TestApp::start().await;
    let paths = [
        "/",
        "/api/v3/orderCallback",
        "/api/v3/taskCallback/",
        "/api/v3/taskcallback",
        "/x/api/v3/taskCallback",
    ];
    for path in paths {
        let request = Request::new(body()).with_path(path);
        app.assert_refused(path, &request, 404, 4040).await;
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
    let limit = text.len().to_string();
    let app = TestApp::with(&[("MAX_BODY_BYTES", &limit)]).await;
    let larger = Request::new(format!("{text} "));
    app.assert_refused("one byte over", &larger, 413, 4130)
        .await;
    assert_eq!(
        app.send(&Request::new(text)).await.ret_code,
        0,
        "at the limit"
    );
}

#[tokio::test]
async fn a_well_formed_but_unacceptable_body_is_rejected() {
    let app = TestApp::start().await;
    let long = "x".repeat(2049);
    let cases = [
        ("/callbackType", json!(2), "an order callback"),
        (
            "/callbackType",
            json!("3"),
            "a call callback, its type a string",
        ),
        ("/callbackType", json!(-1), "no type at all"),
        ("/taskStatus", json!(0), "below the first status"),
        ("/taskStatus", json!(6), "beyond the last status"),
        ("/taskStatus", json!(-1), "a negative status"),
        ("/taskStatus", json!(u64::MAX), "a huge status"),
        ("/taskID", json!(""), "a key that DynamoDB refuses"),
        ("/taskID", json!(long), "a key longer than DynamoDB's"),
        (
            "/userTaskID",
            json!(long),
            "an index key longer than DynamoDB's",
        ),
    ];
    for (pointer, value, what) in cases {
        let request = Request::new(body_with(pointer, value));
        let answer = app.assert_refused(what, &request, 422, 4220).await;
        let field = &pointer[1..];
        assert!(
            answer.ret_msg.starts_with(field),
            "{what}: {}",
            answer.ret_msg
        );
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
async fn an_order_callback_is_rejected_by_its_type_before_its_fields() {
    let app = TestApp::start().await;
    let order = json!({"callbackType": "2", "orderID": "o-1", "phone": "+31 6 1234"});
    app.assert_refused("an order", &Request::new(order), 422, 4220)
        .await;
}

#[tokio::test]
async fn the_first_failing_check_determines_the_answer() {
    let app = TestApp::with(&[("MAX_BODY_BYTES", "100")]).await;
    let everything_wrong = Request::at(0, "x".repeat(101))
        .with_method("PUT")
        .with_path("/elsewhere")
        .without_header("requestID")
        .with_header("sign", "00");
    app.assert_refused("path", &everything_wrong, 404, 4040)
        .await;
    let path_right = everything_wrong.with_path("/api/v3/taskCallback");
    app.assert_refused("method", &path_right, 405, 4050).await;
    let method_right = path_right.with_method("POST");
    app.assert_refused("size", &method_right, 413, 4130).await;
    let size_right = method_right.with_body("x");
    app.assert_refused("header", &size_right, 400, 4000).await;
    let headers_right = size_right.with_header("requestID", "req-1");
    app.assert_refused("signature", &headers_right, 401, 4010)
        .await;
    app.assert_refused("clock", &Request::at(0, "x"), 401, 4011)
        .await;
    app.assert_refused("body", &Request::new("x"), 400, 4001)
        .await;
}
