//! Credentials that can never match a callback are refused: the contract's section 2.

use serde_json::{Value, json};
use task_callback::contract::account::{Algorithm, Credentials};
use task_callback_test_support::app::TestApp;
use task_callback_test_support::request::{Request, SECRET, UUID, body};

#[test]
fn a_credential_that_can_never_match_is_refused_by_its_number_and_its_field() {
    // White space, line breaks, and the invisible characters of pages and windows.
    let blanks = " \n\r\t\u{b}\u{85}\u{a0}\u{2003}\u{2028}\u{202f}\u{3000}\u{ad}\u{180e}\u{200b}\u{200d}\u{202a}\u{2060}\u{2069}\u{feff}\0";
    let mut wrong = Vec::new();
    for field in ["uuid", "secretKey"] {
        let blanks = blanks.chars();
        let blank_ends = blanks.flat_map(|c| [format!("{c}value"), format!("value{c}")]);
        let texts = ["", " ", ".", "...", "…", "…..."].map(Value::from);
        let others = [json!(null), json!(1), json!(["value"]), json!({})];
        let values = blank_ends.map(Value::from).chain(texts).chain(others);
        wrong.extend(values.map(|value| (field, value)));
    }
    let in_no_header = ["val&ue", "val\nue", "val\0ue", "val\u{9f}ue"];
    wrong.extend(in_no_header.map(|text| ("uuid", json!(text))));
    wrong.extend([json!("value"), json!(256)].map(|value| ("algorithm", value)));
    for (field, value) in wrong {
        let good = json!({"uuid": UUID, "secretKey": SECRET});
        let mut two = json!([good, good]);
        two[1][field] = value;
        let error = two.to_string().parse::<Credentials>();
        let error = error.expect_err(&two.to_string()).to_string();
        let named = error.starts_with(&format!("credential 2: {field} "));
        let quoted = ["value", UUID, SECRET]
            .iter()
            .any(|text| error.contains(text));
        assert!(named && !quoted, "{two}: {error}");
    }
}

#[tokio::test]
async fn other_credentials_are_used_as_they_are() {
    let cases = [("u 1", "s\u{a0}1\n2"), (".u…", "...s"), ("é", "\u{1f600}")];
    for (uuid, secret) in cases {
        let credentials = json!([{"uuid": uuid, "secretKey": secret, "algorithm": null}]);
        let marked = format!("\u{feff}{credentials}");
        let app = TestApp::with(&[("CALLBOT_CREDENTIALS", &marked)]).await;
        let request = Request::new(body()).with_header("uuid", uuid);
        let answer = app.send(&request.sign(Algorithm::Md5, secret)).await;
        assert_eq!(answer.ret_code, 0, "{credentials}");
    }
}
