//! The forms that the body's fields may have, and how they are stored.

use serde_json::json;
use task_callback::contract::decimal::Decimal;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::request::{Request, body, body_with};

/// The body's text with one field in a different notation.
fn body_where(field: &str, was: &str, written: &str) -> String {
    let was = format!(r#""{field}":{was}"#);
    let text = body().to_string();
    assert!(text.contains(&was), "{text}");
    text.replace(&was, &format!(r#""{field}":{written}"#))
}

/// The stored form of one counter or rate.
async fn stored_stat(app: &TestApp, request: &Request, name: &str) -> String {
    let answer = app.send(request).await;
    assert_eq!(answer.ret_code, 0, "{}: {}", name, answer.ret_msg);
    let items = app.items().await;
    let stat = items.last().expect("an item")["taskStat"]
        .as_m()
        .expect("a map");
    stat[name].as_n().expect("a number").clone()
}

#[tokio::test]
async fn an_integer_may_be_written_in_several_ways() {
    let ways = [
        ("67", "67", "an integer"),
        ("0", "0", "zero"),
        ("67.0", "67", "a zero fraction"),
        ("6.7e1", "67", "an exponent that leaves no fraction"),
        ("6700E-2", "67", "an exponent that takes zeros away"),
        (r#""67""#, "67", "a string of digits"),
        (r#""\u0036\u0037""#, "67", "a string of digits, escaped"),
        (r#""007""#, "7", "a string with leading zeros"),
        (
            "18446744073709551615",
            "18446744073709551615",
            "the largest",
        ),
        (
            "9007199254740993",
            "9007199254740993",
            "one that a double would round",
        ),
        (
            r#""18446744073709551615""#,
            "18446744073709551615",
            "the largest, as a string",
        ),
    ];
    for (written, stored, what) in ways {
        let app = TestApp::start().await;
        let text = body_where("finishOrderCount", "67", written);
        let request = Request::new(text);
        assert_eq!(
            stored_stat(&app, &request, "finishOrderCount").await,
            stored,
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_value_that_is_not_an_integer_is_rejected() {
    let app = TestApp::start().await;
    let ways = [
        ("67.5", "a fraction"),
        ("-1", "a negative number"),
        ("18446744073709551616", "one too large"),
        ("1e20", "one too large, with an exponent"),
        ("1e999999999999", "an absurd exponent"),
        (r#""""#, "an empty string"),
        (r#""67.0""#, "a string with a fraction"),
        (r#""-1""#, "a string with a sign"),
        (r#"" 67""#, "a string with white space"),
        (r#""６７""#, "digits of another script"),
    ];
    for (written, what) in ways {
        let text = body_where("finishOrderCount", "67", written);
        let answer = app
            .assert_refused(what, &Request::new(text), 400, 4001)
            .await;
        assert!(
            answer
                .ret_msg
                .starts_with("taskStat.finishOrderCount must be"),
            "{what}: {}",
            answer.ret_msg
        );
    }
}

#[tokio::test]
async fn a_rate_is_stored_as_the_decimal_that_was_sent() {
    let ways = [
        ("0.67", "0.67", "two decimals"),
        (
            "1.00",
            "1",
            "trailing zeros, which are no part of the number",
        ),
        ("0.1", "0.1", "what binary cannot hold"),
        (
            "0.3333333333333333333333333333333333333",
            "0.3333333333333333333333333333333333333",
            "37 decimals",
        ),
        (r#""0.67""#, "0.67", "a numeric string"),
        ("6.7e-1", "0.67", "an exponent"),
        ("0", "0", "zero"),
        ("-0.0", "0", "a negative zero"),
    ];
    for (written, stored, what) in ways {
        let app = TestApp::start().await;
        let text = body_where("finishRate", "0.67", written);
        assert_eq!(
            stored_stat(&app, &Request::new(text), "finishRate").await,
            stored,
            "{what}"
        );
    }
    let app = TestApp::start().await;
    for written in [
        r#""""#,
        r#""NaN""#,
        r#"".5""#,
        "0.000000000000000000000000000000000000012345678901234567890123456789012345678901",
    ] {
        let text = body_where("finishRate", "0.67", written);
        app.assert_refused(written, &Request::new(text), 400, 4001)
            .await;
    }
}

#[test]
fn a_decimal_has_one_canonical_text() {
    let digits_38 = "1".repeat(38);
    let cases = [
        ("0", Some("0")),
        ("-0", Some("0")),
        ("0e5", Some("0")),
        ("0e99999999999999999999", Some("0")),
        ("10", Some("10")),
        ("1e2", Some("100")),
        ("1.50", Some("1.5")),
        ("0.05", Some("0.05")),
        ("5e-2", Some("0.05")),
        ("12.34e1", Some("123.4")),
        ("-12.34e-3", Some("-0.01234")),
        (&digits_38, Some(&digits_38)),
        ("1e125", Some(&format!("1{}", "0".repeat(125)))),
        ("1e-130", Some(&format!("0.{}1", "0".repeat(129)))),
        ("1e126", None),
        ("1e-131", None),
        ("111111111111111111111111111111111111111", None),
        ("1e99999999999999999999", None),
        ("-1e-99999999999999999999", None),
        ("", None),
        ("-", None),
        ("+1", None),
        ("01", None),
        ("1.", None),
        (".1", None),
        ("1e", None),
        ("1e+", None),
        ("1_0", None),
        ("Infinity", None),
        ("0x1", None),
    ];
    for (text, canonical) in cases {
        let decimal = Decimal::parse(text);
        assert_eq!(decimal.as_ref().map(Decimal::as_str), canonical, "{text}");
    }
}

#[tokio::test]
async fn type_and_status_may_be_strings_as_on_the_vendors_sister_page() {
    let app = TestApp::start().await;
    let mut body = body_with("/callbackType", json!("1"));
    body["taskStatus"] = json!("3");
    body["createTs"] = json!("1726200000");
    assert_eq!(app.send(&Request::new(body)).await.ret_code, 0);
    let items = app.items().await;
    assert_eq!(text(&items[0], "callbackType"), "1");
    assert_eq!(text(&items[0], "taskStatus"), "3");
    assert_eq!(text(&items[0], "status"), "COMPLETED");
    assert_eq!(text(&items[0], "taskCreateTs"), "1726200000");
}
