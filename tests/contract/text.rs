//! Text that is odd or long: byte order marks, characters cut in two, and what a message may quote.

use sha2::{Digest, Sha256};
use task_callback::contract::account::Algorithm;
use task_callback_test_support::app::{TestApp, text};
use task_callback_test_support::log::Log;
use task_callback_test_support::request::{NOW, Request, SECRET, body};

use super::stored;

/// The body with another field in front, in `taskStat` if the path says so.
fn body_plus(path: &str, field: &str) -> String {
    let object = match path.starts_with("taskStat.") {
        true => r#""taskStat":{"#,
        false => "{",
    };
    let body = body().to_string();
    body.replacen(object, &format!("{object}{field},"), 1)
}

#[tokio::test]
async fn a_byte_order_mark_before_the_body_is_ignored_but_signed_and_hashed() {
    let app = TestApp::start().await;
    let marked = format!("\u{feff}{}", body());
    let request = Request::signed(marked.as_bytes(), NOW, Algorithm::Md5, SECRET);
    let item = stored(&app, &request, "a byte order mark").await;
    let sha256 = hex::encode(Sha256::digest(&marked));
    assert_eq!(text(&item, "bodySha256"), sha256);
    let unmarked = request.with_body(body());
    let what = "not as signed";
    app.assert_refused(what, &unmarked, 401, 4010).await;
}

#[tokio::test]
async fn half_a_surrogate_pair_is_named_for_what_it_is() {
    let app = TestApp::start().await;
    let values = [
        ("userTaskID", r#""ut-1""#, r#""spring \ud83d""#),
        ("taskID", r#""t-1""#, r#""\ude00\ud83d""#),
        ("sceneID", r#""s-1""#, r#""\ud83dx""#),
        ("callbackType", ":1,", r#":"1\ude00","#),
        ("taskStat.totalCall", ":120", r#":"\ud83d""#),
        ("taskStat.answerRate", ":0.33", r#":"\ud83d1""#),
    ];
    let values =
        values.map(|(field, good, half)| (field, body().to_string().replacen(good, half, 1)));
    let unnamed = [
        ("note", r#""note":"\ud83d""#),
        ("a.b.c", r#""a":{"b":{"c":"\ud83d"}}"#),
        ("a", r#""a":[1,["\ud83d"]]"#),
        ("a.b", r#""a":[{"b":"\ud83d"}]"#),
        (r"x\ud83d", r#""x\ud83d":1"#),
        (r"a.x\ud83d", r#""a":{"x\ud83d":1}"#),
        ("taskStat.note", r#""note":"\ud83d""#),
        (r"taskStat.a.x\ud83d", r#""a":[{"x\ud83d":1}]"#),
        (r"taskStat.x\ud83d", r#""x\ud83d":1"#),
    ];
    let unnamed = unnamed.map(|(path, field)| (path, body_plus(path, field)));
    for (field, body) in values.into_iter().chain(unnamed) {
        let request = Request::new(&body);
        let answer = app.assert_refused(&body, &request, 400, 4001).await;
        let expected = format!("{field} holds half of a surrogate pair: ");
        assert!(answer.ret_msg.starts_with(&expected), "{answer:?}");
    }
}

#[tokio::test]
async fn a_message_is_short_and_quotes_at_most_64_characters() {
    let app = TestApp::start().await;
    let (long, quoted) = ("x".repeat(20_000), "x".repeat(50));
    let twice = |name: &str| format!(r#""{name}":1,"{name}":2"#);
    let half = |name: &str| format!(r#""{name}":{{"{name}\ud800":1}}"#);
    let controls = r"\u0000\r\u001b\u0085".repeat(1_000);
    let cases = [
        ("a name", body_plus("", &twice(&long)), &*quoted),
        ("half a pair", body_plus("", &half(&long)), &quoted),
        (
            "controls",
            body_plus("", &twice(&controls)),
            r"\u{0}\r\u{1b}",
        ),
        ("encoded twice", format!("\"{long}\""), "it is a string"),
    ];
    for (what, body, quoted) in cases {
        let (log, _guard) = Log::start(&[]);
        let request = Request::new(body);
        let answer = app.assert_refused(what, &request, 400, 4001).await;
        let line = log.lines().remove(0);
        for text in [&*answer.ret_msg, line["reason"].as_str().expect("a text")] {
            assert!(text.contains(quoted), "{what}: {text}");
            assert!(text.chars().count() < 64 + 100, "{what}: {text}");
            assert!(!text.contains(char::is_control), "{what}: {text}");
        }
    }
}
