//! The forms that a counter or a rate may have, and the decimal that is stored.

use serde_json::json;
use task_callback::contract::decimal::Decimal;
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{NOW, Request, body_with};

use super::{n, stored};

/// A body with this JSON text as the value of one field of `taskStat`.
fn body_where(field: &str, written: &str) -> String {
    let body = body_with(&format!("/taskStat/{field}"), json!("here"));
    body.to_string().replace(r#""here""#, written)
}

#[tokio::test]
async fn a_number_may_be_written_in_several_ways_and_is_stored_exactly() {
    let app = TestApp::start().await;
    let largest = u64::MAX.to_string();
    let digits_38 = format!("0.{}", "3".repeat(38));
    let cases = [
        ("totalCall", "67.0", "67", "a zero fraction"),
        ("totalCall", "6700E-2", "67", "an exponent"),
        ("totalCall", r#""007""#, "7", "a string with leading zeros"),
        ("totalCall", r#""\u0036\u0037""#, "67", "an escaped string"),
        ("totalCall", &largest, &largest, "the largest counter"),
        ("finishRate", r#""0.67""#, "0.67", "a numeric string"),
        ("finishRate", "-0.0", "0", "a negative zero"),
        ("finishRate", &digits_38, &digits_38, "38 digits"),
    ];
    for (second, (field, written, number, what)) in (NOW..).zip(cases) {
        let request = Request::at(second, body_where(field, written));
        let item = stored(&app, &request, what).await;
        let stat = item["taskStat"].as_m().expect("a map");
        assert_eq!(stat[field], n(number), "{what}");
    }
}

#[tokio::test]
async fn a_value_that_is_not_a_number_of_its_kind_is_rejected() {
    let app = TestApp::start().await;
    let digits_39 = format!("0.{}", "3".repeat(39));
    let cases = [
        ("totalCall", "-1", "a negative number"),
        ("totalCall", "18446744073709551616", "one too large"),
        ("totalCall", r#""""#, "an empty string"),
        ("totalCall", r#""67.0""#, "a string with a fraction"),
        ("totalCall", r#""６７""#, "digits of another script"),
        ("finishRate", r#""""#, "an empty string"),
        ("finishRate", &digits_39, "39 digits"),
    ];
    for (field, written, what) in cases {
        let request = Request::new(body_where(field, written));
        let answer = app.assert_refused(what, &request, 400, 4001).await;
        let expected = format!("taskStat.{field} must be ");
        assert!(answer.ret_msg.starts_with(&expected), "{what}: {answer:?}");
    }
}

#[test]
fn a_decimal_has_one_canonical_text() {
    let digits_38 = "1".repeat(38);
    let largest = format!("1{}", "0".repeat(125));
    let smallest = format!("0.{}1", "0".repeat(129));
    let cases = [
        ("0", "0"),
        ("-0", "0"),
        ("0e99999999999999999999", "0"),
        ("10", "10"),
        ("1e2", "100"),
        ("1.50", "1.5"),
        ("5e-2", "0.05"),
        ("12.34e1", "123.4"),
        ("-12.34e-3", "-0.01234"),
        (&digits_38, &digits_38),
        ("1e125", &largest),
        ("1e-130", &smallest),
    ];
    for (text, canonical) in cases {
        let decimal = Decimal::parse(text).expect(text);
        assert_eq!(decimal.to_string(), canonical, "{text}");
    }
}

#[test]
fn a_text_that_is_not_a_number_or_out_of_dynamodbs_range_is_not_a_decimal() {
    let not_numbers = [
        "", "-", "+1", "01", "1.", ".1", "1e", "1e+", "1_0", "Infinity", "0x1",
    ];
    let digits_39 = "1".repeat(39);
    let out_of_range = [
        &digits_39,
        "1e126",
        "1e-131",
        "1e99999999999999999999",
        "-1e-99999999999999999999",
    ];
    for text in not_numbers.into_iter().chain(out_of_range) {
        assert_eq!(Decimal::parse(text), None, "{text:?}");
    }
}
